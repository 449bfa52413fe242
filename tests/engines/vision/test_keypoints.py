"""Keypoints move with the picture, are paired only where that is clear, and can be mirrored."""

from collections.abc import Callable

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.homography import Points
from engines.vision.keypoints import Keypoints, find_keypoints, match_keypoints, mirrored

SIDE = 256


@pytest.fixture(scope="module")
def grey() -> Pixels:
    return np.asarray(skimage.data.camera()[::2, ::2], np.uint8)  # type: ignore[no-untyped-call]


def share_at(expected: Points, found: Points) -> float:
    """Of the points, those that are within a quarter of a pixel of where they have to be."""
    return float((np.abs(expected - found).max(axis=1) < 0.25).mean())


def drawn(*rows: tuple[float, ...]) -> Keypoints:
    """Keypoints whose descriptors are what a test says, of length 1."""
    descriptors = np.pad(np.array(rows, np.float32), ((0, 0), (0, 128 - len(rows[0]))))
    lengths = np.linalg.norm(descriptors, axis=1, keepdims=True)
    return Keypoints(np.zeros((len(rows), 2)), descriptors / lengths)


def test_a_picture_matches_itself_point_by_point(grey: Pixels) -> None:
    found = find_keypoints(grey)
    pairs = match_keypoints(found, found)
    assert len(pairs) > 100
    assert np.array_equal(found.points[pairs[:, 0]], found.points[pairs[:, 1]])


def test_keypoints_move_with_the_picture(grey: Pixels) -> None:
    here, there = find_keypoints(grey), find_keypoints(grey[9:, 17:])
    pairs = match_keypoints(here, there)
    assert len(pairs) > 100
    assert share_at(here.points[pairs[:, 0]] - (17, 9), there.points[pairs[:, 1]]) > 0.95


@pytest.mark.parametrize(
    ("quarters", "place"),
    [
        (1, lambda x, y: (y, SIDE - 1 - x)),
        (2, lambda x, y: (SIDE - 1 - x, SIDE - 1 - y)),
        (3, lambda x, y: (SIDE - 1 - y, x)),
    ],
)
def test_keypoints_turn_with_the_picture(
    grey: Pixels, quarters: int, place: Callable[..., tuple[NDArray[np.float64], ...]]
) -> None:
    here = find_keypoints(grey)
    there = find_keypoints(np.ascontiguousarray(np.rot90(grey, quarters)))
    pairs = match_keypoints(here, there)
    assert len(pairs) > 100
    turned = np.stack(place(*here.points[pairs[:, 0]].T), axis=1)
    assert share_at(turned, there.points[pairs[:, 1]]) > 0.95


def test_less_light_leaves_keypoints_alike(grey: Pixels) -> None:
    here, there = find_keypoints(grey), find_keypoints((grey // 2).astype(np.uint8))
    pairs = match_keypoints(here, there)
    assert len(pairs) > 100
    assert share_at(here.points[pairs[:, 0]], there.points[pairs[:, 1]]) > 0.95


def test_mirrored_keypoints_are_those_of_the_mirrored_picture(grey: Pixels) -> None:
    there = find_keypoints(np.ascontiguousarray(grey[:, ::-1]))
    here = mirrored(find_keypoints(grey), SIDE)
    pairs = match_keypoints(here, there)
    assert len(pairs) > 4 * len(match_keypoints(find_keypoints(grey), there))
    assert share_at(here.points[pairs[:, 0]], there.points[pairs[:, 1]]) > 0.95


def test_mirrored_twice_is_as_it_was(grey: Pixels) -> None:
    found = find_keypoints(grey)
    again = mirrored(mirrored(found, SIDE), SIDE)
    assert np.array_equal(again.points, found.points)
    assert np.array_equal(again.descriptors, found.descriptors)


def test_descriptors_are_of_length_one(grey: Pixels) -> None:
    lengths = np.linalg.norm(find_keypoints(grey).descriptors, axis=1)
    assert np.allclose(lengths, 1)


def test_of_a_rich_picture_the_strongest_are_kept() -> None:
    rich = skimage.data.gravel()  # type: ignore[no-untyped-call]
    assert len(find_keypoints(rich).points) == 1500


def test_faint_texture_has_keypoints_too() -> None:
    faint = 100 + skimage.data.gravel()[:256, :256] // 6  # type: ignore[no-untyped-call]
    assert len(find_keypoints(faint.astype(np.uint8)).points) > 200


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (1, 500), (50, 50)])
def test_a_flat_picture_has_no_keypoints_and_no_matches(
    grey: Pixels, shape: tuple[int, int]
) -> None:
    none = find_keypoints(np.full(shape, 7, np.uint8))
    assert len(none.points) == len(none.descriptors) == 0
    assert match_keypoints(none, find_keypoints(grey)).shape == (0, 2)


def test_a_view_of_a_picture_has_its_copys_keypoints(grey: Pixels) -> None:
    view = grey[::-1, ::2]
    assert np.array_equal(find_keypoints(view).points, find_keypoints(view.copy()).points)


def test_pairs_are_rows_of_the_first_and_of_the_second() -> None:
    first, second = drawn((1, 0, 0), (0, 1, 0), (0, 0, 1)), drawn((0, 1, 0), (1, 0, 0))
    assert match_keypoints(first, second).tolist() == [[0, 1], [1, 0]]


def test_what_has_two_counterparts_is_not_paired() -> None:
    once, twice = drawn((1, 0), (0, 1)), drawn((1, 0), (1, 0), (0, 1))
    assert match_keypoints(once, twice).tolist() == [[1, 2]]
    assert match_keypoints(twice, once).tolist() == [[2, 1]]


def test_a_pair_is_one_that_chooses_each_other() -> None:
    first, second = drawn((1, 0, 0), (1, 0.4, 0)), drawn((1, 0, 0), (0, 0, 1))
    assert match_keypoints(first, second).tolist() == [[0, 0]]


def test_a_single_keypoint_cannot_be_told_from_another() -> None:
    assert len(match_keypoints(drawn((1, 0)), drawn((1, 0), (0, 1)))) == 0
