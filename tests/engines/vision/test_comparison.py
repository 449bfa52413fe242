"""Comparison: light, noise and shifts leave no mark; what is added leaves one, and only there."""

import cv2
import numpy as np
import pytest
import skimage.data

from engines.vision.comparison import Flags, Layers, Strictness, differing

STRICTNESS = Strictness(levels=24, blur=0.8, finest=4, smallest=0, gap=3, is_by_hue=False)


@pytest.fixture(scope="module")
def photograph() -> Layers:
    image = skimage.data.astronaut()[100:300:1, 100:350, ::-1]  # type: ignore[no-untyped-call]
    return np.asarray(image, np.float32)


def mark(first: Layers, second: Layers) -> Flags:
    return differing(first, second, np.ones(first.shape[:2], np.bool_), STRICTNESS)


def test_equal_pictures_are_left_unmarked(photograph: Layers) -> None:
    assert not mark(photograph, photograph).any()


@pytest.mark.parametrize("gain", [0.5, 0.8, 1.25])
def test_exposure_leaves_no_mark(photograph: Layers, gain: float) -> None:
    assert not mark(photograph, np.clip(photograph * gain, 0, 255)).any()


def test_light_that_falls_off_leaves_no_mark(photograph: Layers) -> None:
    slope = np.linspace(0.8, 1, photograph.shape[1], dtype=np.float32)
    assert not mark(photograph, photograph * slope[:, np.newaxis]).any()


def test_a_shift_by_a_pixel_leaves_no_mark(photograph: Layers) -> None:
    assert not mark(photograph[:, 1:], photograph[:, :-1]).any()


def test_noise_leaves_no_mark(photograph: Layers) -> None:
    noise = np.random.default_rng(2026).normal(0, 6, photograph.shape)
    assert not mark(photograph, (photograph + noise).astype(np.float32)).any()


def test_a_new_part_is_marked_and_nothing_else(photograph: Layers) -> None:
    second = photograph * 0.8
    second[50:80, 60:100] = (200, 30, 120)
    marked = mark(photograph, second)
    assert marked[52:78, 62:98].mean() > 0.95
    marked[47:83, 57:103] = False
    assert not marked.any()


def test_a_line_of_one_pixel_is_marked_on_a_clean_page() -> None:
    page = np.full((100, 100, 3), 240, np.float32)
    second = page.copy()
    cv2.line(second, (20, 50), (80, 50), (0, 0, 0), 1)
    assert mark(page, second)[50, 20:81].all()


def test_nothing_is_marked_outside_what_is_valid(photograph: Layers) -> None:
    valid = np.zeros(photograph.shape[:2], np.bool_)
    valid[:, :80] = True
    second = photograph.copy()
    second[50:80, 60:100] = 0
    assert not (differing(photograph, second, valid, STRICTNESS) & ~valid).any()


def test_nothing_valid_is_nothing_marked(photograph: Layers) -> None:
    none = np.zeros(photograph.shape[:2], np.bool_)
    assert not differing(photograph, 255 - photograph, none, STRICTNESS).any()
