"""What a line cut out of a page says: PP-OCR's recogniser."""

from collections.abc import Callable
from string import ascii_letters, digits
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.models import weights
from engines.models.descriptions import Recognizer
from engines.models.scores import probabilities

BATCH_WIDTH = 2000
"""Sum of the widths of lines recognised at once, px; it bounds memory."""
LONGEST = 3200
"""Width beyond which a line is cut into pieces, px."""
LEAST_WIDTH = 160
"""Width to which shorter lines are followed by grey, px; without it, 00 is read as 日日."""
FULL_WIDTH = str.maketrans({chr(0xFEE0 + ord(one)): one for one in ascii_letters + digits + "."})
"""As a letter that stands apart looks to the network; what it says is the same."""
FIRST_WIDE = ("\u2e80",)
"""Of the characters of Chinese and Japanese, in the order of Unicode."""


class Text(NamedTuple):
    """What a line says: its characters, their places (0..1 along the line), their scores."""

    characters: tuple[str, ...]
    places: tuple[float, ...]
    scores: tuple[float, ...]

    @property
    def score(self) -> float:
        return float(np.mean(self.scores)) if self.scores else 0.0


def texts(
    pictures: list[Pixels], report: Callable[[float], None] = lambda share: None
) -> list[Text]:
    """What lines say; those of like width are recognised together.

    Args:
        report: is told which share is done.
    """
    model = weights.model("text_recognizer")
    pieces = [_pieces(one, model.description) for one in pictures]
    said = iter(_said_by_all(model, [piece for each in pieces for piece in each], report))
    return [
        _joined([next(said) for _ in each], [piece.shape[1] for piece in each]) for each in pieces
    ]


def _pieces(picture: Pixels, description: Recognizer) -> list[Pixels]:
    """A line that would be too long, cut where it is most alike from top to bottom."""
    height = picture.shape[0]
    most = (description.width or LONGEST) * height // description.shown_height
    pieces = []
    while picture.shape[1] > most > 8:
        # Of equals the last, for a piece shall be as long as it can be.
        steady = picture[:, most // 2 : most].max(axis=2).std(axis=0)
        smooth = cv2.blur(steady[None], (max(1, height // 4), 1))[0]
        cut = most - 1 - int(np.argmin(smooth[::-1]))
        pieces.append(picture[:, :cut])
        picture = picture[:, cut:]
    return [*pieces, picture]


def _joined(said: list[Text], widths: list[int]) -> Text:
    """Pieces of a line as one, with a space at each cut; Chinese and Japanese have none."""
    whole = said[0]
    for place, piece in enumerate(said[1:], 1):
        left, right = sum(widths[:place]), widths[place]
        share = left / (left + right)
        before, after = whole.characters[-1:], piece.characters[:1]
        cut = before and after and not (before >= FIRST_WIDE and after >= FIRST_WIDE)
        whole = Text(
            (*whole.characters, *(" " if cut else ""), *piece.characters),
            (
                *(share * one for one in whole.places),
                *((share,) if cut else ()),
                *(share + (1 - share) * one for one in piece.places),
            ),
            (*whole.scores, *((1.0,) if cut else ()), *piece.scores),
        )
    return whole


def _said_by_all(
    model: weights.Model[Recognizer], pictures: list[Pixels], report: Callable[[float], None]
) -> list[Text]:
    fixed, height = model.description.width, model.description.shown_height
    widths = [fixed or min(LONGEST, max(LEAST_WIDTH, _width(one, height))) for one in pictures]
    said: dict[int, Text] = {}
    together: list[int] = []
    for place in sorted(range(len(pictures)), key=lambda each: widths[each]):
        if together and widths[place] * (len(together) + 1) > BATCH_WIDTH:
            said |= _said(model, together, pictures, widths)
            report(len(said) / len(pictures))
            together = []
        together.append(place)
    if together:
        said |= _said(model, together, pictures, widths)
    return [said[place] for place in range(len(pictures))]


def _width(picture: Pixels, line_height: int) -> int:
    """Of a line when it is so high."""
    height, width = picture.shape[:2]
    return max(1, int(width * line_height / height + 0.5))


def _said(
    model: weights.Model[Recognizer],
    together: list[int],
    pictures: list[Pixels],
    widths: list[int],
) -> dict[int, Text]:
    width, height = max(widths[place] for place in together), model.description.shown_height
    output = model.run(np.stack([fitted(pictures[place], width, height) for place in together]))
    with weights.reading("text_recognizer"):
        beliefs = probabilities(output, model.description.scores)
    return {
        place: _decoded(rows, model, width / min(width, _width(pictures[place], height)))
        for place, rows in zip(together, beliefs, strict=True)
    }


def _decoded(rows: NDArray[np.float32], model: weights.Model[Recognizer], stretch: float) -> Text:
    """Connectionist temporal classification: repeats are one character, the blank is none."""
    labels = model.labels
    blank = 0 if model.description.blank == "first" else len(labels) - 1
    best = rows.argmax(axis=1)
    starts = np.flatnonzero(np.diff(best, prepend=-1) != 0)
    ends = np.append(starts[1:], len(best))
    runs = [(s, e) for s, e in zip(starts, ends, strict=True) if best[s] != blank]
    return Text(
        tuple(labels[best[start]].name.translate(FULL_WIDTH) for start, _ in runs),
        tuple(min(1.0, (start + end) / 2 / len(best) * stretch) for start, end in runs),
        tuple(float(rows[start:end, best[start]].max()) for start, end in runs),
    )


def fitted(picture: Pixels, width: int, height: int) -> Pixels:
    """A line of a height, squeezed if it must be, and grey to its right."""
    own = min(width, _width(picture, height))
    canvas = np.full((height, width, 3), 128, np.uint8)
    canvas[:, :own] = cv2.resize(picture, (own, height))
    return canvas
