"""Registration: the homography that lays one picture on another, or the refusal that none does."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.errors import NotAlignable
from engines.vision.disagreement import in_common
from engines.vision.equality import SAME_DETAIL, stillness
from engines.vision.homography import (
    Fit,
    Matrix,
    Points,
    are_spread,
    candidates,
    fit_homography,
    fit_similarity,
    inverse,
    is_sane,
    stretch,
    transform,
)
from engines.vision.keypoints import find_keypoints, match_keypoints
from engines.vision.local_contrast import SAME_PATTERN, flattened, pearson
from engines.vision.scaling import Size, shrink, size_of, to_longer_side
from engines.vision.translation import on_whole_pixels, phase_correlation

_LEAST_SIDE = 256
"""Longer side of what is compared, px: smaller ones have next to no keypoints."""
_MANY = 16
_VERY_MANY = 40
"""Agreeing keypoints: so many are no accident."""
_REACH_PX = 1.0
"""How far a tracked point may be from where a homography puts it."""
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
_NEARLY_ALL = 0.9
_SAME_DETAIL = 0.85
"""Correlation of the detail of pictures of the same; the grid of a board one mesh off had 0.82."""
_CLEARLY = 0.1
"""By how much the detail correlates more if what was found in place is wrong."""
_MOSTLY = 0.5
"""Share of either that is on the other if a few keypoints tell how they lie."""
_SPOT = 0.25
"""Share of a picture from which on points tell a perspective."""
_LUMA = np.array([0.114, 0.587, 0.299])
_HARDLY = 0.04
"""Share of the variance along the axis of the colours; of photographs brightness has a third."""
_SAMPLES = 64
"""A side, by which colours are told."""
_STILL_RATIO = 1.25
_STILL_PX = 0.05
"""A pair lies still if its points are as near to where they were as to where they are put."""
_SAME_LEVELS = 12
_SAME_SHARE = 0.999
_NOT_STRETCHED = 0.75
"""Share of the detail; a drawing stretched by a pixel keeps two thirds of it level for level."""
_PLAINER = 0.01
"""A plainer matrix is taken if the pictures correlate by so much less at most."""
_MOST_STRETCH = 0.02
_DETAIL = 16
"""Corners that a picture can be aligned by."""
NOTHING = 0.1
"""Share of a picture's detail that the other shows although not even a part is the same."""


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
    grey_first, grey_second = _levels(first, second)
    here, there = (_at_working_size(one, resolution) for one in (grey_first, grey_second))
    start = stretch(size_of(here), size_of(there))
    pair = _Pair(here, there)
    if _is_in_place(pair, start):
        return Registration(_plain(grey_first, grey_second), 0, 0.0)
    is_of_one_form = _stretch_of(first, second) <= _MOST_STRETCH
    fit = _fit_in_place(pair, start) if is_of_one_form else None
    if fit is None or not _is_beyond_doubt(pair, fit):
        fit = _more_alike(pair, fit, _fit_anywhere(pair))
    if is_of_one_form and _is_plain(pair, start, fit):
        fit = Fit(start, *_NO_PAIRS)
    elif fit is not None and fit.matrix is not start:
        fit = _plainest(fit, size_of(here))
    if fit is None:
        fit = Fit(start, *_NO_PAIRS)
        matrix = phase_correlation(grey_first, grey_second)
    elif fit.matrix is start:
        matrix = _plain(grey_first, grey_second)
    else:
        to_first = stretch(size_of(first), size_of(here))
        to_second = stretch(size_of(second), size_of(there))
        matrix = inverse(to_second) @ fit.matrix @ to_first
        matrix = on_whole_pixels(grey_first, grey_second, matrix / matrix[2, 2])
    is_moved = not np.array_equal(matrix, stretch(size_of(first), size_of(second)))
    if not len(fit.first) and not is_moved and as_they_lie(first, second) < NOTHING:
        raise NotAlignable("The two pictures show nothing that is the same in both.")
    return Registration(matrix, len(fit.first), _residual(fit))


