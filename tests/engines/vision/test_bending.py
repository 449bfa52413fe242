"""Bending: a smooth motion is taken away, a change and a picture that is not bent are left."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.vision.bending import bend, unbent

Plane = NDArray[np.float32]


def lines() -> Plane:
    page = np.full((300, 400, 3), 250, np.float32)
    for y in range(20, 290, 30):
        cv2.putText(page, f"line {y * 7919} of {y}", (15, y), 0, 0.6, (20, 20, 20), 2, 16)
    return page


def bent(image: Plane, most_px: float) -> Plane:
    height, width = image.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    moves = most_px * np.sin(np.pi * x / width) * np.cos(np.pi * y / height)
    return np.asarray(cv2.remap(image, x + moves, y + moves, cv2.INTER_LINEAR), np.float32)


def apart(first: Plane, second: Plane) -> float:
    return float(np.abs(first - second)[10:-10, 10:-10].mean())


@pytest.mark.parametrize("most_px", [2, 3, 4])
def test_a_bend_by_a_few_pixels_is_taken_away(most_px: float) -> None:
    page, second = lines(), bent(lines(), most_px)
    everywhere = np.ones(page.shape[:2], np.bool_)
    assert apart(page, unbent(page, second, everywhere)) < 0.5 * apart(page, second)


def test_a_picture_that_is_not_bent_is_left_as_it_is() -> None:
    page, second = lines(), lines()
    second[100:130, 200:260] = (40, 60, 200)
    everywhere = np.ones(page.shape[:2], np.bool_)
    assert np.array_equal(unbent(page, second, everywhere), second)


def test_a_changed_part_of_a_bent_picture_stays() -> None:
    page, changed = lines(), lines()
    changed[100:130, 200:260] = (40, 60, 200)
    found = unbent(page, bent(changed, 3), np.ones(page.shape[:2], np.bool_))
    assert np.abs(found - changed)[106:124, 208:252].mean() < 20


def test_the_flow_says_where_each_pixel_lies_on_the_bent_picture() -> None:
    page, everywhere = lines(), np.ones((300, 400), np.bool_)
    flow = bend(page, bent(page, 4), everywhere)
    # 4 sin(pi x / W) cos(pi y / H): to the left at the top, to the right at the bottom.
    assert flow[50, 200, 0] == pytest.approx(-4 * np.cos(np.pi / 6), abs=0.5)
    assert flow[250, 200, 0] == pytest.approx(4 * np.cos(np.pi / 6), abs=0.5)


def test_a_new_spot_on_a_bent_page_is_not_shrunk() -> None:
    page, spotted = lines(), lines()
    cv2.circle(spotted, (300, 155), 12, (20, 20, 20), -1)
    found = unbent(page, bent(spotted, 3), np.ones((300, 400), np.bool_))
    dark = (found[130:180, 270:330].mean(axis=2) < 128).sum()
    assert dark == pytest.approx((spotted[130:180, 270:330].mean(axis=2) < 128).sum(), rel=0.1)


@pytest.mark.parametrize("size", [(7, 300), (12, 300), (24, 300), (24, 900), (1, 1), (300, 7)])
def test_low_and_narrow_pictures_are_left_as_they_are(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(2026).uniform(0, 255, (*size, 3)).astype(np.float32)
    assert np.array_equal(unbent(noise, noise, np.ones(size, np.bool_)), noise)
