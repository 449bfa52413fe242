"""Feature match: keypoints of one picture found again in another, and where that puts it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engines.core.choice import Choice
from engines.core.registry import engine
from engines.core.shapes import (
    Details,
    EngineResult,
    Image,
    Info,
    Parameters,
    Picture,
    ResultFile,
)
from engines.vision.homography import (
    Fit,
    Matrix,
    Points,
    candidates,
    inverse,
    outline,
    stretch,
    transform,
)
from engines.vision.keypoints import Keypoints, find_keypoints
from engines.vision.marking import RED, joined, outlined, pen_px
from engines.vision.registration import refined
from engines.vision.scaling import Size, shrink, size_of

Point: TypeAlias = tuple[float, float]
"""x and y, px; the middle of the first pixel is 0, 0."""
IndexParams: TypeAlias = dict[str, bool | int | float | str]

SIDE_PX = 1600
SMALLEST_PX = 16
"""Below this a descriptor's patch has no room; AKAZE writes beyond its memory on one-pixel rows."""
MOST_KEYPOINTS = 5000
KD_TREE: IndexParams = {"algorithm": 1, "trees": 4}
CHECKS: IndexParams = {"checks": 64}
LSH: IndexParams = {"algorithm": 6, "table_number": 20, "key_size": 12, "multi_probe_level": 1}
"""With these both find what comparing all with all finds, but for about one match in a hundred."""
SEED = 2026
REACH_PX = 4.0
MOST_FITTED = 2000
FEWEST_INLIERS = 10
LEAST_SUPPORT = 0.5
"""Share of the corners in the common part that have to be found by tracking, both ways."""
MOST_LINES = 40
MOST_GUESSES = 20


class Detector(Choice):
    """What finds and describes keypoints; all but SIFT describe them by bits."""

    SIFT = "SIFT"
    ORB = "ORB"
    AKAZE = "AKAZE"
    BRISK = "BRISK"


BINARY: dict[Detector, Callable[[], cv2.Feature2D]] = {
    Detector.ORB: lambda: cv2.ORB.create(nfeatures=MOST_KEYPOINTS, fastThreshold=7),
    Detector.AKAZE: lambda: cv2.AKAZE.create(max_points=MOST_KEYPOINTS, threshold=0.0001),
    Detector.BRISK: lambda: cv2.BRISK.create(thresh=8),
}
"""Far below OpenCV's thresholds, which leave dim and soft pictures without keypoints."""


class Matcher(Choice):
    """What finds the nearest descriptors: by an index, or by comparing all with all."""

    FLANN = "FLANN"
    BFMATCHER = "BFMatcher"


class Params(Parameters):
    """What `feature_match` can be told."""

    detector: Detector = Field(
        Detector.SIFT, description="What finds and describes the keypoints; ORB is the fastest."
    )
    matcher: Matcher = Field(
        Matcher.FLANN,
        description="FLANN looks descriptors up in an index (k-d trees for SIFT, LSH for the "
        "others); BFMatcher compares all with all.",
    )
    ratio_threshold: float = Field(
        0.75,
        ge=0.1,
        le=1,
        description="A match is good if its distance is below this share of the second best's.",
    )
    max_matches: int = Field(
        200,
        ge=1,
        le=5000,
        description="How many of the good matches are listed, best first; all are counted, and "
        "all decide on the homography.",
    )


class Match(BaseModel):
    """A keypoint of the query and the one in the train picture that looks most like it."""

    query: Point = Field(description="x, y on the query, px.")
    train: Point = Field(description="x, y on the train picture, px.")
    distance: float = Field(
        ge=0, description="Between the descriptors; comparable for one detector only."
    )
    is_inlier: bool = Field(description="Whether it agrees with the homography.")


class Result(EngineResult[Info]):
    """The matches, and where they put the query.

    Coordinates are pixels of the pictures as they were sent, with the middle of the first
    pixel at 0, 0, as OpenCV's `warpPerspective` takes them.
    """

    query_keypoints: int = Field(ge=0, description="Keypoints of the query; at most 5000.")
    train_keypoints: int = Field(ge=0, description="Keypoints of the train picture; at most 5000.")
    good_matches: int = Field(
        ge=0, description="Matches that pass the ratio test, also beyond max_matches."
    )
    detector: Detector
    matcher: Matcher
    inliers: int = Field(
        ge=0, description="Good matches that agree with the homography; 0 without one."
    )
    homography: list[list[float]] | None = Field(
        None,
        description="Three rows of three: query to train picture, the last number is 1. Absent "
        "where too few matches agree, or on nothing that could be seen.",
    )
    outline: list[Point] | None = Field(
        None,
        description="The query's outer corners in the train picture, clockwise from its top left; "
        "they may lie outside. Absent without a homography.",
    )
    matches: list[Match] = Field(description="Good matches, the smallest distance first.")