def as_they_lie(first: MatLike, second: MatLike, *, resolution: int = 512) -> float:
    """The share of a picture's detail that the other has at the same place; of both, the larger.

    Args:
        first: uint8 (H, W) or (H, W, 3).
        second: uint8 (H, W) or (H, W, 3).
        resolution: the longer side at which they are compared, px.
    """
    here, there = (_colour(shrink(one, resolution)) for one in (first, second))
    return in_common(here, there, stretch(size_of(here), size_of(there)))


def _plain(first: MatLike, second: MatLike) -> Matrix:
    """The stretch between their sizes, or the place that a row or column more leaves them."""
    matrix = stretch(size_of(first), size_of(second))
    if first.shape == second.shape:
        return matrix
    return on_whole_pixels(first, second, matrix, share=_NOT_STRETCHED)


def _at_working_size(grey: MatLike, resolution: int) -> MatLike:
    """Reduced to a resolution, and what is tiny enlarged."""
    return to_longer_side(grey, min(resolution, max(_LEAST_SIDE, *grey.shape)))


def _stretch_of(first: MatLike, second: MatLike) -> float:
    """By how much one is wider for its height than the other, beyond what whole pixels leave."""
    (width, height), (other_width, other_height) = size_of(first), size_of(second)
    rounding = 1 / min(width, height, other_width, other_height)
    return abs(width * other_height / (height * other_width) - 1) - rounding


class _Pair:
    """Two pictures of the working size, each without its light as often as that is needed."""

    def __init__(self, first: MatLike, second: MatLike) -> None:
        self.first = first
        self.second = second
        self._laid: dict[bytes, MatLike] = {}

    @cached_property
    def there(self) -> MatLike:
        """The second, without its light."""
        return flattened(self.second)

    def here(self, matrix: Matrix) -> MatLike:
        """The first, laid on the second and without its light."""
        key = matrix.tobytes()
        if key not in self._laid:
            self._laid[key] = flattened(_laid(self.first, matrix, size_of(self.second)))
        return self._laid[key]


def _is_in_place(pair: _Pair, start: Matrix) -> bool:
    """Whether most is level for level the same, and not only as in a grid one mesh off.

    Where the detail correlates nearly fully, nothing that is looked for can do so clearly more.
    """
    share = stillness(pair.first, pair.second)
    if share > _NEARLY_ALL or share <= SAME_DETAIL:
        return share > _NEARLY_ALL
    if _likeness(pair, start) > 1 - _CLEARLY:
        return True
    unmoved = Fit(start, *_NO_PAIRS)
    return _more_alike(pair, unmoved, _fit_anywhere(pair)) is unmoved


def _fit_in_place(pair: _Pair, start: Matrix) -> Fit | None:
    """The start itself when the pictures fit already, or else the small motion they lack."""
    fit = _supported(_track(pair, start), size_of(pair.first))
    if fit is None:
        return None
    moved = np.linalg.norm(transform(fit.first, start) - fit.second, axis=1)
    if np.median(moved) < _residual(fit) * _STILL_RATIO + _STILL_PX:
        return replace(fit, matrix=start)
    if fit.support <= _SUPPORT_ALONE:
        return None
    return _supported(_track(pair, fit.matrix), size_of(pair.first)) or fit


def _is_beyond_doubt(pair: _Pair, fit: Fit) -> bool:
    """Whether nearly all that was tracked agrees: most of a grid does so one mesh off, too."""
    return fit.support > _NEARLY_ALL or _likeness(pair, fit.matrix) > _SAME_DETAIL


def _more_alike(pair: _Pair, fit: Fit | None, other: Fit | None) -> Fit | None:
    """That by which the detail correlates more; the other one only if it does so clearly."""
    if fit is None or other is None:
        return fit or other
    likeness, others = (_likeness(pair, one.matrix) for one in (fit, other))
    return other if others > likeness + _CLEARLY else fit


