"""`textDetection`: readers under the document's names, and text by areas beside the lines."""

import hashlib
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

from engines import text_detection
from engines.core.choice import Choice
from engines.core.run import Computed
from engines.core.shapes import Box, Parameters
from engines.text_detection import FoundLine, FoundWord, Reader
from gateway.dialects.ltu.wording import Wording

AREAS_VERSION = 0.1


class Provider(Choice):
    """Who reads, as the document calls them."""

    GOOGLE = "Google"
    TESSERACT = "Tesseract"


READERS = {Provider.GOOGLE: Reader.PPOCR, Provider.TESSERACT: Reader.TESSERACT}
RAN: Mapping[Reader, Literal["Google (PP-OCR)", "Tesseract"]] = {
    Reader.PPOCR: "Google (PP-OCR)",
    Reader.TESSERACT: "Tesseract",
}
"""The provider asked for, and in brackets what stands for it."""


class Params(Parameters):
    """Who reads."""

    provider: Provider = Field(
        Provider.GOOGLE,
        description="Google: the built-in reader, PP-OCR, for print in any direction, in Latin"
        " letters, Chinese and Japanese. Tesseract: that program, where it is installed. In any"
        " case.",
    )


class ReaderInfo(BaseModel):
    """What the answer was computed with."""

    model: str
    device: str = Field(description="CPU or GPU.")
    provider: Literal["Google (PP-OCR)", "Tesseract"] = Field(
        description="The provider asked for, and in brackets the engine that ran for it."
    )


class TextBox(BaseModel):
    """Where a text stands, px."""

    x: int
    y: int
    width: int
    height: int


class AreaText(BaseModel):
    """What stands in an area."""

    type: Literal["summary", "words"]
    language: str = Field(description="ISO 639-1; und: undetermined.")
    text: str
    subarea: list[str] | None = Field(None, description="The areas of the words.")
    words: dict[str, list[str]] | None = Field(None, description="The areas that hold each word.")


class AreaInfo(BaseModel):
    """What is known of an area."""

    textDetection: AreaText


class Area(BaseModel):
    """A place in the picture with its text."""

    type: Literal["input", "output"] = Field(description="input: the whole text; output: a word.")
    boundingBox: TextBox
    resultInfo: AreaInfo


class TextImage(BaseModel):
    """The areas by name."""

    areas: dict[str, Area] = Field(description="The first is the whole text, each other a word.")
    UUID: str = Field(description="How the names of the areas begin.")
    version: float


class AreaCount(BaseModel):
    """How many words were found."""

    nbAreas: int = Field(ge=0, description="Words.")


class TextCounts(BaseModel):
    """Counts by service."""

    textDetection: AreaCount


class TextSummary(BaseModel):
    """How it went."""

    name: Literal["textDetection"]
    status: int
    message: str
    resultInfos: TextCounts


class TextDetectionContent(BaseModel):
    """The text by areas."""

    image: TextImage
    summary: TextSummary
    errors: list[str]


def translate(told: Params) -> text_detection.Params:
    return text_detection.Params(reader=READERS[told.provider])


def info(found: text_detection.Result) -> ReaderInfo:
    facts = found.details.info
    return ReaderInfo(model=facts.model, device=facts.device, provider=RAN[facts.reader])


def content(computed: Computed) -> TextDetectionContent:
    """Areas: the first holds the whole text, each further one a word.

    Undocumented: `nbAreas` counts the words; without any the first area is the whole picture.
    """
    result = computed.result
    assert isinstance(result, text_detection.Result)
    words = [(line, word) for line in result.lines for word in line.words]
    name = _name(words)
    areas = {f"{name}/{place}": _word_area(*each) for place, each in enumerate(words, 1)}
    height, width = computed.inputs[0].shape[:2]
    summary = _summary_area(result, areas, Box(0, 0, width, height))
    areas = {f"{name}/0": summary} | areas
    counts = TextCounts(textDetection=AreaCount(nbAreas=len(words)))
    return TextDetectionContent(
        image=TextImage(areas=areas, UUID=name, version=AREAS_VERSION),
        summary=TextSummary(name="textDetection", status=0, message="OK", resultInfos=counts),
        errors=[],
    )


def _name(words: list[tuple[FoundLine, FoundWord]]) -> str:
    """Eight hexadecimal digits, the same for the same answer."""
    text = repr([(word.text, word.box) for _, word in words])
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _word_area(line: FoundLine, word: FoundWord) -> Area:
    """One word; it is in the language of its line."""
    return _area("output", word.box, AreaText(type="words", language=line.language, text=word.text))


def _summary_area(result: text_detection.Result, areas: Mapping[str, Area], picture: Box) -> Area:
    """The whole text, the box around all words, and where each word stands."""
    boxes = [word.box for line in result.lines for word in line.words] or [picture]
    left, top, right, bottom = zip(*boxes, strict=True)
    places: dict[str, list[str]] = {}
    for name, area in areas.items():
        places.setdefault(area.resultInfo.textDetection.text, []).append(name)
    text = AreaText(
        type="summary",
        language=result.language,
        text=result.text,
        subarea=list(areas),
        words=places,
    )
    return _area("input", Box(min(left), min(top), max(right), max(bottom)), text)


def _area(kind: Literal["input", "output"], box: Box, text: AreaText) -> Area:
    left, top, right, bottom = box
    return Area(
        type=kind,
        boundingBox=TextBox(x=left, y=top, width=right - left, height=bottom - top),
        resultInfo=AreaInfo(textDetection=text),
    )


WORDING = Wording(params=Params, translate=translate, info=info, content=content)
