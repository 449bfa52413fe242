"""Evenness: how much of a picture is ground without texture, as drawings have it."""

import cv2
import numpy as np

from engines.core.shapes import Image
from engines.vision.channels import largest

_ROWS = 512
_EVEN_LEVELS = 4
_MOSTLY = 0.8
"""Pages of small print have more, and photographs less unless they are out of focus."""


def is_mostly_even(image: Image) -> bool:
    """Whether nearly all of a picture is even ground, as of drawings, prints and screens."""
    return evenness(image) >= _MOSTLY


def evenness(image: Image) -> float:
    """The share of pixels that are like those beside them, noise and JPEG's blocks aside.

    Args:
        image: uint8 (H, W, 3), BGR.

    Returns:
        0..1, counted along rows.
    """
    rows = np.ascontiguousarray(image[:: max(1, len(image) // _ROWS)])
    beside = np.ones((1, 3), np.uint8)
    steps = largest(cv2.morphologyEx(rows, cv2.MORPH_GRADIENT, beside))
    return float(np.count_nonzero(steps <= _EVEN_LEVELS) / steps.size)
