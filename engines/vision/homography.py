"""Homographies: what they do to points, and the one that most pairs of points agree with."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.vision.boxes import corners
from engines.vision.scaling import Size

Matrix: TypeAlias = NDArray[np.float64]
"""float64 (3, 3), a homography between pixel centres."""
Points: TypeAlias = NDArray[np.float64]
"""float64 (N, 2) of x, y in pixel centres."""

_FEWEST = 8
"""Agreeing pairs; none of 60 unrelated pairs of pictures had so many."""
_FEWEST_PLAIN = 4
"""Two fix a similarity; as few as these have to be borne out by the pictures."""
_CANDIDATES = 3
_REACH_PX = 3.0
"""How far a keypoint may be from where a candidate puts it."""
_SPREAD_PX = 6.0
_MOST_PERSPECTIVE = 5.0
_MOST_SCALE = 12.0


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A homography at the working size, and the point pairs that agree with it.

    Args:
        support: the share that agrees of all pairs there were.
        chosen: bool, of all those pairs, the ones that agree.
    """

    matrix: Matrix
    first: Points
    second: Points
    support: float
    chosen: NDArray[np.bool_]


def stretch(size: Size, other: Size) -> Matrix:
    """The matrix that stretches one (width, height) to another, outer edge on outer edge."""
    x, y = other[0] / size[0], other[1] / size[1]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def inverse(matrix: Matrix) -> Matrix:
    """The homography that leads back."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def transform(points: Points, matrix: Matrix) -> Points:
    """Points as a homography maps them."""
    if not len(points):
        return points
    return np.asarray(cv2.perspectiveTransform(points[np.newaxis], matrix)[0], np.float64)


def outline(size: Size) -> Points:
    """The four outer corners of a picture, clockwise from the top left."""
    return corners(0, 0, *size) - 0.5


def fit_homography(first: Points, second: Points, reach_px: float) -> Fit | None:
    """The homography that most of the point pairs agree with; None for too few of them."""
    if len(first) < _FEWEST:
        return None
    matrix, agreeing = cv2.findHomography(
        first, second, cv2.USAC_MAGSAC, reach_px, maxIters=5000, confidence=0.9999
    )
    if matrix is None or agreeing.sum() < _FEWEST:
        return None
    chosen = agreeing.ravel() > 0
    refitted, _ = cv2.findHomography(first[chosen], second[chosen], 0)
    better = np.asarray(matrix if refitted is None else refitted, np.float64)
    return Fit(better, first[chosen], second[chosen], float(chosen.mean()), chosen)


def fit_similarity(first: Points, second: Points, reach_px: float = _REACH_PX) -> Fit | None:
    """The shift, turn and scale that most of the point pairs agree with; None for too few."""
    if len(first) < _FEWEST_PLAIN:
        return None
    plain, agreeing = cv2.estimateAffinePartial2D(
        first, second, method=cv2.RANSAC, ransacReprojThreshold=reach_px, maxIters=5000
    )
    if plain is None or agreeing.sum() < _FEWEST_PLAIN:
        return None
    chosen = agreeing.ravel() > 0
    matrix = np.asarray(np.vstack([plain, [0, 0, 1]]), np.float64)
    return Fit(matrix, first[chosen], second[chosen], float(chosen.mean()), chosen)


def is_sane(fit: Fit, size: Size) -> bool:
    """Whether a picture stays an unmirrored, convex quadrangle of its kind."""
    frame = outline(size)
    depth = frame @ fit.matrix[2, :2] + fit.matrix[2, 2]
    if depth.min() <= 0 or depth.max() / depth.min() > _MOST_PERSPECTIVE:
        return False
    before = np.roll(frame, -1, axis=0) - frame
    mapped = transform(frame, fit.matrix)
    after = np.roll(mapped, -1, axis=0) - mapped
    following = np.roll(after, -1, axis=0)
    # Positive all round: OpenCV's isContourConvex would let a mirrored one pass.
    turns = after[:, 0] * following[:, 1] - after[:, 1] * following[:, 0]
    scales = np.linalg.norm(after, axis=1) / np.linalg.norm(before, axis=1)
    is_convex = bool(turns.min() > 0)
    is_in_scale = bool(scales.max() < _MOST_SCALE and scales.min() > 1 / _MOST_SCALE)
    return is_convex and is_in_scale


def candidates(first: Points, second: Points, size: Size) -> list[Fit]:
    """What most point pairs agree with, and what most of the others do: one thing may have moved.

    Args:
        first: of each pair, on the first picture.
        second: of each pair, on the second.
        size: of the first picture.
    """
    fits = []
    for _ in range(_CANDIDATES):
        fit = fit_homography(first, second, _REACH_PX)
        if fit is None:
            break
        if is_sane(fit, size) and are_spread(fit.first) and are_spread(fit.second):
            fits.append(fit)
        first, second = first[~fit.chosen], second[~fit.chosen]
    return fits


def are_spread(points: Points) -> bool:
    """Whether points lie neither in one spot nor on one line."""
    return float(np.linalg.eigvalsh(np.cov(points.T))[0]) > _SPREAD_PX**2
