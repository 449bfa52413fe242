"""Disagreement: how much of their detail two pictures do not share where one lies on the other."""

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


def disagreement(
    first: MatLike, second: MatLike, matrix: Matrix, part: Points | None = None
) -> float:
    """The share of the detail of either that the other does not show at that place.

    Light is of no weight, nor is a motion by a few pixels, and where one of them is softer
    the other is compared as softly.

    Args:
        first: uint8 (H, W, 3), BGR.
        second: uint8 (H, W, 3), BGR.
        matrix: from the first to the second.
        part: (N, 2), the corners of a convex part of the second; None for all that both cover.

    Returns:
        from 0, all is the same, to 1; 0 if neither has any detail, 1 if too little is covered.
    """
    energies, apart = _cells(first, second, matrix, part)
    most = energies.max(axis=1)
    if not most.any():
        return 0.0 if len(most) else 1.0
    return float(np.average(apart, weights=most))


def in_common(first: MatLike, second: MatLike, matrix: Matrix) -> float:
    """The share of a picture's detail that the other shows at that place; of both, the larger.

    Args:
        first: uint8 (H, W, 3), BGR.
        second: uint8 (H, W, 3), BGR.
        matrix: from the first to the second.

    Returns:
        1 if one of them has no detail.
    """
    energies, apart = _cells(first, second, matrix, None)
    if not energies.any(axis=0).all():
        return 1.0
    return float(max(1 - np.average(apart, weights=own) for own in energies.T))


def _cells(
    first: MatLike, second: MatLike, matrix: Matrix, part: Points | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Of each cell the energy of its detail in both (N, 2), and 1 - r² (N,)."""
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
    return _compared(flattened(here), flattened(there), compared, octave)


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


def _compared(
    here: MatLike, there: MatLike, covered: MatLike, octave: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    side, reach = max(_LEAST_CELL_PX, _CELL_PX >> octave), max(1, _REACH_PX >> octave)
    height, width = covered.shape
    energies, apart = list[tuple[float, float]](), list[float]()
    for top, left in product(range(0, height, side), range(0, width, side)):
        rows, columns = slice(top, top + side), slice(left, left + side)
        inside = covered[rows, columns] > 0
        if inside.mean() < _LEAST_INSIDE:
            continue
        cell = there[rows, columns]
        around = here[max(0, top - reach) : top + side + reach, max(0, left - reach) :]
        energies.append((_energy(here[rows, columns][inside]), _energy(cell[inside])))
        apart.append(1 - _best_correlation(cell, around[:, : side + 2 * reach]) ** 2)
    return np.reshape(energies, (-1, 2)), np.array(apart)


def _energy(pixels: MatLike) -> float:
    squares = np.square(pixels - np.float32(128))
    return float(squares.sum()) if squares.mean() > _FLAT_LEVELS**2 else 0.0


def _best_correlation(cell: MatLike, around: MatLike) -> float:
    """Pearson's coefficient at the best place; 0 if it is negative, or the cell is flat."""
    if cell.std() < _FLAT_LEVELS:
        return 0.0
    return float(np.clip(cv2.matchTemplate(around, cell, cv2.TM_CCOEFF_NORMED).max(), 0, 1))
