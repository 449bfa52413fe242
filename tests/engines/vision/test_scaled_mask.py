"""Scaled mask: smaller, and of the same values."""

import numpy as np
import pytest

from engines.vision.scaled_mask import Params, scaled_mask

MASK = np.random.default_rng(7).choice(np.array([0, 85, 255], np.uint8), (90, 120, 3))


@pytest.mark.parametrize("percent", [1, 33, 50, 99.5, 100])
def test_no_value_is_mixed_with_another(percent: float) -> None:
    small = scaled_mask(MASK, params=Params(percent=percent)).mask.pixels
    assert set(np.unique(small)) <= {0, 85, 255}
    assert small.shape == (round(0.9 * percent), round(1.2 * percent), 3)


def test_whole_it_stays_as_it_is() -> None:
    assert np.array_equal(scaled_mask(MASK, params=Params()).mask.pixels, MASK)


def test_of_the_smallest_a_pixel_is_left() -> None:
    assert scaled_mask(MASK[:1, :1], params=Params(percent=1)).mask.pixels.shape == (1, 1, 3)
