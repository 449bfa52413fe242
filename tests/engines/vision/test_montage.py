"""Montage: both pictures at one height, whatever their sizes."""

import numpy as np
import pytest

from engines.vision.montage import pen_px, side_by_side


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ((40, 60), (40, 60), (40, 128)),
        ((40, 60), (80, 60), (80, 188)),
        ((2000, 1000), (2000, 1000), (1000, 1008)),
        ((1, 1), (1, 1), (1, 10)),
    ],
)
def test_both_have_the_higher_ones_height(
    first: tuple[int, int], second: tuple[int, int], shown: tuple[int, int]
) -> None:
    pictures = (np.zeros((*size, 3), np.uint8) for size in (first, second))
    assert side_by_side(*pictures).pixels.shape == (*shown, 3)


def test_a_long_strip_does_not_make_a_vast_picture() -> None:
    strip = np.zeros((2, 9000, 3), np.uint8)
    assert side_by_side(strip, np.zeros((1000, 10, 3), np.uint8)).pixels.shape[1] < 4100


def test_pens_grow_with_the_picture() -> None:
    assert pen_px(np.zeros((10, 10, 3), np.uint8)) == 1
    assert pen_px(np.zeros((3000, 4000, 3), np.uint8)) == 13
