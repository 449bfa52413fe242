"""Translation: pictures of a single row or column."""

import numpy as np
import pytest

from engines.core.errors import NotAlignable
from engines.vision.translation import on_whole_pixels, phase_correlation


@pytest.mark.parametrize("shape", [(5000, 1), (1, 5000)])
def test_a_line_is_laid_on_itself(shape: tuple[int, int]) -> None:
    line = np.random.default_rng(7).integers(0, 256, shape, np.uint8)
    assert np.array_equal(phase_correlation(line, line), np.eye(3))


@pytest.mark.parametrize("shape", [(2, 2), (3, 7), (1, 1)])
def test_a_line_and_a_dot_have_nothing_in_common(shape: tuple[int, int]) -> None:
    generator = np.random.default_rng(7)
    line, dot = (generator.integers(0, 256, one, np.uint8) for one in ((5000, 1), shape))
    with pytest.raises(NotAlignable):
        phase_correlation(line, dot)


def test_next_to_a_shift_there_may_be_nothing_in_common() -> None:
    first, second = np.random.default_rng(7).integers(0, 256, (2, 9, 1), np.uint8)
    assert np.array_equal(on_whole_pixels(first, second, np.eye(3)), np.eye(3))
