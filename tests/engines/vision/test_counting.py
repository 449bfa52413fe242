"""Counting: the same as NumPy, which sorts."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.vision.counting import cumulative_counts, percentile

MOST = 4080


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (31, 17), (40, 30, 3)])
@pytest.mark.parametrize("percent", [0, 12.5, 50, 98, 100])
def test_percentiles_are_those_of_numpy(shape: tuple[int, ...], percent: float) -> None:
    random = np.random.default_rng(3)
    for levels, most in (
        (random.integers(0, 256, shape, np.uint8), 255),
        (random.integers(0, MOST + 1, shape, np.uint16), MOST),
    ):
        assert percentile(levels, percent, most) == pytest.approx(np.percentile(levels, percent))


def test_a_part_of_a_picture_is_counted_alone() -> None:
    levels = np.arange(48, dtype=np.uint8).reshape(6, 8)
    assert percentile(levels[2:5, 3:6], 50) == np.median(levels[2:5, 3:6])


def test_none_is_lost_of_a_very_large_picture() -> None:
    levels: NDArray[np.uint8] = np.zeros((4097, 4097), np.uint8)
    levels[2048:] = 1
    levels[0] = np.arange(4097) % 200
    expected = np.cumsum(np.bincount(levels.ravel(), minlength=256))
    assert cumulative_counts(levels).tolist() == expected.tolist()
