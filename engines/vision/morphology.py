"""Morphology: structuring elements, and closing without effects of the picture's border."""

import cv2
import numpy as np

from engines.core.shapes import Pixels


def square(radius: int) -> Pixels:
    """All pixels up to so many rows and columns away."""
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def disc(radius: int) -> Pixels:
    """OpenCV's ellipse of the side of `square`."""
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def closed(mask: Pixels, element: Pixels) -> Pixels:
    """The mask, gaps narrower than the element filled; beyond its border there is nothing."""
    margin = element.shape[0] // 2
    x, y, width, height = cv2.boundingRect(mask)
    filled = np.zeros_like(mask)
    if width:
        # Beyond the box of what there is no gap of it can lie.
        inside = slice(y, y + height), slice(x, x + width)
        around = (margin, margin, margin, margin)
        padded = cv2.copyMakeBorder(mask[inside], *around, cv2.BORDER_CONSTANT)
        whole = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, element)
        filled[inside] = whole[margin : margin + height, margin : margin + width]
    return filled