def draw(query: Image, train: Image, result: Result) -> Picture:
    """Both pictures side by side, the query's outline, and lines between what matches."""
    marks = [(np.array(result.outline), RED)] if result.outline else []
    shown = [one for one in result.matches if one.is_inlier or not result.outline]
    ends = np.array([(one.query, one.train) for one in shown]).reshape(-1, 2, 2)
    lines = ends[_spread_out(ends[:, 0], MOST_LINES if result.outline else MOST_GUESSES)]
    found = outlined(train, marks, pen_px(train))
    return Picture(joined(query, found, lines, is_faint=not result.outline))


@engine(version="2.0.0", draw=draw)
def feature_match(query: Image, train: Image, *, params: Params) -> Result:
    """Match the keypoints of a query picture in a train picture, and find the query there.

    Both are reduced to a longer side of 1600 px while they are compared.

    Args:
        query: uint8 (H, W, 3), BGR; what is looked for.
        train: uint8 (H, W, 3), BGR; of any size.

    Returns:
        counts, matches, and the homography where enough of them agree; pictures without
        keypoints give 0 matches.

    Source:
        Lowe, IJCV 2004 (SIFT, ratio test); Rublee et al., ICCV 2011 (ORB); Alcantarilla et
        al., BMVC 2013 (AKAZE); Leutenegger et al., ICCV 2011 (BRISK); Muja and Lowe, PAMI
        2014 (FLANN); Barath et al., CVPR 2020 (MAGSAC++).
    """
    small_query, small_train = (
        cv2.cvtColor(shrink(one, SIDE_PX), cv2.COLOR_BGR2GRAY) for one in (query, train)
    )
    here, there = (_keypoints(one, params.detector) for one in (small_query, small_train))
    pairs, distances = _good_matches(here, there, params)
    first, second = here.points[pairs[:, 0]], there.points[pairs[:, 1]]
    fit = _homography(small_query, small_train, first, second, pairs[:, 1])
    agreeing = _agreeing(first, second, fit)
    to_query = stretch(size_of(small_query), size_of(query))
    to_train = stretch(size_of(small_train), size_of(train))
    listed = slice(params.max_matches)
    result = Result(
        query_keypoints=len(here.points),
        train_keypoints=len(there.points),
        good_matches=len(pairs),
        detector=params.detector,
        matcher=params.matcher,
        inliers=int(agreeing.sum()),
        matches=_listed(
            transform(first[listed], to_query),
            transform(second[listed], to_train),
            distances[listed],
            agreeing[listed],
        ),
        details=Details(info=Info()),
    )
    if fit is not None:
        matrix = to_train @ fit @ inverse(to_query)
        result.homography = (matrix / matrix[2, 2]).tolist()
        result.outline = [(x, y) for x, y in transform(outline(size_of(query)), matrix).tolist()]
    result.details.message = _message(result)
    result.files = (ResultFile("matches.png", draw(query, train, result)),)
    return result


def _keypoints(grey: MatLike, detector: Detector) -> Keypoints:
    """The strongest keypoints of a picture, in the order of their strength."""
    if min(grey.shape) < SMALLEST_PX:
        return Keypoints(np.empty((0, 2)), np.empty((0, 1), np.uint8))
    if detector is Detector.SIFT:
        return find_keypoints(grey, most=MOST_KEYPOINTS)
    finder = BINARY[detector]()
    # BRISK has no bound of its own, and describing half a million keypoints takes seconds.
    found = sorted(finder.detect(grey, None), key=lambda one: -one.response)[:MOST_KEYPOINTS]
    kept, descriptors = finder.compute(grey, found)
    points = np.array([one.pt for one in kept], np.float64).reshape(-1, 2)
    return Keypoints(points, np.empty((0, 1), np.uint8) if descriptors is None else descriptors)


