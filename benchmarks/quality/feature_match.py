"""Figures of `featureMatch`: the query is outlined where it is, unrelated pictures get nothing.

Beside each figure stands that of plain OpenCV on the same pairs: detectAndCompute as it comes,
knnMatch, the ratio test and findHomography with RANSAC at 5 px, believed from 4 matches on.
"""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality import pairs
from benchmarks.quality.row import Row
from engines.core.shapes import Pixels
from engines.feature_match import Detector, Matcher, Params, feature_match
from engines.vision.homography import outline, transform
from engines.vision.scaling import size_of, to_longer_side

Found: TypeAlias = NDArray[np.float64] | None
"""The query's corners in the train picture."""
Case: TypeAlias = tuple[Pixels, Pixels, NDArray[np.float64] | None]
"""Query, train picture, and the homography between them, if there is one."""

SEED = 2026
PAIRS = 20
SCENE = (1000, 750)
PLAIN: dict[Detector, Callable[[], cv2.Feature2D]] = {
    Detector.SIFT: cv2.SIFT.create,
    Detector.ORB: cv2.ORB.create,
    Detector.AKAZE: cv2.AKAZE.create,
    Detector.BRISK: cv2.BRISK.create,
}


def rows(count: int = PAIRS, seed: int = SEED) -> list[Row]:
    """The table, on so many pairs a row."""
    related = [("warped photographs", _warped), ("photographs in scenes", _in_scene)]
    related += [("drawn pages in pages", _page_in_page)]
    unrelated = [("unrelated photographs", _unrelated), ("unrelated pages", _unrelated_pages)]
    table = [row for name, make in related for row in _placed(name, make, count, seed)]
    return table + [row for name, make in unrelated for row in _refused(name, make, count, seed)]


def _placed(
    name: str, make: Callable[[pairs.Random], Case], count: int, seed: int
) -> Iterator[Row]:
    cases = list(_cases(make, count, seed))
    plain = {one: _errors([_plainly(*case[:2], one) for case in cases], cases) for one in Detector}
    for detector in Detector:
        for matcher in Matcher:
            params = Params(detector=detector, matcher=matcher)
            errors = _errors([_found(*case[:2], params) for case in cases], cases)
            share = float((errors <= 1).mean())
            figure = f"{_summary(errors)}; OpenCV {_summary(plain[detector])}"
            case = f"{name}, {detector}, {matcher}: mean corner error at most 1 px of 512"
            target = "98 %" if make is _warped and detector is Detector.SIFT else ""
            yield Row(case, figure, target, not target or share >= 0.98, count, seed)


def _refused(
    name: str, make: Callable[[pairs.Random], Case], count: int, seed: int
) -> Iterator[Row]:
    cases = list(_cases(make, count, seed))
    for detector in Detector:
        params = [Params(detector=detector), Params(detector=detector, ratio_threshold=1)]
        refused = [_found(*case[:2], one) is None for case in cases for one in params]
        share = float(np.mean(refused))
        plain = np.mean([_plainly(*case[:2], detector) is None for case in cases])
        figure = f"{share:.1%}; OpenCV {plain:.1%}"
        case = f"{name}, {detector}: no homography, ratio 0.75 and 1"
        yield Row(case, figure, "99 %", share >= 0.99, len(refused), seed)


def _cases(make: Callable[[pairs.Random], Case], count: int, seed: int) -> Iterator[Case]:
    random = np.random.default_rng(seed)
    return (make(random) for _ in range(count))


def _warped(random: pairs.Random) -> Case:
    pair = pairs.warped(random)
    return pair.first, pair.second, pair.matrix


def _in_scene(random: pairs.Random) -> Case:
    name, image = pairs.photograph(random)
    _, backdrop = pairs.photograph(random, besides=name)
    return _put(pairs.as_pixels(to_longer_side(image, 512)), backdrop, random)


def _page_in_page(random: pairs.Random) -> Case:
    return _put(_page(random), _page(random)[:480, :640], random)


def _put(query: Pixels, backdrop: Pixels, random: pairs.Random) -> Case:
    """The query somewhere in a scene, turned by any angle, noisy and in other light."""
    unit = SCENE[1] / max(size_of(query))
    scale = (0.3 * unit, 0.8 * unit)
    matrix = pairs.viewpoint(
        size_of(query), SCENE, random, degrees=180, scale=scale, perspective=0.06, shift=0.25
    )
    train = pairs.lit(pairs.seen(query, matrix, SCENE, backdrop), random.uniform(0.6, 1.4))
    return query, pairs.jpeg(pairs.noisy(train, random.uniform(0, 6), random), 60), matrix


def _page(random: pairs.Random) -> Pixels:
    return pairs.drawn(random, count=0).first


def _unrelated(random: pairs.Random) -> Case:
    return *pairs.unrelated(random), None


def _unrelated_pages(random: pairs.Random) -> Case:
    return _page(random), _page(random), None


def _found(query: Pixels, train: Pixels, params: Params) -> Found:
    result = feature_match(query, train, params=params)
    return None if result.outline is None else np.array(result.outline)


def _plainly(query: Pixels, train: Pixels, detector: Detector) -> Found:
    finder = PLAIN[detector]()
    here, there = (finder.detectAndCompute(one, None) for one in (query, train))
    if here[1] is None or there[1] is None or len(there[0]) < 2:
        return None
    norm = cv2.NORM_L2 if detector is Detector.SIFT else cv2.NORM_HAMMING
    nearest = cv2.BFMatcher(norm).knnMatch(here[1], there[1], k=2)
    good = [one for one, second in nearest if one.distance < 0.75 * second.distance]
    if len(good) < 4:
        return None
    first = np.array([here[0][one.queryIdx].pt for one in good])
    second = np.array([there[0][one.trainIdx].pt for one in good])
    matrix, _ = cv2.findHomography(first, second, cv2.RANSAC, 5)
    if matrix is None:
        return None
    return transform(outline(size_of(query)), np.asarray(matrix, np.float64))


def _errors(found: list[Found], cases: list[Case]) -> NDArray[np.float64]:
    """Mean corner errors, px of 512; infinite where nothing was found."""
    errors = []
    for corners, (query, train, matrix) in zip(found, cases, strict=True):
        assert matrix is not None
        truth = transform(outline(size_of(query)), matrix)
        apart = np.inf if corners is None else np.linalg.norm(corners - truth, axis=1).mean()
        errors.append(apart * 512 / max(size_of(train)))
    return np.array(errors)


def _summary(errors: NDArray[np.float64]) -> str:
    """The share that is right, and how many are wrong without saying so."""
    wrong = int(((errors > 5) & np.isfinite(errors)).sum())
    return f"{(errors <= 1).mean():.1%} ({np.median(errors):.2f} px, {wrong} wrong)"