def _fit_anywhere(pair: _Pair) -> Fit | None:
    """A homography from keypoints, then made finer and confirmed by tracking."""
    first, second = pair.first, pair.second
    here, there = find_keypoints(first), find_keypoints(second)
    pairs = match_keypoints(here, there)
    origins, ends = here.points[pairs[:, 0]], there.points[pairs[:, 1]]
    fits = candidates(origins, ends, size_of(first))
    if not fits:
        return _fit_of_few(pair, origins, ends)
    agreements = [_agreement(first, second, one.matrix) for one in fits]
    best = next(i for i, one in enumerate(agreements) if one > max(agreements) - _AS_GOOD)
    # By chance a wrong one with few keypoints may agree best, but none is confirmed.
    for i in sorted(range(len(fits)), key=lambda i: i != best):
        if found := _confirmed(pair, fits[i], agreements[i]):
            return found
    return _fit_of_few(pair, origins, ends)


def _plainest(fit: Fit, size: Size) -> Fit:
    """A similarity if it explains the points as well: those of one spot tell no perspective."""
    if np.ptp(fit.first, axis=0).prod() > _SPOT * size[0] * size[1]:
        return fit
    plain = fit_similarity(fit.first, fit.second, _REACH_PX)
    if plain is None:
        return fit
    finer = replace(fit, matrix=plain.matrix)
    return finer if _residual(finer) < _residual(fit) * _STILL_RATIO + _STILL_PX else fit


def _fit_of_few(pair: _Pair, origins: Points, ends: Points) -> Fit | None:
    """A similarity of a few keypoints, or of some on one line, if all detail bears it out."""
    fit = fit_similarity(origins, ends)
    if fit is None or not is_sane(fit, size_of(pair.first)):
        return None
    tracks = _track(pair, fit.matrix)
    finer = fit_similarity(tracks.first, tracks.second, _REACH_PX) or fit
    best = max(fit, finer, key=lambda one: _likeness_in_common(pair, one.matrix))
    return best if _likeness_in_common(pair, best.matrix) > _SAME_DETAIL else None


def _confirmed(pair: _Pair, fit: Fit, agreement: float) -> Fit | None:
    """A homography made finer by tracking, or as it is if that fails but keypoints are enough."""
    is_certain = len(fit.first) >= _MANY or agreement > _AGREEMENT
    is_alone_enough = len(fit.first) >= _VERY_MANY or fit.support > _SUPPORT_ALONE
    return _refined(pair, fit) or (fit if is_certain and is_alone_enough else None)


def refined(first: MatLike, second: MatLike, fit: Fit) -> Fit | None:
    """The same homography made finer by tracking; None if too few corners are found by it."""
    return _refined(_Pair(first, second), fit)


def _refined(pair: _Pair, fit: Fit) -> Fit | None:
    finer: Fit | None = fit
    for _ in range(_REFINEMENTS):
        if finer is not None:
            finer = _supported(_track(pair, finer.matrix), size_of(pair.first))
    return finer


def _agreement(first: MatLike, second: MatLike, matrix: Matrix) -> float:
    """How the large forms correlate where the first, laid on the second, covers it."""
    laid = cv2.warpPerspective(first, matrix, size_of(second))
    cover = _covered(first, matrix, size_of(second))
    here, there = (
        np.asarray(cv2.GaussianBlur(one, (0, 0), 4), np.float64)[::4, ::4] for one in (laid, second)
    )
    inside = cover[::4, ::4] == 255
    if inside.mean() < _LEAST_OVERLAP:
        return -1.0
    return pearson(here[inside], there[inside])


@dataclass(frozen=True, slots=True, eq=False)
class _Tracks:
    """Points of two pictures that were followed from the one to the other, and back.

    Args:
        tried: how many set out.
    """

    first: Points
    second: Points
    tried: int


def _track(pair: _Pair, start: Matrix) -> _Tracks:
    """Follow the corners of the first picture, laid on the second by `start`."""
    size = size_of(pair.second)
    window = np.ones((_WINDOW, _WINDOW), np.uint8)
    seen = cv2.erode(_covered(pair.first, start, size), window, borderValue=255)
    here, there = pair.here(start), pair.there
    gap = max(3.0, 0.015 * max(size))
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
    fit = fit_homography(tracks.first, tracks.second, _REACH_PX)
    if fit is None or not is_sane(fit, size):
        return None
    support = len(fit.first) / tracks.tried
    if support < _SUPPORT or not (are_spread(fit.first) and are_spread(fit.second)):
        return None
    return replace(fit, support=support)


