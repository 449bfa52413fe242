"""Registration: the homography that lays one picture on another, or the refusal that none does."""

from dataclasses import dataclass, replace
from itertools import product
from typing import TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.errors import NotAlignable
from engines.core.shapes import Pixels
from engines.vision.boxes import corners
from engines.vision.keypoints import find_keypoints, match_keypoints
from engines.vision.scaling import Size, reduced, scaled, shrink, size_of

Matrix: TypeAlias = NDArray[np.float64]
"""float64 (3, 3), a homography between pixel centres."""
Points: TypeAlias = NDArray[np.float64]
"""float64 (N, 2) of x, y in pixel centres."""

_FEWEST = 8
_MANY = 16
_VERY_MANY = 40
"""Agreeing keypoints: none of 60 unrelated pairs had 8, so these many are no accident."""
_REACH_PX = 3.0
_REACH_FINE_PX = 1.0
"""How far a keypoint, and a tracked point, may be from where a homography puts it."""
_CANDIDATES = 3
_AGREEMENT = 0.7
_AS_GOOD = 0.15
"""Correlation of the large forms: what counts as high, and by how much a later candidate,
with fewer keypoints, has to be better than an earlier one."""
_LEAST_OVERLAP = 0.04
_REFINEMENTS = 2
_TRACKED = 500
_WINDOW = 21
_ASTRAY_PX = 0.5
"""How far from where it set out a point may be that was tracked there and back."""
_CORNER = 0.05
"""Share of the strongest corner's strength below which there is only noise."""
_SUPPORT = 0.25
_SUPPORT_ALONE = 0.5
"""Share of the points that has to agree, with other evidence and without."""
_EDGE_LEVELS = 16
_SAME_DETAIL = 0.6
_SAME_PIXELS = 0.5
"""Share of pixels, at edges so high and of all, that are equal on pictures in exact register."""
_NEARLY_WHOLE_PX = 2.0
_STILL_RATIO = 1.25
_STILL_PX = 0.05
"""A pair lies still if its points are as near to where they were as to where they are put."""
_SAME_LEVELS = 12
_SAME_SHARE = 0.999
_SAME_PATTERN = 0.5
"""Correlation of flattened pictures; 60 unrelated pairs of photographs had 0.04 at most."""
_LEAST_SHIFTED_OVERLAP = 0.25
"""Share of the smaller picture that has to be on the other, too."""
_PLAINER = 0.01
"""A plainer matrix is taken if the pictures correlate by so much less at most."""
_SHIFTED_SIDE = 2048
"""Longer side, px, at which a shift is looked for: fine print is the same only at its own size."""
_SPREAD_PX = 6.0
_NEIGHBOURHOOD_PX = 10
_FAINT_LEVELS = 4.0
_MOST_STRETCH = 0.02
_MOST_PERSPECTIVE = 5.0
_MOST_SCALE = 12.0


_NO_PAIRS = (np.empty((0, 2)), np.empty((0, 2)), 1.0, np.empty(0, np.bool_))


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """How the first picture lies on the second.

    Args:
        matrix: from the first picture's original pixels to the second's; [2, 2] is 1.
        inliers: points that it explains.
        residual_px: how far from it they are in the middle, in pixels of the working size.
    """

    matrix: Matrix
    inliers: int
    residual_px: float


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


def register(first: MatLike, second: MatLike, *, resolution: int = 512) -> Registration:
    """Find the homography from the first picture to the second.

    Pictures that already fit, flat ones among them, give exactly the identity, or the
    plain stretch between their sizes; those that are level for level the same but for a
    shift give that shift in whole pixels.

    Args:
        first: uint8 (H, W) or (H, W, 3).
        second: uint8 (H, W) or (H, W, 3), of any size.
        resolution: the longer side at which both are compared, px.

    Raises:
        NotAlignable: the pictures have no common part, or none that can be told.

    Source:
        Lowe, IJCV 2004; Barath et al., MAGSAC++, CVPR 2020; Bouguet, Pyramidal
        implementation of the Lucas-Kanade feature tracker, 2000.
    """
    small_first, small_second = shrink(first, resolution), shrink(second, resolution)
    start = stretch(size_of(small_first), size_of(small_second))
    grey_first, grey_second = _grey(small_first), _grey(small_second)
    if is_still(grey_first, grey_second):
        return Registration(np.eye(3), 0, 0.0)
    fit = _fit_in_place(grey_first, grey_second, start) or _fit_anywhere(grey_first, grey_second)
    if _is_plain(grey_first, grey_second, start, fit):
        fit = Fit(start, *_NO_PAIRS)
    if fit is None:
        return Registration(_by_levels(_grey(first), _grey(second)), 0, 0.0)
    if fit.matrix is start:
        matrix = stretch(size_of(first), size_of(second))
    else:
        to_first = stretch(size_of(first), size_of(small_first))
        to_second = stretch(size_of(second), size_of(small_second))
        matrix = inverse(to_second) @ fit.matrix @ to_first
        matrix = _on_whole_pixels(_grey(first), _grey(second), matrix / matrix[2, 2])
    return Registration(matrix, len(fit.first), _residual(fit))


