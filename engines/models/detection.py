"""Where lines of text stand on a page: PP-OCR's detector, shown the page in tiles."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.errors import EngineError
from engines.core.shapes import Pixels
from engines.models import weights
from engines.models.lines import Corners
from engines.vision.channels import largest
from engines.vision.counting import cumulative_counts

UNIT = 32
"""The sides of what the network is shown are whole multiples of it, px."""
LEAST_SIDE = 736
MOST_SIDE = 1600
MOST_ENLARGED = 1.5
MOST_PIXELS = 40_000_000
"""Of a look at a page of any length; it bounds memory and time."""
GLANCE_PIXELS = 110_000
"""Size of the first look at a page, which is enough for large letters."""
ROUGH_PIXELS = 500_000
"""Size of the next, which is enough for letters of a usual size."""
CHEAPER = 0.7
"""Scale of a glance, in that of the next look, up to which it is worth its time."""
MOST_LEFT = 10
"""Pixels of print outside the lines of a glance, as it is shown, that are none."""
ENLARGED_PIXELS = 200_000
"""Size up to which a part may be enlarged for these looks."""
SMALL_LINE = 15
"""Height of a line in a look below which a closer one is taken, px."""
CLOSER_LINE = 20
"""Height at which the lowest line of a glance is shown next, where that is known to be all, px."""
LONG_PAGE = 2.0
"""Length of a page, in its widths, up to which it is shown whole."""
MARGIN = 1
"""Of its own edge around a page, in units: letters are not seen where they touch the border."""
TILE = 54
"""Length of a tile, in units: the longest side and its margins, rounded up."""
OVERLAP = 6
THRESHOLD = 0.3
LEAST_LINE_SCORE = 0.5
UNCLIP = 1.6
MOST_LINES = 2000
LEAST_GAP = 24
"""Of blank page between two parts that are looked at apart, px; they may be twice as far apart."""
GAPS = 16
"""The same on a large page: how many would fill its shorter side."""
LEAST_EDGE = 8
MOST_EDGE = 24
"""Difference of neighbouring levels that is print on the cleanest and on the noisiest paper."""
NOISE_EDGES = 4
MOST_PARTS = 16
MOSTLY = 0.5
"""Share of a page from which it is looked at in one piece."""
LEAST_PRINT = 16
"""Pixels at edges, fewer of which are no letter: a 1 that is 6 px high and 1 px wide has 24."""

Bounds: TypeAlias = tuple[int, int, int, int]


def detect(page: Pixels, report: Callable[[float], None]) -> list[Corners]:
    """Boxes of lines, which may stand askew.

    Only the parts of the page that are not blank are looked at: the network loses small print
    in the middle of nothing.

    Args:
        report: is told which share of the looking is done.

    Raises:
        EngineError: the page holds more lines than there is time for.
    """
    quads: list[Corners] = []
    parts = _printed_parts(page)
    done = 0
    for left, top, right, bottom in parts:
        found = _detect_in(page[top:bottom, left:right])
        quads += [quad + np.array([left, top]) for quad in found]
        done += (right - left) * (bottom - top)
        if len(quads) > MOST_LINES:
            raise EngineError(
                f"The picture holds more than {MOST_LINES:,} lines of text; send it in parts."
            )
        report(done / sum((box[2] - box[0]) * (box[3] - box[1]) for box in parts))
    return quads


def _printed_parts(page: Pixels) -> list[Bounds]:
    """Where the page is not blank, apart from each other; one where most of it is not.

    Returns:
        left, top, right and bottom of each.
    """
    height, width = page.shape[:2]
    cell = max(LEAST_GAP, min(height, width) // GAPS)
    edges, print_edge = _edges(page)
    highest = np.maximum.reduceat(edges, np.arange(0, height, cell), axis=0)
    highest = np.maximum.reduceat(highest, np.arange(0, width, cell), axis=1)
    inked = highest > print_edge
    rows, columns = inked.shape
    grid = cv2.dilate(np.asarray(inked, np.uint8), np.ones((3, 3), np.uint8))
    around = cv2.boundingRect(grid)
    boxes = _apart(grid)
    if len(boxes) > MOST_PARTS or boxes[:, 2:].prod(axis=1).sum() > MOSTLY * rows * columns:
        boxes = np.array([around], np.int32)
    parts = [
        (x * cell, y * cell, min(width, (x + across) * cell), min(height, (y + down) * cell))
        for x, y, across, down in boxes.tolist()
    ]
    return [part for part in parts if _has_print(edges, print_edge, part)]


def _has_print(edges: NDArray[np.uint8], print_edge: int, part: Bounds) -> bool:
    """Whether more is there than noise, or a JPEG's ripples."""
    left, top, right, bottom = part
    found = edges[top:bottom, left:right] > print_edge
    return int(np.count_nonzero(found)) >= LEAST_PRINT


