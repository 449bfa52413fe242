"""Words cut out of a line that was read, each with the box of its own ink."""

from itertools import pairwise
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.models.lines import Corners, Line, Word
from engines.models.recognition import Text
from engines.vision.boxes import corners
from engines.vision.ink import ink_of, inked_columns, reach, runs_of

DIGIT_GAP = 0.3
"""White between two digits from which they belong to two numbers, in heights of the ink."""
SLANTS = (0.0, 0.2, 0.3)
"""Of upright letters and of italics: how far right they lean, in their height."""
DIGIT_STEP = 1.2
"""The same for their distance, in that of digits of one number."""
WIDEST_DIGIT = 0.9
"""Distance of two digits of one number at most, in heights of the ink."""


class Crop(NamedTuple):
    """A line cut out of the page and made level, and how to get back."""

    pixels: Pixels
    back: NDArray[np.float64]


def cut_line(crop: Crop, text: Text) -> Line | None:
    """The line with its words; None for one without."""
    if not "".join(text.characters).strip():
        return None
    height, width = crop.pixels.shape[:2]
    return Line(tuple(_words(crop, text)), _back(crop, 0, 0, width, height))


def _words(crop: Crop, text: Text) -> list[Word]:
    """The line's words, each with the box of its own ink."""
    words: list[Word] = []
    ink = ink_of(crop.pixels)
    groups = _groups(text, ink)
    edges = _edges(groups, text, ink)
    for group, (left, right) in zip(groups, edges, strict=True):
        top, bottom = reach(ink[:, left:right])
        words.append(
            Word(
                "".join(text.characters[place] for place in group),
                float(np.mean([text.scores[place] for place in group])),
                _back(crop, left, top, right, bottom),
            )
        )
    return words


def _groups(text: Text, ink: NDArray[np.bool_]) -> list[list[int]]:
    """Places of the characters of each word, parted by spaces and by wide gaps in numbers."""
    groups: list[list[int]] = [[]]
    apart = _numbers_apart(text, ink)
    for place, character in enumerate(text.characters):
        if character.isspace() or (groups[-1] and place in apart):
            groups.append([])
        if not character.isspace():
            groups[-1].append(place)
    return [group for group in groups if group]


def _numbers_apart(text: Text, ink: NDArray[np.bool_]) -> set[int]:
    """Places of digits that stand off those before them; the recogniser misses such spaces."""
    pairs = [
        place
        for place, (one, other) in enumerate(pairwise(text.characters), 1)
        if one.isdigit() and other.isdigit()
    ]
    top, bottom = reach(ink)
    gap = DIGIT_GAP * (bottom - top)
    marks = [place for place, character in enumerate(text.characters) if not character.isspace()]
    runs = _runs_of_characters(ink, len(marks)) if pairs else []
    if not runs:
        return {place for place in pairs if _white_before(text, place, ink) > gap}
    # They tell better where characters stand than the recogniser does.
    stands = dict(zip(marks, runs, strict=True))
    steps = {place: (sum(stands[place]) - sum(stands[place - 1])) / 2 for place in pairs}
    usual = float(np.quantile([*steps.values()], 0.25))
    least = DIGIT_STEP * min(usual, WIDEST_DIGIT * (bottom - top))
    return {
        place
        for place, step in steps.items()
        if step > least and stands[place][0] - stands[place - 1][1] > gap
    }


def _runs_of_characters(ink: NDArray[np.bool_], count: int) -> list[tuple[int, int]]:
    """From and to which column each character reaches, made upright; none if they hang together."""
    height, width = ink.shape
    for slant in SLANTS:
        upright = np.array([[1, slant, -slant * height / 2], [0, 1, 0]])
        moved = cv2.warpAffine(
            ink.view(np.uint8), upright, (width, height), flags=cv2.INTER_NEAREST
        )
        runs = runs_of(moved.astype(bool))
        if len(runs) == count:
            return [(left, right) for left, right in runs.tolist()]
    return []


def _white_before(text: Text, place: int, ink: NDArray[np.bool_]) -> int:
    """Width of the white between a character and the one before it, px."""
    width = ink.shape[1]
    start, end = (round(text.places[each] * width) for each in (place - 1, place))
    left, right = _widest_white(inked_columns(ink), start, max(start + 1, end))
    return right - left


def _edges(groups: list[list[int]], text: Text, ink: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Left and right of each word: the inked columns between the whitest stripes."""
    width = ink.shape[1]
    columns = inked_columns(ink)
    cuts = [(0, 0)]
    for group, following in pairwise(groups):
        start = round(text.places[group[-1]] * width)
        end = round(text.places[following[0]] * width)
        cuts.append(_widest_white(columns, start, max(start + 1, end)))
    cuts.append((width, width))
    edges = []
    for (_, left), (right, _) in pairwise(cuts):
        inked = np.flatnonzero(columns[left:right])
        if len(inked):
            left, right = left + int(inked[0]), left + int(inked[-1]) + 1
        edges.append((min(left, width - 1), max(right, min(left, width - 1) + 1)))
    return edges


def _widest_white(columns: NDArray[np.bool_], start: int, end: int) -> tuple[int, int]:
    """The widest stripe without ink between two places; their middle where all is inked."""
    best = ((start + end) // 2, (start + end) // 2)
    run = None
    for x in range(start, min(end, len(columns)) + 1):
        white = x < min(end, len(columns)) and not columns[x]
        if white and run is None:
            run = x
        if not white and run is not None:
            if x - run > best[1] - best[0]:
                best = (run, x)
            run = None
    return best


def _back(crop: Crop, left: int, top: int, right: int, bottom: int) -> Corners:
    outline = corners(left, top, right, bottom)
    return np.asarray(cv2.perspectiveTransform(outline[None], crop.back)[0], np.float64)