def is_still(first: MatLike, second: MatLike) -> bool:
    """Whether most detail of both is level for level the same at the same place.

    Args:
        first: uint8 (H, W).
        second: uint8 (H, W); a picture of another size is not still.
    """
    return _least_equal(first, second, np.maximum, default=0.0) > _SAME_DETAIL


def is_exact(first: MatLike, second: MatLike) -> bool:
    """Whether nothing speaks against it that unchanged places are level for level the same.

    So it is if most pixels are the same, and most of those where both show detail: what only
    one shows is a change, and what both show, but not alike, was moved, scaled or saved again.

    Args:
        first: uint8 (H, W).
        second: uint8 (H, W); a picture of another size is not exact.
    """
    if first.shape != second.shape or np.mean(first == second) < _SAME_PIXELS:
        return False
    return _least_equal(first, second, np.minimum, default=1.0) > _SAME_DETAIL


def _least_equal(first: MatLike, second: MatLike, edge_of: np.ufunc, *, default: float) -> float:
    """Share of the pixels at edges that are equal, across or down; which is less."""
    if first.shape != second.shape:
        return 0.0
    # Each by itself: a shift along its lines leaves most of a page the same.
    shares = [
        float((first == second)[edges].mean())
        for one in (np.ones((1, 3), np.uint8), np.ones((3, 1), np.uint8))
        if (edges := edge_of(_steps(first, one), _steps(second, one)) > _EDGE_LEVELS).any()
    ]
    return min(shares, default=default)


def _steps(grey: MatLike, element: Pixels) -> MatLike:
    """By how much a pixel's neighbours differ."""
    return cv2.morphologyEx(grey, cv2.MORPH_GRADIENT, element)


def _by_levels(first: MatLike, second: MatLike) -> Matrix:
    """The shift at which two pictures of one scale show the same, or else the identity.

    Raises:
        NotAlignable: neither is right.

    Source:
        Kuglin and Hines, The phase correlation image alignment method, 1975.
    """
    factor = min(1.0, _SHIFTED_SIDE / max(*first.shape, *second.shape))
    here, there = (
        _flattened(reduced(one, scaled(size_of(one), factor))) for one in (first, second)
    )
    height, width = (cv2.getOptimalDFTSize(one) for one in np.maximum(here.shape, there.shape))
    (x, y), _ = cv2.phaseCorrelate(*(_padded(one, width, height) for one in (here, there)))
    for right, down in product((0, -width, width), (0, -height, height)):
        shift = _shifting(round(x) + right, round(y) + down)
        parts = common_parts(here, there, shift)
        is_enough = parts[0].size >= _LEAST_SHIFTED_OVERLAP * min(here.size, there.size)
        if is_enough and _correlation(*parts) > _SAME_PATTERN:
            return _on_whole_pixels(first, second, _shifting(*(shift[:2, 2] / factor)))
    if is_exact(first, second):
        return np.eye(3)
    raise NotAlignable("The two pictures have no common part that could be found.")


def _padded(flattened: MatLike, width: int, height: int) -> MatLike:
    padded = np.zeros((height, width), np.float32)
    padded[: flattened.shape[0], : flattened.shape[1]] = flattened - np.float32(128)
    return padded


