"""Equality: whether two pictures are level for level the same where nothing changed."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.shapes import Pixels

_EDGE_LEVELS = 16
SAME_DETAIL = 0.6
_SAME_PIXELS = 0.5
"""Share of pixels, at edges so high and of all, that are equal on pictures in exact register."""


def is_still(first: MatLike, second: MatLike, *, share: float = SAME_DETAIL) -> bool:
    """Whether most detail of both is level for level the same at the same place.

    Args:
        first: uint8 (H, W).
        second: uint8 (H, W); a picture of another size is not still.
        share: of the pixels at edges, how many have to be the same.
    """
    return stillness(first, second) > share


def stillness(first: MatLike, second: MatLike) -> float:
    """How much of the detail is the same, level for level and in place; see `is_still`."""
    return _least_equal(first, second, np.maximum, default=0.0)


def is_exact(first: MatLike, second: MatLike) -> bool:
    """Whether nothing speaks against it that unchanged places are level for level the same.

    So it is if most pixels are the same, and most of those where both show detail: what only
    one shows is a change, and what both show, but not alike, was moved, scaled or saved again.

    Args:
        first: uint8 (H, W).
        second: uint8 (H, W); a picture of another size is not exact.
    """
    if first.shape != second.shape or _share(first == second) < _SAME_PIXELS:
        return False
    return _least_equal(first, second, np.minimum, default=1.0) > SAME_DETAIL


def _least_equal(first: MatLike, second: MatLike, edge_of: np.ufunc, *, default: float) -> float:
    """Share of the pixels at edges that are equal, across or down; which is less."""
    if first.shape != second.shape:
        return 0.0
    is_same = first == second
    # Each by itself: a shift along its lines leaves most of a page the same.
    shares = [
        np.count_nonzero(is_same & edges) / np.count_nonzero(edges)
        for one in (np.ones((1, 3), np.uint8), np.ones((3, 1), np.uint8))
        if (edges := edge_of(_steps(first, one), _steps(second, one)) > _EDGE_LEVELS).any()
    ]
    return min(shares, default=default)


def _share(flags: NDArray[np.bool_]) -> float:
    return np.count_nonzero(flags) / flags.size


def _steps(grey: MatLike, element: Pixels) -> MatLike:
    """By how much a pixel's neighbours differ."""
    return cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, element)