def _good_matches(
    here: Keypoints, there: Keypoints, params: Params
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Pairs of rows (N, 2) that pass the ratio test, and their distances, nearest first."""
    if not len(here.points) or len(there.points) < 2:
        return np.empty((0, 2), np.intp), np.empty(0)
    cv2.setRNGSeed(SEED)  # FLANN draws its trees and hashes by chance.
    nearest = _matcher(here, params.matcher).knnMatch(here.descriptors, there.descriptors, k=2)
    good = [
        # LSH may find one neighbour, or none: then there is no ratio.
        two[0]
        for two in nearest
        if len(two) == 2 and two[0].distance < params.ratio_threshold * two[1].distance
    ]
    good.sort(key=lambda one: one.distance)
    pairs = np.array([(one.queryIdx, one.trainIdx) for one in good], np.intp).reshape(-1, 2)
    return pairs, np.array([one.distance for one in good], np.float64)


def _matcher(keypoints: Keypoints, matcher: Matcher) -> cv2.DescriptorMatcher:
    is_binary = keypoints.descriptors.dtype == np.uint8
    if matcher is Matcher.BFMATCHER:
        return cv2.BFMatcher(cv2.NORM_HAMMING if is_binary else cv2.NORM_L2)
    return cv2.FlannBasedMatcher(LSH, {}) if is_binary else cv2.FlannBasedMatcher(KD_TREE, CHECKS)


def _homography(
    query: MatLike, train: MatLike, first: Points, second: Points, targets: NDArray[np.intp]
) -> Matrix | None:
    """The homography that the matches agree on, made finer, if there is no doubt of it.

    Args:
        query: uint8 (H, W).
        train: uint8 (H, W).
        first: of the matches, on the query, nearest first.
        second: the same on the train picture.
        targets: which keypoint of the train picture each is.
    """
    # Of many that choose one keypoint at most one is right.
    chosen = np.sort(np.unique(targets, return_index=True)[1])[:MOST_FITTED]
    first, second = first[chosen], second[chosen]
    sizes = size_of(query), size_of(train)
    fits = [one for one in candidates(first, second, sizes[0]) if len(one.first) >= FEWEST_INLIERS]
    # Of pages that share words dozens of matches agree on one of the words: counting is not enough.
    tracked = [finer for one in fits if (finer := refined(query, train, one))]
    supports = [_mutual_support(query, train, one) for one in tracked]
    if max(supports, default=0) > LEAST_SUPPORT:
        return tracked[int(np.argmax(supports))].matrix
    certain = (one for one in fits if _is_beyond_doubt(one, first, second, *sizes))
    return next((one.matrix for one in certain), None)


def _mutual_support(query: MatLike, train: MatLike, fit: Fit) -> float:
    """The share of corners that are found where they should be: of the query, and back again."""
    back = refined(train, query, replace(fit, matrix=inverse(fit.matrix)))
    return min(fit.support, back.support) if back else 0


def _is_beyond_doubt(fit: Fit, first: Points, second: Points, query: Size, train: Size) -> bool:
    """Whether most matches agree of those that lie in the common part on either picture.

    Source:
        Brown and Lowe, Automatic panoramic image stitching using invariant features, IJCV
        2007; twice what they ask for.
    """
    ahead = _is_inside(transform(first, fit.matrix), train)
    back = _is_inside(transform(second, inverse(fit.matrix)), query)
    return len(fit.first) > 2 * (8 + 0.3 * int((ahead | back).sum()))


def _is_inside(points: Points, size: Size) -> NDArray[np.bool_]:
    return np.asarray(((points > -0.5) & (points < np.subtract(size, 0.5))).all(axis=1))


def _agreeing(first: Points, second: Points, matrix: Matrix | None) -> NDArray[np.bool_]:
    """Which matches lie where a homography puts them."""
    if matrix is None:
        return np.zeros(len(first), np.bool_)
    apart = np.linalg.norm(transform(first, matrix) - second, axis=1)
    return np.asarray(apart < REACH_PX)


def _listed(
    first: Points, second: Points, distances: NDArray[np.float64], agreeing: NDArray[np.bool_]
) -> list[Match]:
    rows = zip(first.tolist(), second.tolist(), distances.tolist(), agreeing.tolist(), strict=True)
    return [
        Match(query=one, train=other, distance=distance, is_inlier=is_inlier)
        for one, other, distance, is_inlier in rows
    ]


def _message(result: Result) -> str:
    if not result.query_keypoints:
        return "No keypoints in the query."
    if not result.train_keypoints:
        return "No keypoints in the train picture."
    if result.homography:
        return f"{result.inliers} of {result.good_matches} good matches agree on one homography."
    return f"{result.good_matches} good matches, and no homography that they agree on."


def _spread_out(points: Points, count: int) -> list[int]:
    """The first point, and then always the one that is furthest from all chosen before."""
    chosen = list[int]()
    nearest = np.full(len(points), np.inf)
    while len(chosen) < min(count, len(points)):
        chosen.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen
