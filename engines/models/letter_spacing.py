"""Words whose letters stand wide apart, which are found and read as words of one letter."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.models.lines import Corners, Line
from engines.models.recognition import Text, texts
from engines.models.words import Crop, cut_line
from engines.vision.boxes import corners
from engines.vision.ink import ink_of, reach, runs_of

FEWEST_LETTERS = 4
"""Of a line whose letters may stand wide apart."""
WIDE = 1.0
"""Length of a line for each of its letters from which they may, in heights of the ink."""
NARROWEST = 0.75
"""White between letters from which they are read as words, in heights of the ink."""
WIDEST = 1.8
"""The same, beyond which they are words: letters set 1 em apart have 1.6."""
AS_SET = 0.15
"""White that letters are set with, in heights of the ink."""
BETWEEN_WORDS = (1.5, 2.5)
"""White between words, in that between letters."""
ASIDE = 4.5
"""How far beside a line letters are looked for that were not found, in heights of its ink."""


def closed(line: Line, crop: Callable[[Corners], Crop]) -> Line:
    """A line, read again without the white between its letters where that is what parts them.

    Args:
        crop: cuts a box out of the page that the line is on.
    """
    if not _may_be_spread(line):
        return line
    row = crop(_row(line))
    runs, height = _runs(row.pixels)
    aside = ASIDE * height
    inside = (runs[:, 1] > aside) & (runs[:, 0] < row.pixels.shape[1] - aside)
    white = _white(runs[inside])
    least = float(np.quantile(white, 0.2)) if len(white) else 0.0
    if not NARROWEST * height <= least <= WIDEST * height:
        return line
    letters = _with_neighbours(runs, inside, BETWEEN_WORDS[1] * least)
    kept = _kept(letters, int(least - AS_SET * height))
    said = texts([np.ascontiguousarray(row.pixels[:, kept])])[0]
    text = _spaced(said, letters / row.pixels.shape[1], _white(letters) > BETWEEN_WORDS[0] * least)
    return (text and cut_line(row, text)) or line


def _may_be_spread(line: Line) -> bool:
    letters = "".join(word.text for word in line.words)
    _, (left, top, right, bottom) = _extent(line)
    return (
        len(letters) >= FEWEST_LETTERS
        and sum(map(str.isalpha, letters)) > len(letters) / 2
        and right - left >= WIDE * (bottom - top) * len(letters)
    )


def _extent(line: Line) -> tuple[NDArray[np.float64], tuple[float, float, float, float]]:
    """Axes along and across a line; left, top, right and bottom of its words in them."""
    upper_left, upper_right, lower_right, lower_left = line.corners
    along = upper_right + lower_right - upper_left - lower_left
    along = along / np.linalg.norm(along)
    axes = np.stack([along, [-along[1], along[0]]])
    points = np.concatenate([word.corners for word in line.words]) @ axes.T
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return axes, (left, top, right, bottom)


def _row(line: Line) -> Corners:
    """The box around a line's words, and what may be beside them."""
    axes, (left, top, right, bottom) = _extent(line)
    aside = ASIDE * (bottom - top)
    return np.asarray(corners(left - aside, top, right + aside, bottom) @ axes)


def _runs(row: Pixels) -> tuple[NDArray[np.intp], int]:
    """(N, 2): from and to which column ink reaches, along a line; and the ink's height, px."""
    ink = ink_of(row)
    top, bottom = reach(ink)
    return runs_of(ink), bottom - top


def _white(runs: NDArray[np.intp]) -> NDArray[np.intp]:
    return np.asarray(runs[1:, 0] - runs[:-1, 1])


def _with_neighbours(
    runs: NDArray[np.intp], inside: NDArray[np.bool_], widest: float
) -> NDArray[np.intp]:
    """Runs and those beside them, for as long as no white is wider."""
    white = _white(runs)
    first, last = np.flatnonzero(inside)[[0, -1]]
    while first > 0 and white[first - 1] <= widest:
        first -= 1
    while last < len(white) and white[last] <= widest:
        last += 1
    return runs[first : last + 1]


def _kept(letters: NDArray[np.intp], less: int) -> NDArray[np.intp]:
    """Columns of a row, but for so many amid each white between its letters."""
    parts = [np.arange(*letters[0])]
    for (_, left), (right, end) in pairwise(letters):
        white = max(1, right - left - less)
        parts += [np.arange(left, left + white // 2), np.arange(right - white + white // 2, end)]
    return np.concatenate(parts)


def _spaced(text: Text, letters: NDArray[np.float64], parted: NDArray[np.bool_]) -> Text | None:
    """A text whose characters stand where the letters are; None where these are not as many."""
    read = [
        (character, score)
        for character, score in zip(text.characters, text.scores, strict=True)
        if not character.isspace()
    ]
    if len(read) != len(letters):
        return None
    marks: list[tuple[str, float, float]] = []
    for (character, score), (left, right), is_first in zip(
        read, letters.tolist(), [False, *parted], strict=True
    ):
        if is_first:
            marks.append((" ", left, 1.0))
        marks.append((character, (left + right) / 2, score))
    return Text(*(tuple(each) for each in zip(*marks, strict=True)))
