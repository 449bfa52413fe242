"""Foreground: objects on plain, sloping and noisy grounds; outlines and their areas."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.shapes import Mask, Pixels
from engines.vision.foreground import (
    border,
    cut_out,
    deviation,
    enclosed_pixels,
    foreground,
    has_plain_border,
    outlines,
)
from tests.engines.drawing import mask_iou

DISC = np.hypot(*(np.indices((120, 160)) - np.array([50, 70]).reshape(2, 1, 1))) < 30


def disc_on(ground: object, level: float) -> Pixels:
    return np.where(DISC, level, np.asarray(ground)).astype(np.uint8)


@pytest.mark.parametrize(("ground", "level"), [(0, 255), (255, 0), (120, 140), (140, 120)])
def test_lighter_and_darker_objects_are_found(ground: int, level: int) -> None:
    assert mask_iou(foreground(disc_on(ground, level)).mask, DISC) > 0.98


def test_a_bright_and_a_dark_object_are_both_found() -> None:
    picture = np.full((100, 200), 120, np.uint8)
    picture[30:70, 30:70], picture[30:70, 130:170] = 125, 255
    assert len(outlines(foreground(picture).mask)) == 2


def test_a_ground_that_slopes_is_ground() -> None:
    slope = np.tile(np.linspace(20, 200, 160), (120, 1))
    assert mask_iou(foreground(disc_on(slope, 250)).mask, DISC) > 0.95


def test_an_object_over_the_border_is_an_object() -> None:
    picture = np.full((120, 160), 30, np.uint8)
    picture[60:, 40:90] = 200
    assert mask_iou(foreground(picture).mask, picture == 200) > 0.98


def test_a_gap_of_two_pixels_parts_two_objects() -> None:
    picture = np.full((100, 200), 255, np.uint8)
    picture[30:70, 30:98], picture[30:70, 100:170] = 0, 0
    assert len(outlines(foreground(picture).mask)) == 2


@pytest.mark.parametrize("sigma", [0, 1, 5, 20, 60])
def test_noise_is_no_object(sigma: float) -> None:
    noise = 128 + np.random.default_rng(2).normal(0, sigma, (240, 320))
    assert outlines(foreground(np.clip(noise, 0, 255).astype(np.uint8)).mask) == []


def test_a_slope_alone_is_no_object() -> None:
    slope = np.tile(np.arange(256, dtype=np.uint8), (200, 1))
    assert not foreground(slope).mask.any()


def test_the_contrast_is_the_distance_from_the_ground() -> None:
    contrast = foreground(disc_on(100, 160)).contrast
    assert contrast[50, 70] == 60
    assert contrast[110, 10] == 0


def test_a_border_is_plain_where_one_channel_of_it_is_however_it_slopes() -> None:
    random = np.random.default_rng(2026)
    noisy = random.uniform(0, 255, (120, 160, 3))
    assert not has_plain_border(noisy.astype(np.uint8))
    noisy[..., 1] = np.arange(160) / 2 + np.arange(120)[:, np.newaxis] / 2
    assert has_plain_border(noisy.astype(np.uint8))


def test_an_object_over_a_fifth_of_the_border_leaves_it_plain() -> None:
    picture = np.full((120, 160, 3), 200, np.uint8)
    picture[20:, 40:80] = 20
    assert has_plain_border(picture)
    picture[60:] = 20
    assert not has_plain_border(picture)


def test_on_a_transparent_ground_what_is_visible_is_foreground() -> None:
    image = np.dstack([np.full((120, 160, 3), 255), 255 * DISC]).astype(np.uint8)
    found = cut_out(image)
    assert found is not None
    assert np.array_equal(found.mask, DISC)


@pytest.mark.parametrize("is_ground", [DISC, np.zeros_like(DISC)])
def test_where_the_border_is_visible_alpha_parts_nothing(is_ground: Mask) -> None:
    image = np.dstack([np.full((120, 160, 3), 255), 255 * ~is_ground]).astype(np.uint8)
    assert cut_out(image) is None
    assert cut_out(image[..., :3]) is None


def test_outlines_come_biggest_first_and_without_specks() -> None:
    mask = np.zeros((100, 100), np.uint8)
    mask[5:15, 5:15], mask[30:80, 30:80], mask[90:93, 90:93] = 1, 1, 1
    assert [enclosed_pixels(one) for one in outlines(mask)] == [2500, 100]


@given(st.lists(st.integers(2, 57), min_size=6, max_size=6))
def test_the_pixels_enclosed_are_those_of_the_filled_outline(places: list[int]) -> None:
    mask = np.zeros((60, 60), np.uint8)
    cv2.fillPoly(mask, [np.array(places, np.int32).reshape(3, 2)], 1)
    (outline,), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    filled = cv2.drawContours(np.zeros_like(mask), [outline], -1, 1, cv2.FILLED)
    assert enclosed_pixels(outline) >= np.count_nonzero(filled)
    assert enclosed_pixels(outline) == pytest.approx(np.count_nonzero(filled), abs=60)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (1, 9), (3, 100), (200, 300)])
def test_the_border_runs_along_all_sides(shape: tuple[int, int]) -> None:
    numbered = np.arange(shape[0] * shape[1]).reshape(shape)
    along = set(np.concatenate([arc.ravel() for arc in border(numbered)]).tolist())
    rim = {*numbered[0], *numbered[-1], *numbered[:, 0], *numbered[:, -1]}
    assert rim <= along


def test_a_border_is_as_plain_as_all_but_its_oddest_fiftieth() -> None:
    """By NumPy's percentiles of each arc, and of the arcs."""
    contrast = np.random.default_rng(3).integers(0, 256, (90, 130), np.uint8)
    deviations = [np.percentile(arc, 98) for arc in border(contrast)]
    assert deviation(contrast) == pytest.approx(np.percentile(deviations, 70), abs=1e-9)
