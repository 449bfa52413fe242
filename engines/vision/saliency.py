"""Saliency: how much each part of a picture stands out from what runs along its border."""

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels

PATCH_PX = 10
COMPACTNESS = 20.0
ROUNDS = 8
LEAST_PATCH = 40
"""Percent of the mean patch's area below which one is joined to a neighbour."""
ALIKE = 10.0
"""Steps of OpenCV's LAB at which two colours are still somewhat alike."""
NEAR = 0.25
"""Of the longer side: how far contrast reaches."""
LEAST_TIE = 0.1
EXTREME = 2
"""Percent of the picture that are as little salient as can be, and that are as much."""

Values: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = NDArray[np.int32]


def saliency(image: Pixels) -> NDArray[np.float32]:
    """How salient each pixel is, 0 to 1; the same within a patch of like pixels.

    Ground is what is joined to much of the border by soft steps of colour; salient is what
    contrasts with the ground near it and is not joined to the border.

    Args:
        image: uint8 (H, W, 3), BGR; it takes time by the cube of its area in patches of 10 px.

    Source:
        Zhu et al., Saliency optimization from robust background detection, CVPR 2014; the
        patches: Achanta et al., SLIC superpixels, IEEE TPAMI 34(11), 2012.
    """
    lab = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2LAB), np.uint8)
    labels, count = _patches(lab)
    colours = _means(labels, count, lab.astype(np.float64))
    apart = _distances(colours)
    is_rim = np.zeros(count, np.bool_)
    is_rim[np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])] = True
    is_next = _neighbours(labels, count) | np.outer(is_rim, is_rim)
    np.fill_diagonal(is_next, False)
    ground = _ground(_path_lengths(apart, is_next), is_rim)
    places = np.moveaxis(np.indices(labels.shape), 0, 2) / max(labels.shape)
    reach = np.exp(-((_distances(_means(labels, count, places)) / NEAR) ** 2) / 2)
    contrast = _stretched((apart * reach) @ ground)
    levels = _smoothed(ground, contrast, np.where(is_next, _likeness(apart) + LEAST_TIE, 0))
    low, high = np.percentile(levels[labels], (EXTREME, 100 - EXTREME))
    return np.asarray(_stretched(levels.clip(low, high))[labels], np.float32)


def _patches(lab: Pixels) -> tuple[Labels, int]:
    """The number of each pixel's patch, and how many there are."""
    found = cv2.ximgproc.createSuperpixelSLIC(lab, cv2.ximgproc.SLIC, PATCH_PX, COMPACTNESS)
    found.iterate(ROUNDS)
    found.enforceLabelConnectivity(LEAST_PATCH)
    return np.asarray(found.getLabels(), np.int32), found.getNumberOfSuperpixels()


def _means(labels: Labels, count: int, values: Values) -> Values:
    """Of each patch, (count, channels)."""
    flat = labels.ravel()
    sums = [np.bincount(flat, plane.ravel(), count) for plane in np.moveaxis(values, 2, 0)]
    sizes = np.bincount(flat, minlength=count)
    return np.asarray(np.stack(sums, axis=1) / sizes[:, np.newaxis], np.float64)


def _distances(points: Values) -> Values:
    return np.asarray(np.linalg.norm(points[:, np.newaxis] - points, axis=2), np.float64)


def _likeness(lengths: Values) -> Values:
    return np.asarray(np.exp(-((lengths / ALIKE) ** 2) / 2), np.float64)


def _neighbours(labels: Labels, count: int) -> NDArray[np.bool_]:
    is_next = np.zeros((count, count), np.bool_)
    is_next[labels[:, :-1], labels[:, 1:]] = True
    is_next[labels[:-1], labels[1:]] = True
    return np.asarray(is_next | is_next.T, np.bool_)


def _path_lengths(apart: Values, is_next: NDArray[np.bool_]) -> Values:
    """The least sum of steps of colour from each patch to each other, by Floyd and Warshall.

    Steps of the size that there are to a patch's likest neighbour, on the average, count for none.
    """
    steps = np.where(is_next, apart, np.inf)
    lengths: Values = np.maximum(steps - steps.min(axis=1).mean(), 0)
    np.fill_diagonal(lengths, 0)
    for through in range(len(lengths)):
        np.minimum(lengths, lengths[:, through, np.newaxis] + lengths[through], out=lengths)
    return lengths


def _ground(lengths: Values, is_rim: NDArray[np.bool_]) -> Values:
    """How sure each patch is ground: by its region's share of the border for its area."""
    likeness = _likeness(lengths)
    joined = likeness @ is_rim / np.sqrt(likeness.sum(axis=1))
    return np.asarray(1 - np.exp(-(joined**2) / 2), np.float64)


def _smoothed(ground: Values, contrast: Values, ties: Values) -> Values:
    """0 on the ground and 1 where contrast is, as far as neighbours that are alike agree."""
    laplacian = np.diag(ties.sum(axis=1)) - ties
    fixed = np.diag(ground + contrast + 1e-6)
    return np.asarray(np.linalg.solve(fixed + laplacian, contrast), np.float64)


def _stretched(levels: Values) -> Values:
    return np.asarray((levels - levels.min()) / max(float(np.ptp(levels)), 1e-9), np.float64)
