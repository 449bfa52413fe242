"""Evenness: how much of a picture is ground without texture, as drawings have it."""

import cv2
import numpy as np

from engines.core.shapes import Image
from engines.vision.channels import largest

_ROWS = 512
_BAND_ROWS = 64
_EVEN_LEVELS = 4
_MOSTLY = 0.8
"""Pages of small print have more, and photographs less unless they are out of focus."""


def is_mostly_even(image: Image) -> bool:
    """Whether nearly all of a picture is even ground, as of drawings, prints and screens."""
    rows = _looked_at(image)
    total = even = rows.shape[0] * rows.shape[1]
    # A photograph is known for one long before its last row.
    for top in range(0, len(rows), _BAND_ROWS):
        even -= _uneven(rows[top : top + _BAND_ROWS])
        if even / total < _MOSTLY:
            return False
    return True


def evenness(image: Image) -> float:
    """The share of pixels that are like those beside them, noise and JPEG's blocks aside.

    Args:
        image: uint8 (H, W, 3), BGR.

    Returns:
        0..1, counted along rows.
    """
    rows = _looked_at(image)
    return float(1 - _uneven(rows) / (rows.shape[0] * rows.shape[1]))


def _looked_at(image: Image) -> Image:
    return image[:: max(1, len(image) // _ROWS)]


def _uneven(rows: Image) -> int:
    """How many pixels differ from those to their left and right."""
    beside = np.ones((1, 3), np.uint8)
    steps = largest(cv2.morphologyEx(np.ascontiguousarray(rows), cv2.MORPH_GRADIENT, beside))
    return int(np.count_nonzero(steps > _EVEN_LEVELS))