def _shifting(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def _on_whole_pixels(first: MatLike, second: MatLike, matrix: Matrix) -> Matrix:
    """The shift by whole pixels next to a matrix, if the pictures are the same there."""
    frame = outline(size_of(first))
    moves = transform(frame, matrix) - frame
    if np.ptp(moves, axis=0).max() > _NEARLY_WHOLE_PX:
        return matrix
    x, y = (int(one) for one in np.rint(np.median(moves, axis=0)))
    for right, down in sorted(np.ndindex(3, 3), key=lambda one: abs(one[0] - 1) + abs(one[1] - 1)):
        shift = _shifting(x + right - 1, y + down - 1)
        if is_still(*common_parts(first, second, shift)):
            return shift
    return matrix


def common_parts(first: MatLike, second: MatLike, shift: Matrix) -> tuple[MatLike, MatLike]:
    """What both pictures show, if the first is moved by whole pixels."""
    x, y = (int(one) for one in shift[:2, 2])
    here = first[max(0, -y) :, max(0, -x) :]
    there = second[max(0, y) :, max(0, x) :]
    height, width = np.minimum(here.shape[:2], there.shape[:2])
    return here[:height, :width], there[:height, :width]


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


def _fit_in_place(first: MatLike, second: MatLike, start: Matrix) -> Fit | None:
    """The start itself when the pictures fit already, or else the small motion they lack."""
    if abs(start[0, 0] / start[1, 1] - 1) > _MOST_STRETCH:
        return None
    tracks = _track(first, second, start)
    fit = _supported(tracks, size_of(first))
    if fit is None:
        return None
    moved = np.linalg.norm(transform(fit.first, start) - fit.second, axis=1)
    if np.median(moved) < _residual(fit) * _STILL_RATIO + _STILL_PX:
        return replace(fit, matrix=start)
    if fit.support <= _SUPPORT_ALONE:
        return None
    return _supported(_track(first, second, fit.matrix), size_of(first)) or fit


def _fit_anywhere(first: MatLike, second: MatLike) -> Fit | None:
    """A homography from keypoints, then made finer and confirmed by tracking."""
    here, there = find_keypoints(first), find_keypoints(second)
    pairs = match_keypoints(here, there)
    fits = candidates(here.points[pairs[:, 0]], there.points[pairs[:, 1]], size_of(first))
    if not fits:
        return None
    agreements = [_agreement(first, second, one.matrix) for one in fits]
    best = next(i for i, one in enumerate(agreements) if one > max(agreements) - _AS_GOOD)
    fit = fits[best]
    finer = refined(first, second, fit)
    is_certain = len(fit.first) >= _MANY or agreements[best] > _AGREEMENT
    is_alone_enough = len(fit.first) >= _VERY_MANY or fit.support > _SUPPORT_ALONE
    return finer or (fit if is_certain and is_alone_enough else None)


def refined(first: MatLike, second: MatLike, fit: Fit) -> Fit | None:
    """The same homography made finer by tracking; None if too few corners are found by it."""
    finer: Fit | None = fit
    for _ in range(_REFINEMENTS):
        if finer is not None:
            finer = _supported(_track(first, second, finer.matrix), size_of(first))
    return finer


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


def _agreement(first: MatLike, second: MatLike, matrix: Matrix) -> float:
    """How the large forms correlate where the first, laid on the second, covers it."""
    laid = cv2.warpPerspective(first, matrix, size_of(second))
    cover = cv2.warpPerspective(np.full_like(first, 255), matrix, size_of(second))
    here, there = (
        np.asarray(cv2.GaussianBlur(one, (0, 0), 4), np.float64)[::4, ::4] for one in (laid, second)
    )
    inside = np.asarray(cover)[::4, ::4] == 255
    if inside.mean() < _LEAST_OVERLAP:
        return -1.0
    return _correlation(here[inside], there[inside])


def _correlation(one: MatLike, other: MatLike) -> float:
    """Pearson's; 0 where one of them is flat, for which NumPy's corrcoef has no answer."""
    here, there = one - np.mean(one), other - np.mean(other)
    return float((here * there).sum() / (np.linalg.norm(here) * np.linalg.norm(there) + 1e-6))


@dataclass(frozen=True, slots=True, eq=False)
class _Tracks:
    """Points of two pictures that were followed from the one to the other, and back.

    Args:
        tried: how many set out.
    """

    first: Points
    second: Points
    tried: int


def _track(first: MatLike, second: MatLike, start: Matrix) -> _Tracks:
    """Follow the corners of the first picture, laid on the second by `start`."""
    laid = _laid(first, start, size_of(second))
    seen = cv2.warpPerspective(np.full_like(first, 255), start, size_of(second))
    seen = cv2.erode(seen, np.ones((_WINDOW, _WINDOW), np.uint8), borderValue=255)
    here, there = _flattened(laid), _flattened(second)
    gap = max(3.0, 0.015 * max(size_of(second)))
    spots = cv2.goodFeaturesToTrack(here, _TRACKED, _CORNER, gap, mask=seen)
    if spots is None:
        return _Tracks(np.empty((0, 2)), np.empty((0, 2)), 0)
    ahead, is_found, _ = cv2.calcOpticalFlowPyrLK(
        here, there, spots, spots.copy(), winSize=(_WINDOW, _WINDOW)
    )
    back, is_back, _ = cv2.calcOpticalFlowPyrLK(
        there, here, ahead, spots.copy(), winSize=(_WINDOW, _WINDOW)
    )
    astray = np.abs(back - spots).max(axis=(1, 2))
    kept = np.logical_and(is_found, is_back).ravel() & (astray < _ASTRAY_PX)
    origin = transform(spots[kept, 0].astype(np.float64), inverse(start))
    return _Tracks(origin, ahead[kept, 0].astype(np.float64), len(spots))


def _supported(tracks: _Tracks, size: Size) -> Fit | None:
    """The homography of the tracks, if enough of those that set out agree with it."""
    fit = fit_homography(tracks.first, tracks.second, _REACH_FINE_PX)
    if fit is None or not is_sane(fit, size):
        return None
    support = len(fit.first) / tracks.tried
    if support < _SUPPORT or not (are_spread(fit.first) and are_spread(fit.second)):
        return None
    return replace(fit, support=support)


def are_spread(points: Points) -> bool:
    """Whether points lie neither in one spot nor on one line."""
    return float(np.linalg.eigvalsh(np.cov(points.T))[0]) > _SPREAD_PX**2


def _is_plain(first: MatLike, second: MatLike, start: Matrix, fit: Fit | None) -> bool:
    """Whether the start lays them on each other, and as well as what the keypoints say."""
    if abs(start[0, 0] / start[1, 1] - 1) > _MOST_STRETCH:
        return False
    if fit is None:
        laid = _laid(first, start, size_of(second))
        soft, other = (cv2.GaussianBlur(one, (0, 0), 2) for one in (laid, second))
        is_same = float((cv2.absdiff(soft, other) <= _SAME_LEVELS).mean()) > _SAME_SHARE
        return is_same or _likeness(first, second, start) > _SAME_PATTERN
    least = max(_SAME_PATTERN, _likeness(first, second, fit.matrix) - _PLAINER)
    return fit.matrix is not start and _likeness(first, second, start) > least


def _likeness(first: MatLike, second: MatLike, matrix: Matrix) -> float:
    """How the detail correlates if the first is laid on the second."""
    return _correlation(_flattened(_laid(first, matrix, size_of(second))), _flattened(second))


def _laid(image: MatLike, matrix: Matrix, size: Size) -> MatLike:
    return cv2.warpPerspective(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)


def _flattened(grey: MatLike) -> MatLike:
    """The picture without its light: levels about their neighbourhood's, in its own measure."""
    levels = grey.astype(np.float32)
    centred = levels - cv2.GaussianBlur(levels, (0, 0), _NEIGHBOURHOOD_PX)
    spread = cv2.GaussianBlur(centred * centred, (0, 0), _NEIGHBOURHOOD_PX)
    shown = 128 + 42 * centred / (np.sqrt(spread) + _FAINT_LEVELS + 2 * _noise(grey))
    return np.asarray(
        cv2.GaussianBlur(np.clip(shown, 0, 255).astype(np.uint8), (0, 0), 0.8), np.uint8
    )


def _noise(grey: MatLike) -> float:
    """The standard deviation of a picture's noise, or of its finest texture; grey levels.

    Source:
        Immerkaer, Fast noise variance estimation, CVIU 1996; the median for the mean.
    """
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
    return 1.4826 * float(np.median(np.abs(cv2.filter2D(grey, cv2.CV_32F, kernel))))


def has_detail(image: MatLike, *, resolution: int = 512) -> bool:
    """Whether a picture holds anything that it could be aligned by."""
    small = _grey(shrink(image, resolution))
    spots = cv2.goodFeaturesToTrack(_flattened(small), 4 * _FEWEST, _CORNER, 3)
    return spots is not None and len(spots) >= 2 * _FEWEST


def _grey(image: MatLike) -> MatLike:
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _residual(fit: Fit) -> float:
    apart = np.linalg.norm(transform(fit.first, fit.matrix) - fit.second, axis=1)
    return float(np.median(apart)) if len(apart) else 0.0
