"""Morphology: structuring elements, the box of a mask, and closing without a border's effects."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels


def square(radius: int) -> Pixels:
    """All pixels up to so many rows and columns away."""
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def disc(radius: int) -> Pixels:
    """OpenCV's ellipse of the side of `square`."""
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def window(mask: Pixels | NDArray[np.bool_], margin: int = 0) -> tuple[slice, slice]:
    """The rows and columns of the smallest box around what is set; one pixel if nothing is.

    Args:
        mask: (H, W).
        margin: what of the mask is added on each side, px.
    """
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    rows = slice(max(0, y - margin), y + max(1, height) + margin)
    return rows, slice(max(0, x - margin), x + max(1, width) + margin)


def closed(mask: Pixels, element: Pixels) -> Pixels:
    """The mask, gaps narrower than the element filled; beyond its border there is nothing."""
    margin = element.shape[0] // 2
    # Beyond the box of what there is no gap of it can lie.
    inside = window(mask)
    height, width = mask[inside].shape
    whole = cv2.morphologyEx(np.pad(mask[inside], margin), cv2.MORPH_CLOSE, element)
    filled = np.zeros_like(mask)
    filled[inside] = whole[margin : margin + height, margin : margin + width]
    return filled
