"""Keypoints: spots of a picture that are found again in another, and which of them agree."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

_MOST = 1500
_CONTRAST = 0.015
"""A third of SIFT's default: on low texture three to twelve times as many keypoints."""
_RATIO = 0.85


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Where they lie, float64 (N, 2) of x, y in pixel centres; and what they look like."""

    points: NDArray[np.float64]
    descriptors: NDArray[Any]


def find_keypoints(grey: MatLike, *, most: int = _MOST) -> Keypoints:
    """The SIFT keypoints of a picture, the strongest of them, as RootSIFT.

    Source:
        Lowe, Distinctive image features from scale-invariant keypoints, IJCV 2004;
        Arandjelovic and Zisserman, Three things everyone should know, CVPR 2012.
    """
    sift = cv2.SIFT.create(nfeatures=most, contrastThreshold=_CONTRAST, enable_precise_upscale=True)
    found, descriptors = sift.detectAndCompute(grey, None)
    if descriptors is None:
        return Keypoints(np.empty((0, 2)), np.empty((0, 128), np.float32))
    shares = descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6)
    points = np.array([one.pt for one in found], np.float64)
    return Keypoints(points, np.sqrt(shares).astype(np.float32))


def match_keypoints(first: Keypoints, second: Keypoints) -> NDArray[np.intp]:
    """Pairs of rows (N, 2) that choose each other, and clearly, in both directions."""
    if len(first.points) < 2 or len(second.points) < 2:
        return np.empty((0, 2), np.intp)
    # OpenCV's matchers either cross-check or give the second best, but not both.
    likeness = first.descriptors @ second.descriptors.T
    back, is_clear_back = _nearest(likeness.T.copy())
    ahead, is_clear_ahead = _nearest(likeness)
    rows = np.arange(len(ahead))
    chosen = (back[ahead] == rows) & is_clear_ahead & is_clear_back[ahead]
    return np.stack([rows[chosen], ahead[chosen]], axis=1)


def _nearest(likeness: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """For each row the best column, which it is left without, and whether the second is far."""
    rows, best = np.arange(len(likeness)), likeness.argmax(axis=1)
    highest = likeness[rows, best]
    likeness[rows, best] = -np.inf
    nearest, second = (np.maximum(2 - 2 * one, 0) for one in (highest, likeness.max(axis=1)))
    return best, np.sqrt(nearest) < _RATIO * np.sqrt(second)


def mirrored(keypoints: Keypoints, width: int) -> Keypoints:
    """The keypoints of the same picture seen in a mirror, without looking again."""
    points = keypoints.points * (-1, 1) + (width - 1, 0)
    cells = keypoints.descriptors.reshape(-1, 4, 4, 8)
    turned = np.roll(cells[:, ::-1, :, ::-1], 1, axis=3)
    return Keypoints(points, turned.reshape(-1, 128))
