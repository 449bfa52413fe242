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
from engines.vision.ink import ink_of

BATCH_WIDTH = 2000
"""Sum of the widths of lines recognised at once, px; it bounds memory."""
MOST_PADDING = 16
"""What is added to the narrowest of them, px: one line alone costs as much for each column."""
LONGEST = 3200
"""Width beyond which a line is cut into pieces, px."""
LEAST_WIDTH = 160
"""Width to which shorter lines are followed by grey, px; without it, 00 is read as 日日."""
STROKES_APART = 9.0
"""Median distance of strokes to which a line is squeezed, px as shown: the cost goes by width."""
MOST_SQUEEZED = 0.6
CLOSEST = 12.0
"""Mean width of a character, px as shown, below which a squeezed line is read again."""
SURE = 0.7
"""Score of each character from which a squeezed line is not read again."""
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


def _said_by_all(
    model: weights.Model[Recognizer], pictures: list[Pixels], report: Callable[[float], None]
) -> list[Text]:
    """What lines say that are squeezed as their strokes allow, and read again where in doubt."""
    fixed, height = model.description.width, model.description.shown_height
    full = [min(fixed or LONGEST, width_at(one, height)) for one in pictures]
    widths = full if fixed else [*map(_squeezed, pictures, full)]
    said = _said_at(model, pictures, widths, report)
    again = [
        place
        for place, text in enumerate(said)
        if widths[place] < full[place] and _is_doubtful(text, widths[place])
    ]
    better = _said_at(model, [pictures[one] for one in again], [full[one] for one in again])
    for place, text in zip(again, better, strict=True):
        said[place] = text
    return said


def _squeezed(picture: Pixels, width: int) -> int:
    """The width at which a line is shown, of that which its height asks for."""
    starts = np.diff(ink_of(picture).view(np.int8), axis=1, prepend=0) == 1
    counts = starts.sum(axis=1)
    densest = starts[counts >= np.quantile(counts, 0.75)]
    rows, columns = np.nonzero(densest)
    apart = np.diff(columns)[np.diff(rows) == 0]
    if not len(apart):
        return width
    share = STROKES_APART / (float(np.median(apart)) * width / picture.shape[1])
    # Shorter ones are followed by grey up to that width, so that nothing would be won.
    squeezed = int(width * min(1.0, max(MOST_SQUEEZED, share)) + 0.5)
    return max(min(width, LEAST_WIDTH), squeezed)


def _is_doubtful(text: Text, width: int) -> bool:
    """Whether a line's characters are closer together, or less sure, than well read ones are."""
    marks = zip(text.characters, text.scores, strict=True)
    least = min((score for character, score in marks if not character.isspace()), default=0.0)
    return least < SURE or width < CLOSEST * len(text.characters)


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


def _said_at(
    model: weights.Model[Recognizer],
    pictures: list[Pixels],
    widths: list[int],
    report: Callable[[float], None] = lambda share: None,
) -> list[Text]:
    """What lines say when they are shown so wide."""
    shown = [model.description.width or max(LEAST_WIDTH, one) for one in widths]
    said: dict[int, Text] = {}
    together: list[int] = []
    for place in sorted(range(len(pictures)), key=lambda each: shown[each]):
        if together and not _fit_together(shown[together[0]], shown[place], len(together) + 1):
            said |= _said(model, together, pictures, widths)
            report(len(said) / len(pictures))
            together = []
        together.append(place)
    if together:
        said |= _said(model, together, pictures, widths)
    return [said[place] for place in range(len(pictures))]


def _fit_together(narrowest: int, widest: int, count: int) -> bool:
    return widest * count <= BATCH_WIDTH and widest - narrowest <= MOST_PADDING


def width_at(picture: Pixels, line_height: int) -> int:
    """Of a line when it is so high, px."""
    height, width = picture.shape[:2]
    return max(1, int(width * line_height / height + 0.5))


def _said(
    model: weights.Model[Recognizer],
    together: list[int],
    pictures: list[Pixels],
    widths: list[int],
) -> dict[int, Text]:
    height = model.description.shown_height
    width = model.description.width or max(LEAST_WIDTH, *(widths[place] for place in together))
    shown = [fitted(pictures[place], widths[place], (width, height)) for place in together]
    output = model.run(np.stack(shown))
    with weights.reading("text_recognizer"):
        beliefs = probabilities(output, model.description.scores)
    return {
        place: _decoded(rows, model, width / widths[place])
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


def fitted(picture: Pixels, own: int, size: tuple[int, int]) -> Pixels:
    """A line of a width of its own, and grey to its right.

    Args:
        size: width and height of all, px.
    """
    width, height = size
    canvas = np.full((height, width, 3), 128, np.uint8)
    canvas[:, :own] = cv2.resize(picture, (own, height))
    return canvas
