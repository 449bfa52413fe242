"""Licence plates: where they are, with their corners, and that nothing else is one."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from engines.core.shapes import Pixels
from engines.models import plates

CORNERS = np.array([[400, 440], [562, 450], [560, 486], [401, 474]], np.float32)


def drawn_plate() -> Pixels:
    plate = np.full((110, 520, 3), 245, np.uint8)
    cv2.rectangle(plate, (0, 0), (519, 109), (20, 20, 20), 4)
    cv2.rectangle(plate, (4, 4), (48, 105), (160, 60, 0), -1)
    cv2.putText(plate, "AB 123 CD", (60, 85), 0, 2.6, (15, 15, 15), 7, cv2.LINE_AA)
    return plate


def on_a_car(corners: NDArray[np.float32]) -> Pixels:
    """A plate seen askew on a drawn car, in a street that is a photograph."""
    photograph = np.ascontiguousarray(data.rocket()[..., ::-1])  # type: ignore[no-untyped-call]
    street = np.asarray(cv2.resize(photograph, (960, 640)), np.uint8)
    cv2.rectangle(street, (200, 250), (760, 560), (60, 40, 120), -1)
    cv2.rectangle(street, (280, 170), (680, 260), (90, 80, 80), -1)
    plate = drawn_plate()
    flat = np.array([[0, 0], [520, 0], [520, 110], [0, 110]], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, corners)
    seen = cv2.warpPerspective(plate, matrix, (960, 640), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((110, 520), 255, np.uint8), matrix, (960, 640))
    street[mask > 127] = seen[mask > 127]
    return street


def test_a_plate_on_a_car_is_found_with_its_corners() -> None:
    found = plates.find(on_a_car(CORNERS), 0.5)
    assert len(found) == 1
    assert np.abs(found[0].corners - CORNERS).max() < 12


def test_a_plate_elsewhere_is_found_elsewhere() -> None:
    moved = CORNERS + np.array([-120, 40], np.float32)
    (found,) = plates.find(on_a_car(moved), 0.3)
    assert np.abs(found.corners - moved).max() < 12


def test_a_plate_is_found_in_a_corner_of_a_large_picture() -> None:
    canvas = np.full((2400, 3200, 3), 128, np.uint8)
    canvas[1700:2340, 2200:3160] = on_a_car(CORNERS)
    found = plates.find(canvas, 0.3)
    assert np.abs(found[0].corners - CORNERS - (2200, 1700)).max() < 12


def test_a_car_without_a_plate_has_none() -> None:
    away = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    assert plates.find(on_a_car(away), 0.5) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
def test_a_picture_of_a_single_pixel_across_has_none(size: tuple[int, int]) -> None:
    assert plates.find(np.zeros((*size, 3), np.uint8), 0.5) == []


def test_boxes_have_area_and_lie_within_the_picture_at_any_score() -> None:
    found = plates.find(on_a_car(CORNERS)[:460, :500], 0.0)
    assert found
    assert all(0 <= one.left < one.right <= 500 for one in found)
    assert all(0 <= one.top < one.bottom <= 460 for one in found)
