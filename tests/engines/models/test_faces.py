"""Faces: where they are, however large and whichever way up, and that nothing else is one."""

import cv2
import numpy as np
import pytest
from skimage import data

from engines.core.shapes import Box, Pixels
from engines.models import faces
from engines.vision.boxes import iou

FACE = Box(175, 54, 275, 180)
"""The astronaut's, from the brow to the chin, looked up by eye."""


def astronaut() -> Pixels:
    return np.ascontiguousarray(data.astronaut()[..., ::-1])  # type: ignore[no-untyped-call]


def best(image: Pixels) -> faces.FoundFace:
    return faces.find(image, 0.2)[0]


def test_the_face_in_a_photograph_is_found_where_it_is() -> None:
    found = faces.find(astronaut(), 0.2)
    assert len(found) == 1
    assert iou(found[0], FACE) > 0.75
    assert found[0].model == "CenterFace"


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_face_in_an_oblong_picture_is_found_whichever_way_up(turns: int) -> None:
    marked = np.zeros((300, 512), np.uint8)
    marked[FACE.top : FACE.bottom, FACE.left : FACE.right] = 1
    left, top, width, height = cv2.boundingRect(np.rot90(marked, turns).copy())
    expected = Box(left, top, left + width, top + height)
    assert iou(best(np.rot90(astronaut()[:300], turns)), expected) > 0.7


def test_a_face_of_sixteen_pixels_is_found_at_its_place() -> None:
    small = cv2.resize(astronaut(), (82, 82), interpolation=cv2.INTER_AREA)
    canvas = np.full((400, 600, 3), 128, np.uint8)
    canvas[200:282, 400:482] = small
    moved = Box(*(round(side * 82 / 512) + (400, 200)[n % 2] for n, side in enumerate(FACE)))
    assert iou(best(canvas), moved) > 0.5


def test_a_small_face_of_which_a_side_is_covered_is_as_sure_either_way_round() -> None:
    small = cv2.resize(astronaut(), (200, 200), interpolation=cv2.INTER_AREA)
    small[:, 90:115] = 40
    canvas = np.full((360, 480, 3), 128, np.uint8)
    canvas[100:300, 220:420] = small
    one, other = best(canvas), best(np.ascontiguousarray(canvas[:, ::-1]))
    assert one.score == pytest.approx(other.score, abs=1e-4)
    assert (one.left, one.right) == pytest.approx((480 - other.right, 480 - other.left), abs=0.1)


def test_a_face_beyond_the_first_tile_of_a_large_picture_is_found() -> None:
    canvas = np.full((1500, 2400, 3), 128, np.uint8)
    canvas[900:1412, 1800:2312] = astronaut()
    moved = Box(1800 + FACE.left, 900 + FACE.top, 1800 + FACE.right, 900 + FACE.bottom)
    assert iou(best(canvas), moved) > 0.7


def test_a_face_that_a_tile_cuts_is_as_high_as_in_the_tile_that_does_not() -> None:
    crop = data.lfw_subset()[17] * 255  # type: ignore[no-untyped-call]
    canvas = np.full((1500, 2000, 3), 128, np.uint8)
    second_tile = faces.TILE - faces.OVERLAP
    top = second_tile - 24
    canvas[top : top + 100, 300:400] = cv2.resize(crop, (100, 100))[..., None]
    (found,) = faces.find(canvas, 0.2)
    assert found.top < second_tile


def test_a_grey_photograph_is_looked_at_as_well() -> None:
    grey = cv2.cvtColor(astronaut(), cv2.COLOR_BGR2GRAY)
    assert iou(best(np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)), FACE) > 0.7


@pytest.mark.parametrize("name", ["coffee", "brick", "grass", "gravel"])
def test_a_photograph_without_a_face_has_none(name: str) -> None:
    photograph = np.asarray(getattr(data, name)(), np.uint8)
    image = np.atleast_3d(photograph).repeat(3 if photograph.ndim == 2 else 1, axis=2)
    assert faces.find(image, 0.3) == []


def test_a_cup_that_a_large_look_may_take_for_a_face_is_none() -> None:
    cup = np.ascontiguousarray(data.coffee()[..., ::-1])  # type: ignore[no-untyped-call]
    assert faces.find(cup, 0.2) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1)])
def test_a_picture_of_a_single_pixel_across_has_none(size: tuple[int, int]) -> None:
    assert faces.find(np.zeros((*size, 3), np.uint8), 0.2) == []


def test_boxes_have_area_and_lie_within_the_picture_at_any_score() -> None:
    found = faces.find(astronaut()[:150, 180:], 0.0)
    assert all(0 <= one.left < one.right <= 332 for one in found)
    assert all(0 <= one.top < one.bottom <= 150 for one in found)
