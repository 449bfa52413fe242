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

DIGIT_GAP = 0.3
"""White between two digits from which they belong to two numbers, in heights of the ink."""


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
    top, bottom = reach(ink)
    gap = DIGIT_GAP * (bottom - top)
    for place, character in enumerate(text.characters):
        if character.isspace() or (groups[-1] and _are_apart(text, place, ink, gap)):
            groups.append([])
        if not character.isspace():
            groups[-1].append(place)
    return [group for group in groups if group]


def _are_apart(text: Text, place: int, ink: NDArray[np.bool_], gap: float) -> bool:
    """Whether a digit stands off the one before it; the recogniser misses such spaces."""
    if not (text.characters[place - 1].isdigit() and text.characters[place].isdigit()):
        return False
    width = ink.shape[1]
    start, end = (round(text.places[each] * width) for each in (place - 1, place))
    left, right = _widest_white(inked_columns(ink), start, max(start + 1, end))
    return right - left > gap


def ink_of(pixels: Pixels) -> NDArray[np.bool_]:
    """What differs from the paper: the rarer side of Otsu's threshold."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    _, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    ink = dark.astype(bool)
    return ~ink if ink.mean() > 0.5 else ink


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


def inked_columns(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(ink.any(axis=0))


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


def reach(ink: NDArray[np.bool_]) -> tuple[int, int]:
    inked = np.flatnonzero(ink.any(axis=1))
    return (int(inked[0]), int(inked[-1]) + 1) if len(inked) else (0, ink.shape[0])


def _back(crop: Crop, left: int, top: int, right: int, bottom: int) -> Corners:
    outline = corners(left, top, right, bottom)
    return np.asarray(cv2.perspectiveTransform(outline[None], crop.back)[0], np.float64)
