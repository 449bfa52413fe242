"""Text detection: the words in a picture, and where each stands."""

import unicodedata

import numpy as np
from pydantic import BaseModel, Field

from engines.core.choice import Choice
from engines.core.registry import engine
from engines.core.shapes import Box, Details, EngineResult, Info, Parameters, Picture, WithAlpha
from engines.core.transparency import laid
from engines.models import languages, ppocr, tesseract, weights
from engines.models.lines import Corners, Line, Word
from engines.vision import marking
from engines.vision.boxes import whole_pixels


class Reader(Choice):
    """Programs that read."""

    PPOCR = "ppocr"
    TESSERACT = "tesseract"


class Params(Parameters):
    """Who reads."""

    reader: Reader = Field(
        Reader.PPOCR,
        description="ppocr: built in, for print in any direction, in Latin letters, Chinese and"
        " Japanese. tesseract: that program, where it is installed.",
    )


class FoundWord(BaseModel):
    """A word as it is written."""

    text: str
    score: float = Field(ge=0, le=1, description="How sure its characters are, on average.")
    box: Box = Field(description="left, top, right, bottom in pixels of the upright picture.")


class FoundLine(BaseModel):
    """Words on one line."""

    text: str = Field(description="The words with a space between them.")
    language: str = Field(description="ISO 639-1, guessed; und: undetermined.")
    box: Box = Field(description="left, top, right, bottom in pixels of the upright picture.")
    angle: float = Field(
        gt=-180, le=180, description="Of the line, degrees, counter-clockwise as seen."
    )
    words: list[FoundWord]


class ReaderInfo(Info):
    """What the answer was computed with."""

    model: str
    device: str = Field(description="CPU or GPU.")
    reader: Reader


class Result(EngineResult[ReaderInfo]):
    """A picture's text, in reading order."""

    text: str = Field(description="All lines, each ending in a line feed.")
    language: str = Field(description="ISO 639-1, guessed; und: undetermined.")
    lines: list[FoundLine]


def draw(image: WithAlpha, result: Result) -> Picture:
    """The picture, faded, with every word written into its box."""
    words = ((word, line.angle) for line in result.lines for word in line.words)
    marks = [(word.box, word.text, angle) for word, angle in words]
    return Picture(marking.overwritten(laid(image), marks))


@engine(version="7.0.0", draw=draw, deadline_seconds=120)
def text_detection(image: WithAlpha, *, params: Params) -> Result:
    """Read the print in a picture, whichever way it is turned.

    Returns:
        words with the boxes of their own ink, lines in reading order, column after column.

    Raises:
        EngineError: the picture holds more than 2,000 lines.
        ModelUnavailable: a model, onnxruntime or Tesseract is absent.

    Source:
        PP-OCRv6 small (PaddleOCR, Apache-2.0) as carried by rapidocr 3.10.0; Liao et al.,
        Real-time scene text detection with differentiable binarization, AAAI 2020. Languages:
        py3langid (BSD-3-Clause); Lui and Baldwin, langid.py, ACL 2012.
    """
    read = tesseract.read if params.reader is Reader.TESSERACT else ppocr.read
    height, width = image.shape[:2]
    lines = [line for line in read(laid(image)) if not _is_drawn(line)]
    text = "".join(f"{line.text}\n" for line in lines)
    language = languages.guess(text)
    count = sum(len(line.words) for line in lines)
    return Result(
        details=Details[ReaderInfo](
            message=f"Found {count} word{'' if count == 1 else 's'}", info=_info(params.reader)
        ),
        text=text,
        language=language,
        lines=[_found_line(line, language, width, height) for line in lines],
    )


def _is_drawn(line: Line) -> bool:
    """Whether a line is shapes alone, for which there are characters too: a square reads as ■."""
    return all(unicodedata.category(one) == "So" for one in line.text if not one.isspace())


def _info(reader: Reader) -> ReaderInfo:
    if reader is Reader.TESSERACT:
        model = f"{tesseract.version()} ({', '.join(tesseract.languages())})"
        return ReaderInfo(model=model, device="CPU", reader=reader)
    parts = [weights.model(name) for name in ("text_detector", "text_angle", "text_recognizer")]
    model = ", ".join(part.title for part in parts)
    return ReaderInfo(model=model, device=parts[-1].device, reader=reader)


def _found_line(line: Line, language: str, width: int, height: int) -> FoundLine:
    return FoundLine(
        text=line.text,
        language=languages.guess(line.text, otherwise=language),
        box=_box(line.corners, width, height),
        angle=_angle(line.corners),
        words=[_found_word(word, width, height) for word in line.words],
    )


def _found_word(word: Word, width: int, height: int) -> FoundWord:
    score = min(1.0, max(0.0, word.score))
    return FoundWord(text=word.text, score=score, box=_box(word.corners, width, height))


def _angle(corners: Corners) -> float:
    """Which way the text runs; y points down."""
    along_x, along_y = corners[1] - corners[0]
    angle = round(float(np.rad2deg(np.arctan2(-along_y, along_x))), 1)
    return 180.0 if angle <= -180 else angle + 0.0


def _box(corners: Corners, width: int, height: int) -> Box:
    """The level box around one that may stand askew."""
    return whole_pixels(*corners.min(axis=0), *corners.max(axis=0), size=(width, height))