def _edges(page: Pixels) -> tuple[NDArray[np.uint8], int]:
    """The difference of neighbouring levels, and above which it is print."""
    steps = cv2.morphologyEx(page, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    edges = largest(steps)
    median = int(np.searchsorted(cumulative_counts(edges), edges.size / 2))
    return edges, min(MOST_EDGE, LEAST_EDGE + NOISE_EDGES * median)


def _apart(grid: MatLike) -> NDArray[np.int32]:
    """Left, top, width and height of boxes around what hangs together; none touches another."""
    count = 0
    while True:
        found, _, boxes, _ = cv2.connectedComponentsWithStats(grid)
        boxes = boxes[1:, :4]
        if found == count:
            return np.asarray(boxes, np.int32)
        count = found
        for left, top, width, height in boxes:
            grid[top : top + height, left : left + width] = 1


def _detect_in(page: Pixels) -> list[Corners]:
    """Boxes in one part of a page; closer looks are taken at small letters."""
    short, long = sorted(page.shape[:2])
    length = min(long, LONG_PAGE * short)
    whole = min(
        max(1.0, min(LEAST_SIDE / short, MOST_ENLARGED)),
        MOST_SIDE / length,
        float(np.sqrt(MOST_PIXELS / (short * long))),
    )
    enlarged = max(1.0, float(np.sqrt(ENLARGED_PIXELS / (short * length))))
    rough = min(whole, enlarged, float(np.sqrt(ROUGH_PIXELS / (short * length))))
    glance = float(np.sqrt(GLANCE_PIXELS / (short * length)))
    if glance <= CHEAPER * rough:
        quads = look(page, glance)
        if not _is_print_left(page, glance, quads):
            lowest = _lowest(quads, glance)
            if lowest >= SMALL_LINE:
                return quads
            rough = min(rough, glance * CLOSER_LINE / lowest)
    quads = look(page, rough)
    if rough < whole and _lowest(quads, rough) < SMALL_LINE:
        closer = look(page, whole)
        # The network may lose in the closer look what it saw in the first.
        return closer + _uncovered(quads, closer)
    return quads


def _lowest(quads: list[Corners], scale: float) -> float:
    """Height of the lowest line as it is shown, px."""
    return min((min(size(quad)) * scale for quad in quads), default=np.inf)


def _is_print_left(page: Pixels, scale: float, quads: list[Corners]) -> bool:
    """Whether something stands outside all boxes, in a page shown so many times as large."""
    shown = cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    edges, print_edge = _edges(np.asarray(shown, np.uint8))
    outside = (edges > print_edge).astype(np.uint8)
    for quad in quads:
        outline = np.round(quad * scale).astype(np.int32)
        cv2.fillConvexPoly(outside, outline, 0)
        cv2.polylines(outside, [outline], True, 0, 5)
    return cv2.countNonZero(outside) > MOST_LEFT


def _uncovered(quads: list[Corners], others: list[Corners]) -> list[Corners]:
    """Boxes whose middle lies within none of the others."""
    outlines = np.reshape(others, (-1, 4, 2))
    lowest, highest = outlines.min(axis=1), outlines.max(axis=1)
    return [
        quad
        for quad in quads
        if not ((lowest <= quad.mean(axis=0)) & (quad.mean(axis=0) <= highest)).all(axis=1).any()
    ]


def size(quad: Corners) -> tuple[float, float]:
    """Width and height."""
    return float(np.hypot(*(quad[1] - quad[0]))), float(np.hypot(*(quad[3] - quad[0])))


def look(page: Pixels, scale: float) -> list[Corners]:
    """Boxes of lines in a page that is shown so many times as large, blank or not."""
    step = max(1, round(UNIT / scale))
    found = _seen(page, step)
    bitmap = cv2.dilate((found > 255 * THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(bitmap, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads = [quad for contour in contours if (quad := _quad(contour, found)) is not None]
    return [quad * (step / UNIT) - MARGIN * step for quad in quads]


def _seen(page: Pixels, step: int) -> NDArray[np.uint8]:
    """How likely each pixel is the core of a line, 0..255, of the page with its margins.

    The answers for the tiles lie side by side, so that lines run on across their seams.

    Args:
        step: how many pixels of the page become `UNIT` of the answer.
    """
    rows, columns = (-(-side // step) + 2 * MARGIN for side in page.shape[:2])
    found = np.zeros((rows * UNIT, columns * UNIT), np.uint8)
    tiles = list(_tiles(max(rows, columns)))
    network = weights.model("text_detector")
    for place, (start, end) in enumerate(tiles):
        part = (start, end, 0, columns) if rows >= columns else (0, rows, start, end)
        # Each tile is trusted up to the middle of its overlap with the one before.
        first = start + (OVERLAP // 2 if place else 0)
        answer = network.run(_tile(page, step, part)[None])[0, 0]
        trusted = np.round(255 * np.clip(answer, 0, 1)).astype(np.uint8)
        if rows >= columns:
            found[first * UNIT : end * UNIT] = trusted[(first - start) * UNIT :]
        else:
            found[:, first * UNIT : end * UNIT] = trusted[:, (first - start) * UNIT :]
    return found


def _tiles(length: int) -> Iterator[tuple[int, int]]:
    """Starts and ends, in units."""
    start = 0
    while start + TILE < length:
        yield start, start + TILE
        start += TILE - OVERLAP
    yield start, length


def _tile(page: Pixels, step: int, part: tuple[int, int, int, int]) -> Pixels:
    """A part of the page with its margins, as large as the network is shown it.

    Args:
        part: top, bottom, left and right in units.
    """
    height, width = page.shape[:2]
    top, bottom, left, right = ((place - MARGIN) * step for place in part)
    inside = page[max(0, top) : bottom, max(0, left) : right]
    over = (max(0, -top), max(0, bottom - height), max(0, -left), max(0, right - width))
    framed = cv2.copyMakeBorder(inside, *over, cv2.BORDER_CONSTANT, value=_ground(page))
    side = ((part[3] - part[2]) * UNIT, (part[1] - part[0]) * UNIT)
    return np.asarray(cv2.resize(framed, side), np.uint8)


def _ground(page: Pixels) -> list[float]:
    """The level of most of the page's border, channel by channel."""
    border = np.concatenate([page[0], page[-1], page[:, 0], page[:, -1]])
    return [float(level) for level in np.median(border, axis=0)]


def _quad(contour: MatLike, found: NDArray[np.uint8]) -> Corners | None:
    """The box of a line around its shrunk image in the network's answer."""
    centre, (width, height), angle = cv2.minAreaRect(contour)
    if min(width, height) < 3:
        return None
    quad = cv2.boxPoints((centre, (width, height), angle))
    if _mean_inside(found, quad) < 255 * LEAST_LINE_SCORE:
        return None
    grown = 2 * width * height * UNCLIP / (2 * (width + height))
    return _clockwise(cv2.boxPoints((centre, (width + grown, height + grown), angle)))


def _mean_inside(found: NDArray[np.uint8], quad: MatLike) -> float:
    left, top = np.maximum(np.floor(quad.min(axis=0)), 0).astype(int)
    right, bottom = np.ceil(quad.max(axis=0)).astype(int) + 1
    part = found[top:bottom, left:right]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad - (left, top)).astype(np.int32), 1)
    return float(cv2.mean(part, mask)[0])


def _clockwise(points: MatLike) -> Corners:
    """Corners from the upper left on, of a box that stands less than 45 degrees askew."""
    ordered = points[np.argsort(points[:, 0], kind="stable")].astype(np.float64)
    left = ordered[:2][np.argsort(ordered[:2, 1], kind="stable")]
    right = ordered[2:][np.argsort(ordered[2:, 1], kind="stable")]
    return np.stack([left[0], right[0], right[1], left[1]])
