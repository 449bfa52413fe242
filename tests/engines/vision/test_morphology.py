"""Morphology: elements are symmetric, and closing fills gaps inside but none at the border."""

import numpy as np
import pytest

from engines.vision.morphology import closed, disc, square


@pytest.mark.parametrize("radius", [1, 2, 5])
def test_elements_reach_as_far_as_their_radius(radius: int) -> None:
    for element in (square(radius), disc(radius)):
        assert element.shape == (2 * radius + 1, 2 * radius + 1)
        assert element[0, radius] == element[radius, 0] == element[radius, -1] == 1
    assert square(radius).all()
    assert not disc(radius)[[0, 0, -1, -1], [0, -1, 0, -1]].any()


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
