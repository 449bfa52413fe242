"""Evenness: drawings are mostly even ground, photographs are not, and noise leaves none."""

import numpy as np
import pytest
import skimage.data

from engines.core.shapes import Pixels
from engines.vision.evenness import evenness, is_mostly_even


def test_a_drawn_page_is_mostly_even(page: Pixels) -> None:
    assert is_mostly_even(page)


def test_a_photograph_is_not() -> None:
    image = np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])  # type: ignore[no-untyped-call]
    assert not is_mostly_even(image)


def test_the_share_of_what_is_even_is_told() -> None:
    image = np.full((100, 200, 3), 120, np.uint8)
    image[:, :50:2] = 0
    assert evenness(image) == pytest.approx(0.75, abs=0.01)


def test_a_noisy_page_is_not_even(page: Pixels) -> None:
    noise = np.random.default_rng(2026).normal(0, 6, page.shape)
    assert not is_mostly_even(np.clip(page + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (2000, 1)])
def test_a_flat_picture_of_any_size_is_even(size: tuple[int, int]) -> None:
    assert evenness(np.full((*size, 3), 7, np.uint8)) == 1
