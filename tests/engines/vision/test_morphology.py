"""Morphology: elements are symmetric, and closing fills gaps inside but none at the border."""

import cv2
import numpy as np
import pytest

from engines.vision.morphology import closed, disc, square, window


@pytest.mark.parametrize("radius", [1, 2, 5])
def test_elements_reach_as_far_as_their_radius(radius: int) -> None:
    for element in (square(radius), disc(radius)):
        assert element.shape == (2 * radius + 1, 2 * radius + 1)
        assert element[0, radius] == element[radius, 0] == element[radius, -1] == 1
    assert square(radius).all()
    assert not disc(radius)[[0, 0, -1, -1], [0, -1, 0, -1]].any()


@pytest.mark.parametrize("kind", [np.uint8, np.bool_])
def test_the_window_holds_all_that_is_set_and_no_more(kind: type[np.generic]) -> None:
    mask = np.zeros((20, 40), kind)
    mask[3, 7] = mask[18, 39] = 1
    assert window(mask) == (slice(3, 19), slice(7, 40))


def test_a_margin_ends_where_the_mask_does() -> None:
    mask = np.zeros((20, 40), np.uint8)
    mask[3, 7:39] = 1
    assert mask[window(mask, 5)].shape == (9, 38)


def test_where_nothing_is_set_the_window_is_one_pixel() -> None:
    assert window(np.zeros((20, 40), np.uint8)) == (slice(0, 1), slice(0, 1))


def test_closing_fills_narrow_gaps_and_leaves_wide_ones() -> None:
    mask = np.zeros((20, 40), np.uint8)
    mask[5:15, 5:15] = mask[5:15, 17:25] = mask[5:15, 31:35] = 1
    whole = closed(mask, square(2))
    assert whole[5:15, 5:25].all()
    assert not whole[:, 26:30].any()


def test_closing_adds_nothing_along_the_border() -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[8:12, 2:18] = 1
    assert np.array_equal(closed(mask, square(4)), mask)


def test_an_element_of_one_pixel_fills_nothing() -> None:
    mask = np.zeros((20, 20), np.uint8)
    mask[3:5, 3:9] = 1
    assert np.array_equal(closed(mask, square(0)), mask)


@pytest.mark.parametrize("share", [0, 0.001, 0.02, 0.3])
@pytest.mark.parametrize("radius", [1, 4, 30])
def test_closing_is_erosion_after_dilation_on_an_endless_ground(share: float, radius: int) -> None:
    mask = (np.random.default_rng(radius).random((40, 60)) < share).astype(np.uint8)
    ground = np.pad(mask, 3 * radius)
    spread = cv2.dilate(ground, square(radius))
    whole = cv2.erode(spread, square(radius))[3 * radius : -3 * radius, 3 * radius : -3 * radius]
    assert np.array_equal(closed(mask, square(radius)), whole)
