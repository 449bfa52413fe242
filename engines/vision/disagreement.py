"""Disagreement: how much of their detail two pictures do not share where one lies on the other."""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.vision.bending import WIDE_STEPS, unbent
from engines.vision.homography import Matrix, Points
from engines.vision.local_contrast import flattened
from engines.vision.scaling import size_of

_CELL_PX = 32
_REACH_PX = 4
"""How far a cell may still have moved after the pictures were unbent."""
_LEAST_CELL_PX = 16
_LEAST_INSIDE = 0.6
"""Share of a cell that both have to cover."""
_OCTAVES = 3
_AS_FINE = 0.4
"""Share of the finer one's detail of an octave that the softer one has to show."""
_FLAT_LEVELS = 3.0
"""Standard deviation of a flattened cell without a pattern; one with a pattern has about 42."""
_HARDLY_APART, _APART = 0.25, 0.5
"""1 - r² of a cell up to which a JPEG may have made the difference, and from which all differs."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The share of the detail of either that the other does not show; both from 0 to 1.

    Args:
        share: of all detail, however faint, and however little of a cell is missing.
        clear_share: of the detail by its contrast, where a cell lacks more than a JPEG takes:
            letters outweigh the grain of their paper, and traces of it everywhere do not add up.
    """

    share: float
    clear_share: float


def disagreement(
    first: MatLike, second: MatLike, matrix: Matrix, part: Points | None = None
) -> Disagreement:
    """How much of their detail two pictures do not share.

    Light is of no weight, nor is a motion by a few pixels, and where one of them is softer
    the other is compared as softly.

    Args:
        first: uint8 (H, W, 3), BGR.
        second: uint8 (H, W, 3), BGR.
        matrix: from the first to the second.
        part: (N, 2), the corners of a convex part of the second; None for all that both cover.

    Returns:
        0 if neither has any detail, 1 if too little is covered.
    """
    cells = _cells(first, second, matrix, part)
    most = cells.energies.max(axis=1)
    if not most.any():
        return Disagreement(0.0, 0.0) if len(most) else Disagreement(1.0, 1.0)
    clearly = np.interp(cells.apart, (_HARDLY_APART, _APART), (0, 1))
    return Disagreement(
        share=float(np.average(cells.apart, weights=most)),
        clear_share=float(np.average(clearly, weights=most * cells.contrasts)),
    )


def in_common(first: MatLike, second: MatLike, matrix: Matrix) -> float:
    """The share of a picture's detail that the other shows at that place; of both, the larger.

    Args:
        first: uint8 (H, W, 3), BGR.
        second: uint8 (H, W, 3), BGR.
        matrix: from the first to the second.

    Returns:
        1 if one of them has no detail.
    """
    cells = _cells(first, second, matrix, None)
    if not cells.energies.any(axis=0).all():
        return 1.0
    return float(max(1 - np.average(cells.apart, weights=own) for own in cells.energies.T))


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """What the two show in each of N cells.

    Args:
        energies: (N, 2), of the flattened detail of either.
        contrasts: (N,), of the one that has more, as it was seen; grey levels, at least 1.
        apart: (N,), 1 - r².
    """

    energies: NDArray[np.float64]
    contrasts: NDArray[np.float64]
    apart: NDArray[np.float64]


def _cells(first: MatLike, second: MatLike, matrix: Matrix, part: Points | None) -> _Cells:
    laid, covered = _laid(first, second, matrix)
    if part is not None:
        inside = cv2.fillConvexPoly(np.zeros_like(covered), np.rint(part).astype(np.int32), 1)
        covered = np.where(inside > 0, covered, 0)
    # Outside both show the same, so that no edge of one of them is taken for detail.
    shown = np.where(covered[..., np.newaxis] > 0, laid, second).astype(np.float32)
    unmoved = second.astype(np.float32)
    moved = unbent(unmoved, shown, covered > 0, WIDE_STEPS).clip(0, 255).astype(np.uint8)
    octave, here, there = _as_fine_as_both(moved, second)
    compared = cv2.resize(covered, size_of(there), interpolation=cv2.INTER_NEAREST)
    return _compared((here, there), compared, octave)


def _laid(first: MatLike, second: MatLike, matrix: Matrix) -> tuple[MatLike, MatLike]:
    """The first as it lies on the second, and 1 where it covers it."""
    size = size_of(second)
    whole = cv2.warpPerspective(np.full(first.shape[:2], 255, np.uint8), matrix, size)
    return cv2.warpPerspective(first, matrix, size), (whole == 255).astype(np.uint8)


def _as_fine_as_both(here: MatLike, there: MatLike) -> tuple[int, MatLike, MatLike]:
    """The finest octave whose detail both show, and the two reduced to it."""
    for octave in range(_OCTAVES):
        details = [_finest_detail(one) for one in (here, there)]
        if min(details) >= _AS_FINE * max(details):
            return octave, here, there
        here, there = cv2.pyrDown(here), cv2.pyrDown(there)
    return _OCTAVES, here, there


def _finest_detail(image: MatLike) -> float:
    """What is lost at half the size, root mean square; grey levels."""
    coarse = cv2.pyrUp(cv2.pyrDown(image), dstsize=size_of(image))
    return float(np.sqrt(np.mean((image.astype(np.float32) - coarse) ** 2)))


def _compared(seen: tuple[MatLike, MatLike], covered: MatLike, octave: int) -> _Cells:
    side, reach = max(_LEAST_CELL_PX, _CELL_PX >> octave), max(1, _REACH_PX >> octave)
    here, there = (flattened(one) for one in seen)
    height, width = covered.shape
    energies, contrasts, apart = list[tuple[float, float]](), list[float](), list[float]()
    for top, left in product(range(0, height, side), range(0, width, side)):
        rows, columns = slice(top, top + side), slice(left, left + side)
        inside = covered[rows, columns] > 0
        if inside.mean() < _LEAST_INSIDE:
            continue
        cell = there[rows, columns]
        around = here[max(0, top - reach) : top + side + reach, max(0, left - reach) :]
        energies.append((_energy(here[rows, columns][inside]), _energy(cell[inside])))
        contrasts.append(max(1.0, *(_contrast(one[rows, columns]) for one in seen)))
        apart.append(1 - _best_correlation(cell, around[:, : side + 2 * reach]) ** 2)
    return _Cells(np.reshape(energies, (-1, 2)), np.array(contrasts), np.array(apart))


def _contrast(cell: MatLike) -> float:
    """The standard deviation of the channel that varies most."""
    return float(cv2.meanStdDev(cell)[1].max())


def _energy(pixels: MatLike) -> float:
    squares = np.square(pixels - np.float32(128))
    return float(squares.sum()) if squares.mean() > _FLAT_LEVELS**2 else 0.0


def _best_correlation(cell: MatLike, around: MatLike) -> float:
    """Pearson's coefficient at the best place; 0 if it is negative, or the cell is flat."""
    if cell.std() < _FLAT_LEVELS:
        return 0.0
    return float(np.clip(cv2.matchTemplate(around, cell, cv2.TM_CCOEFF_NORMED).max(), 0, 1))
