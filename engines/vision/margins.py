"""Margins: bars, frames and scan edges along a picture's sides, no part of what it shows."""

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.shapes import Box, Pixels
from engines.vision.scaling import size_of

LIKE_LEVELS = 24
LINE_ALIKE = 0.9
LINE_OTHER = 0.2
DEEPEST = 0.4
SOFT_PX, SOFT = 3, 0.02
TRIM_PX = 1
ROUNDS = 4
SAMPLES = 256


def within_margins(image: Pixels) -> tuple[Pixels, Box]:
    """The part of a picture within its bars, frames and scan edges, and where it lies.

    A margin is of one colour from its side on, and ends along the whole side at once: a plain
    ground does not, since what lies on it seldom fills the width.

    Args:
        image: uint8 (H, W, 3); one with transparency, (H, W, 4), has no margins.

    Source:
        Own.
    """
    image = np.ascontiguousarray(image)
    box = Box(0, 0, image.shape[1], image.shape[0])
    for _ in range(ROUNDS if image.shape[2] == 3 else 0):
        part = image[box.top : box.bottom, box.left : box.right]
        turned = np.swapaxes(part, 0, 1)
        left, top, right, bottom = (
            _depth(lines) for lines in (turned, part, turned[::-1], part[::-1])
        )
        inner = Box(box.left + left, box.top + top, box.right - right, box.bottom - bottom)
        if inner == box or inner.left >= inner.right or inner.top >= inner.bottom:
            break
        box = inner
    return np.ascontiguousarray(image[box.top : box.bottom, box.left : box.right]), box


def _depth(lines: MatLike) -> int:
    """How many of the first lines are a margin."""
    count = int(DEEPEST * len(lines))
    window = SOFT_PX + round(SOFT * len(lines))
    lines = lines[: count + window, :: max(1, lines.shape[1] // SAMPLES)]
    levels = np.median(lines[0], axis=0).astype(np.int16)
    if _alike(lines[:1], levels)[0] < LINE_ALIKE:
        return 0
    alike = _alike_to_end(lines, levels, window)
    is_end = alike < LINE_ALIKE
    end = int(is_end.argmax())
    if end in (0, count) or not is_end.any():
        return 0
    is_other = alike[end : end + window] <= LINE_OTHER
    return end + int(is_other.argmax()) + TRIM_PX if is_other.any() else 0


def _alike_to_end(lines: MatLike, levels: NDArray[np.int16], window: int) -> NDArray[np.float64]:
    """The shares of `_alike`, no further than a window from the first line that is not alike."""
    shares = np.empty(0)
    for start in range(0, len(lines), 2 * window):
        shares = np.append(shares, _alike(lines[start : start + 2 * window], levels))
        is_end = shares < LINE_ALIKE
        if is_end.any() and len(shares) >= is_end.argmax() + window:
            break
    return shares


def _alike(lines: MatLike, levels: NDArray[np.int16]) -> NDArray[np.float64]:
    """The share of each line's pixels that are like so many levels."""
    # Columns are looked at as they lie in memory, row by row, which is far quicker.
    is_turned = lines.strides[0] < lines.strides[1]
    rows = np.swapaxes(lines, 0, 1) if is_turned else lines
    # A pixel copied as one item is copied twice as fast as three.
    rows = np.ascontiguousarray(rows.view("V3")).view(np.uint8)
    is_alike = cv2.inRange(rows, levels - LIKE_LEVELS, levels + LIKE_LEVELS)
    counts = cv2.reduce(is_alike // 255, 0 if is_turned else 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)
    return np.asarray(np.ravel(counts) / lines.shape[1], np.float64)


def placed(mask: Pixels, box: Box, image: Pixels) -> Pixels:
    """The mask of a part of a picture, perhaps of a smaller copy of it, as one of the whole."""
    size = (box.right - box.left, box.bottom - box.top)
    if size == (2 * mask.shape[1], 2 * mask.shape[0]):
        # At this factor the nearest pixel outweighs the others; two bytes are written as one item.
        mask = np.repeat((mask * np.uint16(0x0101)).view(np.uint8), 2, axis=0)
    elif size_of(mask) != size:
        # Levels between 0 and 255 leave smooth edges where a threshold cuts them.
        levels = cv2.resize(mask * np.uint8(255), size)
        mask = np.asarray(cv2.threshold(levels, 127, 1, cv2.THRESH_BINARY)[1], np.uint8)
    if size == size_of(image):
        return mask
    whole = np.zeros(image.shape[:2], np.uint8)
    whole[box.top : box.bottom, box.left : box.right] = mask
    return whole
