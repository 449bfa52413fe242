"""Licence plates: where they are, with their corners, and that nothing else is one."""

import cv2
import numpy as np
import pytest

from engines.core.shapes import Pixels
from engines.models import plates
from tests.engines.drawing import on_a_car

CORNERS = np.array([[400, 440], [562, 450], [560, 486], [401, 474]], np.float32)


def test_a_plate_on_a_car_is_found_with_its_corners() -> None:
    found = plates.find(on_a_car(CORNERS), 0.5)
    assert np.abs(found[0].corners - CORNERS).max() < 12


def test_a_plate_elsewhere_is_found_elsewhere() -> None:
    moved = CORNERS + np.array([-120, 40], np.float32)
    found = plates.find(on_a_car(moved), 0.3)
    assert np.abs(found[0].corners - moved).max() < 12


def test_a_plate_is_as_sure_in_the_mirror_image_and_has_mirrored_corners() -> None:
    image = cv2.resize(on_a_car(CORNERS), (400, 300), interpolation=cv2.INTER_AREA)
    one = plates.find(np.asarray(image, np.uint8), 0.4)[0]
    other = plates.find(np.ascontiguousarray(image[:, ::-1], np.uint8), 0.4)[0]
    assert one.score == pytest.approx(other.score, abs=1e-4)
    back = ((400, 0) + other.corners * (-1, 1))[[1, 0, 3, 2]]
    assert one.corners == pytest.approx(back, abs=0.5)


def test_a_plate_is_found_in_a_corner_of_a_large_picture() -> None:
    canvas = np.full((2400, 3200, 3), 128, np.uint8)
    canvas[1700:2340, 2200:3160] = on_a_car(CORNERS)
    found = plates.find(canvas, 0.3)
    assert np.abs(found[0].corners - CORNERS - (2200, 1700)).max() < 12


def test_a_plate_of_forty_pixels_in_a_picture_of_a_megapixel_is_found() -> None:
    canvas = np.full((960, 1280, 3), 128, np.uint8)
    canvas[500:660, 700:940] = cv2.resize(
        on_a_car(CORNERS), (240, 160), interpolation=cv2.INTER_AREA
    )
    found = plates.find(canvas, 0.2)
    middle = CORNERS.mean(axis=0) / 4 + (700, 500)
    assert np.abs(found[0].corners.mean(axis=0) - middle).max() < 4


@pytest.mark.parametrize("width", [24, 32, 40])
def test_a_plate_that_fills_a_tiny_picture_is_found(width: int) -> None:
    cut = on_a_car(CORNERS)[400:525, 380:585]
    tiny = cv2.resize(cut, (width, round(width * 125 / 205)), interpolation=cv2.INTER_AREA)
    found = plates.find(np.asarray(tiny, np.uint8), 0.8)
    shown = (CORNERS.mean(axis=0) - (380, 400)) * width / 205
    assert np.abs(found[0].corners.mean(axis=0) - shown).max() < width / 20


def test_a_photograph_without_a_plate_has_none(photograph: Pixels) -> None:
    assert plates.find(photograph, 0.9) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_a_picture_of_a_single_pixel_across_has_none(size: tuple[int, int]) -> None:
    assert plates.find(np.zeros((*size, 3), np.uint8), 0.5) == []


def test_boxes_have_area_and_lie_within_the_picture_at_any_score() -> None:
    found = plates.find(on_a_car(CORNERS)[:460, :500], 0.0)
    assert found
    assert all(0 <= one.left < one.right <= 500 for one in found)
    assert all(0 <= one.top < one.bottom <= 460 for one in found)
