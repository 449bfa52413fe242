"""Lettering: parts as high as one another and side by side, as a word's letters, are one part."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.vision.morphology import window

GAP, MOST_GAP = 0.3, 1 / 60
"""How far apart they may be: share of the lower one's height; share of the longer side."""
LEVEL = 0.5
"""Share of the higher one's height that both have in common."""
LEAST_PX = 10
MOST_PARTS = 1000
"""Each is looked at beside each other; more are no words, but pictures that differ everywhere."""


def lettered(parts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts, and all that lies within the convex hull of those that are one lettering.

    Args:
        parts: bool (H, W); pixels that touch are of one part.
    """
    inside = window(parts)
    filled = parts.astype(np.uint8)
    _, labels, facts, _ = cv2.connectedComponentsWithStats(filled[inside], connectivity=8)
    boxes = np.asarray(facts, np.int32)[:, :4]
    # The first one is the ground.
    numbers = 1 + np.flatnonzero(boxes[1:, 3] >= LEAST_PX)
    if len(numbers) > MOST_PARTS:
        return parts
    for group in _groups(boxes[numbers], MOST_GAP * max(parts.shape)):
        pixels = [_pixels(np.asarray(labels), boxes[one], one) for one in numbers[group].tolist()]
        cv2.fillConvexPoly(filled[inside], cv2.convexHull(np.concatenate(pixels)), 1)
    return filled > 0


def _groups(boxes: NDArray[np.int32], most_px: float) -> list[list[int]]:
    """The places of those boxes that stand in one row, for each row of two or more."""
    left, top, width, height = boxes.T
    right, bottom = left + width, top + height
    apart = np.maximum(left[:, None] - right, left - right[:, None])
    common = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    is_near = (apart >= 0) & (apart <= most_px)
    is_near &= apart <= GAP * np.minimum(height[:, None], height)
    is_near &= common >= LEVEL * np.maximum(height[:, None], height)
    groups = {one: [one] for one in range(len(boxes))}
    for one, other in np.argwhere(np.triu(is_near)).tolist():
        if groups[one] is not groups[other]:
            groups[one].extend(groups[other])
            for each in groups[other]:
                groups[each] = groups[one]
    return [group for one, group in groups.items() if group[0] == one and len(group) > 1]


def _pixels(labels: NDArray[np.int32], box: NDArray[np.int32], number: int) -> NDArray[np.int32]:
    """x, y of a part's pixels, (N, 2)."""
    left, top, width, height = box.tolist()
    window = labels[top : top + height, left : left + width] == number
    return np.asarray(np.argwhere(window)[:, ::-1] + [left, top], np.int32)