def _is_plain(pair: _Pair, start: Matrix, fit: Fit | None) -> bool:
    """Whether the start lays them on each other, and as well as what the keypoints say."""
    if fit is None:
        laid = _laid(pair.first, start, size_of(pair.second))
        soft, other = (cv2.GaussianBlur(one, (0, 0), 2) for one in (laid, pair.second))
        is_same = float((cv2.absdiff(soft, other) <= _SAME_LEVELS).mean()) > _SAME_SHARE
        return is_same or _likeness(pair, start) > SAME_PATTERN
    if fit.matrix is start or (plain := _likeness(pair, start)) <= SAME_PATTERN:
        return False
    return plain > _likeness(pair, fit.matrix) - _PLAINER


def _likeness(pair: _Pair, matrix: Matrix) -> float:
    """How the detail correlates if the first is laid on the second."""
    return pearson(pair.here(matrix), pair.there)


def _likeness_in_common(pair: _Pair, matrix: Matrix) -> float:
    """The same where both show something; -1 if that is but little of either."""
    first, second = pair.first, pair.second
    inside = _covered(first, matrix, size_of(second)) == 255
    back = _covered(second, inverse(matrix), size_of(first))
    if max(inside.mean(), np.mean(back == 255)) < _MOSTLY:
        return -1.0
    return pearson(pair.here(matrix)[inside], pair.there[inside])


def _laid(
    image: MatLike, matrix: Matrix, size: Size, border: int = cv2.BORDER_REPLICATE
) -> MatLike:
    if size == size_of(image) and np.array_equal(matrix, np.eye(3)):
        return image
    return cv2.warpPerspective(image, matrix, size, borderMode=border)


def _covered(image: MatLike, matrix: Matrix, size: Size) -> MatLike:
    """255 where a picture, laid on another one of that size, covers it."""
    return _laid(np.full_like(image, 255), matrix, size, cv2.BORDER_CONSTANT)


def has_detail(image: MatLike, *, resolution: int = 512) -> bool:
    """Whether a picture holds anything that it could be aligned by."""
    small = _grey(shrink(image, resolution))
    spots = cv2.goodFeaturesToTrack(flattened(small), 2 * _DETAIL, _CORNER, 3)
    return spots is not None and len(spots) >= _DETAIL


def _levels(first: MatLike, second: MatLike) -> tuple[MatLike, MatLike]:
    """Both in grey; or along the axis of their colours, if these hardly vary in brightness."""
    if first.ndim == 2 or second.ndim == 2:
        return _grey(first), _grey(second)
    spread = _spread_of_colours(first) + _spread_of_colours(second)
    variances, axes = np.linalg.eigh(spread)
    if _LUMA @ spread @ _LUMA >= _HARDLY * variances[-1]:
        return _grey(first), _grey(second)
    axis = axes[:, -1] / np.abs(axes[:, -1]).sum()
    darkest = -255 * np.minimum(axis, 0).sum()
    projection = np.append(axis, darkest)[np.newaxis].astype(np.float32)
    return cv2.transform(first, projection), cv2.transform(second, projection)


def _spread_of_colours(image: MatLike) -> NDArray[np.float64]:
    """The covariance of blue, green and red."""
    height, width = (max(1, side // _SAMPLES) for side in image.shape[:2])
    return np.asarray(np.cov(image[::height, ::width].reshape(-1, 3).T, bias=True), np.float64)


def _grey(image: MatLike) -> MatLike:
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _colour(image: MatLike) -> MatLike:
    return cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image


def _residual(fit: Fit) -> float:
    apart = np.linalg.norm(transform(fit.first, fit.matrix) - fit.second, axis=1)
    return float(np.median(apart)) if len(apart) else 0.0
