"""Montage: two pictures side by side as one, for the eye."""

import cv2
import numpy as np
from cv2.typing import MatLike

from engines.core.shapes import Picture, Pixels

_HEIGHT_PX = 1000
_GAP_PX = 8


def side_by_side(first: MatLike, second: MatLike) -> Picture:
    """Both pictures at one height, at most 1000 px, with a white gap between them."""
    height = min(_HEIGHT_PX, max(first.shape[0], second.shape[0]))
    gap = np.full((height, _GAP_PX, 3), 255, np.uint8)
    return Picture(np.hstack([_at_height(first, height), gap, _at_height(second, height)]))


def pen_px(image: Pixels) -> int:
    """How thick a line has to be to be seen on a picture shown whole."""
    return max(1, int(max(image.shape[:2]) // 300))


def _at_height(image: MatLike, height: int) -> Pixels:
    width = min(4 * height, max(1, round(image.shape[1] * height / image.shape[0])))
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
