"""Lines of words, and the order in which people read them."""

from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Corners: TypeAlias = NDArray[np.float64]
"""(4, 2): the corners of a box that may stand askew, clockwise from the text's upper left."""

NARROWEST_GUTTER = 1.0
"""Width of the white between two columns, in heights of a line."""
NARROWEST_COLUMN = 6.0
"""Median width of a column's lines, in heights of a line; below it a table is read in rows."""
SAME_ROW = 0.5
"""Distance of two middles on one row, in heights of the smaller line."""
OVERLAP = 1.0
"""Of two pieces of one row at most, in the same: where letters stand apart, one is in both."""


class Word(NamedTuple):
    """A word, how sure it is (0..1), and where it stands."""

    text: str
    score: float
    corners: Corners


class Line(NamedTuple):
    """Words on one line, in reading order, and the box around all of them."""

    words: tuple[Word, ...]
    corners: Corners

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


class Span(NamedTuple):
    """A line's upright extent, and its place in the list it came from."""

    left: float
    top: float
    right: float
    bottom: float
    place: int


def in_reading_order(lines: list[Line]) -> list[Line]:
    """Lines from top to bottom, column after column; pieces of one row become one line."""
    spans = _spans(lines)
    if not spans:
        return []
    height = float(np.median([one.bottom - one.top for one in spans]))
    return [_joined([lines[one.place] for one in row]) for row in _rows(spans, height)]


def moved(line: Line, matrix: NDArray[np.float64]) -> Line:
    """A line in other coordinates, by a 2 x 3 matrix."""
    outlines = np.stack([line.corners, *(word.corners for word in line.words)])
    outline, *others = cv2.transform(outlines, matrix)
    pairs = zip(line.words, others, strict=True)
    return Line(tuple(word._replace(corners=corners) for word, corners in pairs), outline)


def _joined(pieces: list[Line]) -> Line:
    if len(pieces) == 1:
        return pieces[0]
    words = tuple(word for piece in pieces for word in piece.words)
    first, last = pieces[0].corners, pieces[-1].corners
    return Line(words, np.stack([first[0], last[1], last[2], first[3]]))


def _spans(lines: list[Line]) -> list[Span]:
    """Extents after the page's common slant is taken out."""
    if not lines:
        return []
    tilt = _tilt(lines)
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    spans = []
    for place, line in enumerate(lines):
        across, down = (line.corners @ turn.T).T
        # Through the middles of the sides, for the box may still be a little askew.
        top, bottom = float(down[:2].mean()), float(down[2:].mean())
        spans.append(Span(float(across.min()), top, float(across.max()), bottom, place))
    return sorted(spans, key=lambda one: (one.top, one.left))


def _tilt(lines: list[Line]) -> float:
    """The median slant of the baselines, each as heavy as it is long, radians."""
    along = np.array([line.corners[1] - line.corners[0] for line in lines])
    angles = np.arctan2(along[:, 1], along[:, 0])
    lengths = np.hypot(along[:, 0], along[:, 1])
    return float(np.quantile(angles, 0.5, weights=lengths, method="inverted_cdf"))


def _rows(spans: list[Span], height: float) -> list[list[Span]]:
    rows: list[list[Span]] = []
    for region in _regions(spans, height):
        columns = _columns(region, height)
        if len(columns) > 1 and all(_is_prose(column, height) for column in columns):
            for column in columns:
                rows += _rows(column, height)
        else:
            rows += _level_rows(region)
    return rows


def _regions(spans: list[Span], height: float) -> list[list[Span]]:
    """Neighbouring bands of lines for as long as one gutter runs through all of them."""
    regions: list[list[Span]] = []
    for band in _bands(spans):
        if regions and len(_columns(regions[-1] + band, height)) > 1:
            regions[-1] = regions[-1] + band
        else:
            regions.append(band)
    return regions


def _bands(spans: list[Span]) -> list[list[Span]]:
    """Lines between which no level line can be drawn."""
    bands: list[list[Span]] = []
    lowest = -np.inf
    for one in spans:
        if one.top >= lowest - 0.2 * (one.bottom - one.top):
            bands.append([])
        bands[-1].append(one)
        lowest = max(lowest, one.bottom)
    return bands


def _columns(spans: list[Span], height: float) -> list[list[Span]]:
    """Lines between which a plumb white stripe can be drawn, from left to right."""
    columns: list[list[Span]] = []
    rightmost = -np.inf
    for one in sorted(spans, key=lambda each: each.left):
        if one.left >= rightmost + NARROWEST_GUTTER * height:
            columns.append([])
        columns[-1].append(one)
        rightmost = max(rightmost, one.right)
    return [sorted(column, key=lambda each: (each.top, each.left)) for column in columns]


def _is_prose(column: list[Span], height: float) -> bool:
    widths = [one.right - one.left for one in column]
    return len(column) > 1 and float(np.median(widths)) >= NARROWEST_COLUMN * height


def _level_rows(spans: list[Span]) -> list[list[Span]]:
    rows: list[list[Span]] = []
    for one in sorted(spans, key=lambda each: each.top + each.bottom):
        if rows and _is_level(rows[-1][-1], one):
            rows[-1].append(one)
        else:
            rows.append([one])
    return [sorted(row, key=lambda each: each.left) for row in rows]


def _is_level(one: Span, other: Span) -> bool:
    lower = min(one.bottom - one.top, other.bottom - other.top)
    apart = abs(one.top + one.bottom - other.top - other.bottom) / 2
    beside = min(one.right, other.right) - max(one.left, other.left) <= OVERLAP * lower
    return beside and apart <= SAME_ROW * lower
