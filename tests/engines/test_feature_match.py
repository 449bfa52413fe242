"""Feature match: known motions, what is counted and listed, unrelated and empty pictures."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.core.errors import BadParameter
from engines.core.registry import catalogue
from engines.core.shapes import Picture, Pixels
from engines.feature_match import Detector, Matcher, Params, Result, feature_match
from engines.vision.marking import RED
from tests.engines import drawing

EVERY_WAY = [(detector, matcher) for detector in Detector for matcher in Matcher]


@pytest.fixture(scope="module")
def astronaut() -> Pixels:
    return drawing.photograph("astronaut.png")


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return drawing.photograph("chelsea.png")


def turned(image: Pixels, degrees: float, scale: float = 1) -> tuple[Pixels, NDArray[np.float64]]:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    warped = cv2.warpAffine(image, matrix, (width, height))
    return np.asarray(warped, np.uint8), np.vstack([matrix, [0, 0, 1]])


def mapped(points: list[list[float]], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(cv2.perspectiveTransform(np.array([points], np.float64), matrix)[0])


def corners(image: Pixels) -> list[list[float]]:
    right, bottom = image.shape[1] - 0.5, image.shape[0] - 0.5
    return [[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]]


def corner_error(result: Result, truth: NDArray[np.float64], image: Pixels) -> float:
    apart = np.array(result.outline) - mapped(corners(image), truth)
    return float(np.linalg.norm(apart, axis=1).max())


def shown(result: Result) -> Pixels:
    (file,) = result.files
    assert isinstance(file.content, Picture)
    return np.asarray(file.content.pixels, np.uint8)


@pytest.mark.parametrize(("detector", "matcher"), EVERY_WAY)
def test_a_turned_photograph_is_outlined(
    astronaut: Pixels, detector: Detector, matcher: Matcher
) -> None:
    train, truth = turned(astronaut, 25, 0.7)
    result = feature_match(astronaut, train, params=Params(detector=detector, matcher=matcher))
    assert (result.detector, result.matcher) == (detector, matcher)
    assert corner_error(result, truth, astronaut) < 1
    assert 50 < result.inliers <= result.good_matches <= result.query_keypoints


@pytest.mark.parametrize(("detector", "matcher"), EVERY_WAY)
def test_unrelated_pictures_get_no_homography(
    astronaut: Pixels, cat: Pixels, detector: Detector, matcher: Matcher
) -> None:
    params = Params(detector=detector, matcher=matcher, ratio_threshold=1)
    result = feature_match(cat, astronaut, params=params)
    assert result.good_matches > 100
    assert (result.homography, result.outline, result.inliers) == (None, None, 0)
    assert not any(one.is_inlier for one in result.matches)


def test_the_outline_is_where_the_homography_puts_the_corners(astronaut: Pixels) -> None:
    query = astronaut[100:300, 150:400]
    result = feature_match(query, astronaut, params=Params())
    assert np.array(result.outline) == pytest.approx(
        mapped(corners(query), np.array(result.homography)), abs=1e-9
    )
    assert result.homography is not None
    assert result.homography[2][2] == 1
    assert result.outline is not None
    assert result.outline[0] == pytest.approx((149.5, 99.5), abs=0.1)


def test_coordinates_are_those_of_the_pictures_as_sent(astronaut: Pixels) -> None:
    large = np.asarray(cv2.resize(astronaut, (3200, 3200)), np.uint8)
    result = feature_match(astronaut, large, params=Params())
    assert np.array(result.outline) == pytest.approx(np.array(corners(large)), abs=3)
    inliers = [one for one in result.matches if one.is_inlier]
    apart = [np.subtract(one.train, np.add(one.query, 0.5) * 6.25 - 0.5) for one in inliers]
    assert np.linalg.norm(apart, axis=1).max() < 4 * 2 + 3


def test_a_drawn_page_is_found_among_other_pages(page: Pixels) -> None:
    train = np.full((900, 1200, 3), 230, np.uint8)
    train[60:260, 700:1000] = cv2.resize(page, (300, 200), interpolation=cv2.INTER_AREA)
    cv2.putText(train, "Other letters", (100, 700), cv2.FONT_HERSHEY_SIMPLEX, 2, (0, 0, 0), 3)
    result = feature_match(page, train, params=Params())
    assert result.outline is not None
    assert result.outline[0] == pytest.approx((699.5, 59.5), abs=1)
    assert result.outline[2] == pytest.approx((999.5, 259.5), abs=1)


def test_the_best_matches_are_listed_first_and_all_are_counted(astronaut: Pixels) -> None:
    train, _ = turned(astronaut, 10)
    every = feature_match(astronaut, train, params=Params(max_matches=5000))
    few = feature_match(astronaut, train, params=Params(max_matches=7))
    distances = [one.distance for one in every.matches]
    assert distances == sorted(distances)
    assert len(every.matches) == every.good_matches == few.good_matches
    assert few.matches == every.matches[:7]
    assert (few.homography, few.inliers) == (every.homography, every.inliers)
    assert sum(one.is_inlier for one in every.matches) == every.inliers


def test_a_stricter_ratio_leaves_fewer_matches(astronaut: Pixels, cat: Pixels) -> None:
    train = np.hstack([turned(astronaut, 10)[0][:300], cat[:300]])
    ratios = [0.1, 0.5, 0.75, 0.9, 1.0]
    results = [
        feature_match(astronaut, train, params=Params(ratio_threshold=one)) for one in ratios
    ]
    counts = [one.good_matches for one in results]
    assert counts == sorted(set(counts))
    assert counts[-1] <= results[-1].query_keypoints


@pytest.mark.parametrize("detector", Detector)
def test_two_equally_near_neighbours_are_no_match_even_at_a_ratio_of_one(
    astronaut: Pixels, detector: Detector
) -> None:
    query = astronaut[40:280, 120:360]  # Divisible by what detectors reduce by.
    twice = np.hstack([query, query])
    params = Params(detector=detector, matcher=Matcher.BFMATCHER, ratio_threshold=1)
    once = feature_match(query, query, params=params)
    assert once.good_matches > 0.9 * once.query_keypoints
    assert feature_match(query, twice, params=params).good_matches < 0.6 * once.good_matches


@pytest.mark.parametrize(("detector", "matcher"), EVERY_WAY)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (200, 300)])
def test_a_flat_picture_has_no_keypoints_and_an_answer(
    page: Pixels, detector: Detector, matcher: Matcher, size: tuple[int, int]
) -> None:
    flat = np.full((*size, 3), 90, np.uint8)
    params = Params(detector=detector, matcher=matcher)
    there, back = (feature_match(*pair, params=params) for pair in ((flat, page), (page, flat)))
    assert there.query_keypoints == back.train_keypoints == 0
    assert there.good_matches == back.good_matches == 0
    assert there.details.message == "No keypoints in the query."
    assert back.details.message == "No keypoints in the train picture."


@pytest.mark.parametrize("size", [(1, 400), (400, 2), (15, 400), (16, 400), (17, 17)])
@pytest.mark.parametrize("detector", Detector)
def test_strips_full_of_noise_are_matched_without_error(
    detector: Detector, size: tuple[int, int]
) -> None:
    strip = np.random.default_rng(2026).integers(0, 256, (*size, 3), np.uint8)
    result = feature_match(strip, strip, params=Params(detector=detector))
    assert min(size) >= 16 or result.query_keypoints == 0


@pytest.mark.parametrize("detector", Detector)
def test_an_index_that_holds_too_few_neighbours_gives_no_match(
    astronaut: Pixels, detector: Detector
) -> None:
    train = np.full((64, 64, 3), 255, np.uint8)
    cv2.circle(train, (30, 33), 6, (0, 0, 0), -1)
    result = feature_match(astronaut[:200, :200], train, params=Params(detector=detector))
    assert result.query_keypoints > 10 > result.inliers


def test_pictures_with_few_keypoints_are_matched_without_error() -> None:
    dot = np.full((64, 64, 3), 255, np.uint8)
    cv2.circle(dot, (30, 33), 6, (0, 0, 0), -1)
    for detector, matcher in EVERY_WAY:
        params = Params(detector=detector, matcher=matcher, ratio_threshold=1)
        result = feature_match(dot, dot, params=params)
        assert result.outline is None


@pytest.mark.parametrize("detector", [Detector.SIFT, Detector.ORB])
def test_what_ran_before_does_not_change_the_answer(
    astronaut: Pixels, cat: Pixels, detector: Detector
) -> None:
    train, _ = turned(astronaut, 10)
    once = feature_match(astronaut, train, params=Params(detector=detector))
    cv2.setRNGSeed(5)
    feature_match(cat, astronaut, params=Params(detector=Detector.ORB))
    again = feature_match(astronaut, train, params=Params(detector=detector))
    assert again.model_dump() == once.model_dump()
    assert np.array_equal(shown(again), shown(once))


@pytest.mark.parametrize("detector", Detector)
def test_a_mirrored_picture_is_not_outlined(astronaut: Pixels, detector: Detector) -> None:
    mirrored = np.ascontiguousarray(astronaut[:, ::-1])
    assert feature_match(astronaut, mirrored, params=Params(detector=detector)).outline is None


def list_of(words: list[str]) -> Pixels:
    page = np.full((600, 800, 3), 255, np.uint8)
    for place, word in enumerate(words):
        spot = (40 + 250 * (place % 3), 80 + 90 * (place // 3))
        cv2.putText(page, word, spot, cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2)
    return page


@pytest.mark.parametrize("detector", Detector)
def test_two_pages_that_share_words_get_no_homography(detector: Detector) -> None:
    words = ["Order", "Total", "Cancel", "Save", "Search", "Price", "Menu", "Date", "Help", "Close"]
    query, train = list_of(words), list_of(words[::-1])
    result = feature_match(query, train, params=Params(detector=detector))
    assert result.good_matches > 30
    assert result.outline is None


@pytest.mark.parametrize("detector", Detector)
def test_keypoints_are_bounded(detector: Detector) -> None:
    noise = np.random.default_rng(2026).integers(0, 256, (1400, 1400, 3), np.uint8)
    result = feature_match(noise, noise[:64, :64], params=Params(detector=detector))
    assert result.query_keypoints == 5000


def test_inputs_are_left_as_they_are(astronaut: Pixels) -> None:
    query, train = astronaut[::-2, ::2], astronaut[::2, ::2]
    query.flags.writeable = train.flags.writeable = False
    views = feature_match(query, train, params=Params())
    copies = feature_match(query.copy(), train.copy(), params=Params())
    assert views.model_dump() == copies.model_dump()


def test_the_picture_frames_the_query_where_it_lies(astronaut: Pixels, cat: Pixels) -> None:
    query, train = astronaut[20:220, 150:350], cat[:300, :450].copy()
    train[60:260, 200:400] = query
    picture = shown(feature_match(query, train, params=Params()))
    assert picture.shape == (300, 300 + 8 + 450, 3)
    is_red = (np.abs(picture.astype(int) - RED).max(axis=2) < 30)[:, 308:]
    frame = np.zeros_like(is_red)
    frame[58:263, 198:403] = True
    frame[63:257, 203:397] = False
    assert is_red[frame].mean() > 0.1
    assert not is_red[:55].any()


def test_matches_that_agree_on_nothing_are_drawn_faintly(astronaut: Pixels, cat: Pixels) -> None:
    agreed = feature_match(astronaut, astronaut, params=Params(ratio_threshold=1))
    guessed = feature_match(astronaut, cat, params=Params(ratio_threshold=1))
    strong, faint = (
        int((np.ptp(shown(one).astype(int), axis=2) > 190).sum()) for one in (agreed, guessed)
    )
    assert strong > 20 * max(1, faint)


def test_the_answer_as_a_picture_is_the_file(astronaut: Pixels) -> None:
    train, _ = turned(astronaut, 10)
    result = feature_match(astronaut, train, params=Params())
    draw = catalogue()["feature_match"].draw
    assert draw is not None
    assert [one.name for one in result.files] == ["matches.png"]
    assert np.array_equal(draw(astronaut, train, result).pixels, shown(result))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("detector", "SURF"),
        ("matcher", "BF"),
        ("ratio_threshold", "0.09"),
        ("ratio_threshold", "1.01"),
        ("ratio_threshold", "nan"),
        ("max_matches", "0"),
        ("max_matches", "5001"),
    ],
)
def test_a_parameter_out_of_range_is_refused(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=name):
        Params.from_text({name: text})


def test_words_are_read_in_any_case() -> None:
    params = Params.from_text({"detector": "akaze", "matcher": "bfmatcher"})
    assert (params.detector, params.matcher) == (Detector.AKAZE, Matcher.BFMATCHER)
