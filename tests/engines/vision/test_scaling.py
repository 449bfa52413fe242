"""Scaling: the longer side is what was asked for, and the picture keeps its form and its levels."""

import numpy as np
import pytest

from engines.core.shapes import Pixels
from engines.vision.scaling import halved, reduced, scaled, shrink, size_of, to_longer_side

RAMP = np.repeat(np.arange(240, dtype=np.uint8)[np.newaxis], 120, axis=0)


def test_a_large_picture_is_reduced_in_its_form() -> None:
    assert size_of(shrink(RAMP, 100)) == (100, 50)


def test_a_small_picture_is_not_enlarged() -> None:
    assert np.array_equal(shrink(RAMP, 240), RAMP)
    assert np.array_equal(shrink(RAMP, 1600), RAMP)


@pytest.mark.parametrize(("most", "size"), [(28800, (240, 120)), (28799, (120, 60)), (40, (8, 4))])
def test_a_picture_is_halved_until_it_has_few_enough_pixels(
    most: int, size: tuple[int, int]
) -> None:
    assert size_of(halved(RAMP, most)) == size


@pytest.mark.parametrize("side", [60, 240, 480])
def test_the_longer_side_is_brought_to_what_is_asked_for(side: int) -> None:
    assert size_of(to_longer_side(RAMP, side)) == (side, side // 2)


def test_the_shorter_side_is_the_nearest_whole_one() -> None:
    assert scaled((300, 197), 1 / 3) == (100, 66)
    assert scaled((196, 300), 1 / 3) == (65, 100)


def test_a_thin_picture_keeps_a_pixel_of_width() -> None:
    assert size_of(shrink(np.zeros((4000, 1, 3), np.uint8), 64)) == (1, 64)


@pytest.mark.parametrize("size", [(120, 60), (40, 20), (30, 15)])
def test_a_reduced_pixel_is_the_mean_of_those_it_covers(size: tuple[int, int]) -> None:
    step = 240 // size[0]
    means: Pixels = RAMP.reshape(size[1], step, size[0], step).mean(axis=(1, 3))
    assert np.abs(reduced(RAMP, size) - means).max() <= 1
