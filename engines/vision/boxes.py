"""Boxes: their corners and areas, and how much two of them have in common."""

from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Box


class Sides(Protocol):
    """A `Box`, or one that ends between pixels."""

    @property
    def left(self) -> float: ...
    @property
    def top(self) -> float: ...
    @property
    def right(self) -> float: ...
    @property
    def bottom(self) -> float: ...


def corners(left: float, top: float, right: float, bottom: float) -> NDArray[np.float64]:
    """(4, 2) of x, y: clockwise from the top left."""
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], np.float64)


def area(box: Sides) -> float:
    """In square pixels."""
    return (box.right - box.left) * (box.bottom - box.top)


def intersection(one: Sides, other: Sides) -> float:
    """The area that two boxes have in common; 0 if they only touch."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0, width) * max(0, height)


def iou(one: Sides, other: Sides) -> float:
    """Intersection over union, 0..1; of two boxes without area 0."""
    common = intersection(one, other)
    return common / (area(one) + area(other) - common) if common else 0.0


def ious(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, N): intersection over union of each two of (N, 4) boxes that have an area."""
    left, top, right, bottom = boxes.T
    width = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    height = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    common = width.clip(0) * height.clip(0)
    areas = (right - left) * (bottom - top)
    return np.asarray(common / (np.add.outer(areas, areas) - common))


def joint_scores(
    boxes: NDArray[np.float64],
    scores: NDArray[np.float64],
    sources: NDArray[np.int_] | NDArray[np.str_],
    least_iou: float,
) -> NDArray[np.float64]:
    """How sure it is that something is in each box, by all sources that tell of one like it.

    That there is nothing must be true of each source, so they are taken for independent; of one
    source the best alike box counts alone.

    Args:
        boxes: (N, 4) of left, top, right and bottom, each with an area.
        scores: (N,), 0..1.
        sources: (N,): what told of each box.
        least_iou: from which two boxes are alike.

    Returns:
        (N,), 0..1, none below its own score.
    """
    alike = np.where(ious(boxes) >= least_iou, scores, 0)
    best = [alike[:, sources == source].max(axis=1) for source in np.unique(sources)]
    return np.asarray(1 - np.prod(1 - np.reshape(best, (len(best), len(scores))), axis=0))


def whole_pixels(
    left: float, top: float, right: float, bottom: float, *, size: tuple[int, int]
) -> Box:
    """The nearest box of whole pixels in a picture of (width, height); of one pixel at least."""
    width, height = size
    x, y = min(max(round(left), 0), width - 1), min(max(round(top), 0), height - 1)
    return Box(x, y, min(max(round(right), x + 1), width), min(max(round(bottom), y + 1), height))


def distinct(
    boxes: NDArray[np.float64], scores: NDArray[np.float64], most_iou: float
) -> NDArray[np.intp]:
    """Which boxes are left when the better of two alike is kept, best first.

    Args:
        boxes: (N, 4) of left, top, right and bottom.
        scores: (N,), above 0.
    """
    sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(sides.tolist(), scores.tolist(), 0.0, most_iou)
    return np.asarray(kept, np.intp).ravel()
