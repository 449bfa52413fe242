"""Registration: each by a fact that holds by construction."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data

from engines.core.errors import NotAlignable
from engines.core.shapes import Pixels
from engines.vision import registration
from engines.vision.homography import Fit, Matrix, candidates, outline, stretch, transform
from engines.vision.registration import has_detail, register


@pytest.fixture(scope="module")
def grey() -> Pixels:
    return np.asarray(skimage.data.camera()[::2, ::2], np.uint8)  # type: ignore[no-untyped-call]


def seen(degrees: float, scale: float = 1) -> tuple[Pixels, Matrix]:
    """The photograph turned about its middle, and the matrix that turns it."""
    whole = np.asarray(skimage.data.camera(), np.uint8)  # type: ignore[no-untyped-call]
    matrix = cv2.getRotationMatrix2D((256, 256), degrees, scale)
    turned = cv2.warpAffine(whole, matrix, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8), np.vstack([matrix, [0, 0, 1]])


def astray(found: Matrix, truth: Matrix) -> float:
    """By how many pixels the worst corner is misplaced."""
    frame = outline((512, 512))
    return float(np.abs(transform(frame, found) - transform(frame, truth)).max())


def test_the_matrix_is_right_to_a_fraction_of_a_pixel() -> None:
    second, truth = seen(40, 0.5)
    darker = (second * 0.6).astype(np.uint8)
    assert astray(register(seen(0)[0], darker).matrix, truth) < 0.15


def test_what_is_the_same_once_reduced_is_stretched() -> None:
    whole = cv2.resize(seen(0)[0], (1024, 768), interpolation=cv2.INTER_CUBIC)
    half = cv2.resize(whole, (512, 384), interpolation=cv2.INTER_AREA)
    for first, second in ((whole, half), (half, whole)):
        expected = stretch(first.shape[::-1], second.shape[::-1])
        assert register(first, second).matrix.tolist() == expected.tolist()


@pytest.mark.parametrize("more", [((0, 1), (0, 0)), ((1, 0), (0, 0)), ((0, 0), (1, 1))])
def test_a_row_or_column_more_leaves_a_page_where_it_lay(
    more: tuple[tuple[int, int], tuple[int, int]],
) -> None:
    first = np.full((1400, 930), 245, np.uint8)
    for line in range(40):
        cv2.putText(first, f"{line * 7919} of {line**5}", (40, 40 + 32 * line), 0, 0.6, 30, 1, 16)
    second = first.copy()
    cv2.putText(second, "changed", (600, 400), 0, 0.6, 30, 1, 16)
    second = np.pad(second, more, mode="edge")
    (above, _), (before, _) = more
    expected = [[1, 0, before], [0, 1, above], [0, 0, 1]]
    assert register(first, second).matrix.tolist() == expected
    assert register(second, first).matrix.tolist() == np.linalg.inv(expected).tolist()


def test_squares_stretched_by_a_pixel_are_no_row_more() -> None:
    squares = np.random.default_rng(3).integers(0, 2, (90, 90), dtype=np.uint8)
    first = np.kron(255 * squares, np.ones((4, 4), np.uint8))
    second = cv2.resize(first, (360, 361), interpolation=cv2.INTER_CUBIC)
    assert register(first, second).matrix.tolist() == stretch((360, 360), (360, 361)).tolist()


def test_what_holds_most_keypoints_is_left_if_it_alone_has_moved() -> None:
    stones = skimage.data.gravel()[:200, :200]  # type: ignore[no-untyped-call]
    first, (second, truth) = seen(0)[0], seen(20)
    first[60:260, 60:260] = stones
    second[240:440, 250:450] = stones
    assert astray(register(first, second).matrix, truth) < 1


def test_a_wrong_candidate_that_agrees_by_chance_is_not_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    second, truth = seen(40, 0.5)
    wrong = np.array([[0.3, 0, 400], [0, 0.3, 30], [0, 0, 1]])

    def and_a_wrong_one(*pairs_and_size: Any) -> list[Fit]:
        [right, *_] = candidates(*pairs_and_size)
        return [right, replace(right, matrix=wrong, first=right.first[:9], support=0.1)]

    monkeypatch.setattr(registration, "candidates", and_a_wrong_one)
    monkeypatch.setattr(registration, "_agreement", lambda *one: float(one[-1] is wrong))
    assert astray(register(seen(0)[0], second).matrix, truth) < 0.15


def flat(height: int, width: int, level: int) -> Pixels:
    return np.full((height, width), level, np.uint8)


@pytest.mark.parametrize("level", [90, 101])
def test_flat_pictures_of_nearly_one_level_are_stretched(level: int) -> None:
    found = register(flat(40, 60, 90), flat(80, 120, level))
    assert np.array_equal(found.matrix, stretch((60, 40), (120, 80)))


def test_flat_pictures_of_two_levels_are_refused() -> None:
    with pytest.raises(NotAlignable):
        register(flat(40, 60, 90), flat(80, 120, 110))


def test_registering_both_ways_gives_inverse_matrices(grey: Pixels) -> None:
    first, second = grey[20:, 10:], grey[:-20, :-10]
    round_trip = register(second, first).matrix @ register(first, second).matrix
    frame = outline((246, 236))
    assert np.abs(transform(frame, round_trip) - frame).max() < 0.3


def test_a_flat_picture_does_not_lie_on_a_photograph(grey: Pixels) -> None:
    with pytest.raises(NotAlignable):
        register(np.full_like(grey, 90), grey)


def test_a_plain_ground_and_a_lone_edge_hold_no_detail(grey: Pixels) -> None:
    assert has_detail(grey)
    assert not has_detail(flat(200, 300, 90))
    one_edge = flat(200, 300, 90)
    one_edge[:, 150:] = 200
    assert not has_detail(one_edge)


def test_nothing_is_looked_for_where_nearly_all_detail_is_in_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registration, "find_keypoints", lambda grey: pytest.fail("looked for"))
    first, _ = seen(0)
    faint = np.random.default_rng(3).random(first.shape) < 0.25
    assert register(first, (first ^ faint).astype(np.uint8)).matrix.tolist() == np.eye(3).tolist()
