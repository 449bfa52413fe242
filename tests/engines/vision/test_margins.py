"""Margins: bars, frames and scan edges are found, and plain grounds are none."""

import cv2
import numpy as np
import pytest

from engines.core.shapes import Box, Pixels
from engines.vision.margins import placed, within_margins


@pytest.fixture
def picture(photograph: Pixels) -> Pixels:
    return np.ascontiguousarray(cv2.resize(photograph, (320, 240)))


def test_a_photograph_has_no_margins(picture: Pixels) -> None:
    inside, box = within_margins(picture)
    assert box == Box(0, 0, 320, 240)
    assert np.array_equal(inside, picture)


@pytest.mark.parametrize("level", [0, 255])
def test_bars_above_and_below_are_margins(level: int) -> None:
    image = np.full((300, 400, 3), 128, np.uint8)
    image[:40] = image[-40:] = level
    assert within_margins(image)[1] == Box(0, 41, 400, 259)


@pytest.mark.parametrize("inset", [0, 6])
@pytest.mark.parametrize("thickness", [1, 2, 7])
def test_a_frame_at_or_near_the_border_is_a_margin(inset: int, thickness: int) -> None:
    image = np.full((300, 400, 3), 255, np.uint8)
    image[inset : 300 - inset, inset : 400 - inset] = 0
    edge = inset + thickness
    image[edge : 300 - edge, edge : 400 - edge] = 255
    left, top, right, bottom = within_margins(image)[1]
    assert edge <= left == top <= edge + 2
    assert (400 - right, 300 - bottom) == (left, top)


@pytest.mark.parametrize("seed", range(40))
def test_margins_leave_something_of_frames_in_frames_however_small(seed: int) -> None:
    generator = np.random.default_rng(seed)
    height, width = generator.integers(1, 28, 2)
    image = np.empty((height, width, 3), np.uint8)
    left, top, right, bottom = 0, 0, width, height
    while left < right and top < bottom:
        image[top:bottom, left:right] = generator.integers(0, 256)
        steps = generator.integers(0, 7, 4) * (1, 1, -1, -1)
        left, top, right, bottom = np.add((left, top, right, bottom), steps)
    assert within_margins(image)[0].size


def test_margins_at_the_sides_are_those_of_the_turned_picture() -> None:
    inside = np.random.default_rng(1).integers(90, 200, (240, 320, 3), np.uint8)
    bars = np.full((249, 377, 3), 7, np.uint8)
    bars[9:, 40:360] = inside
    left, top, right, bottom = within_margins(bars)[1]
    turned = np.ascontiguousarray(np.swapaxes(bars, 0, 1))
    assert (left, top, right, bottom) == (41, 10, 359, 249)
    assert within_margins(turned)[1] == Box(top, left, bottom, right)


def test_an_object_on_a_plain_ground_leaves_no_margins() -> None:
    image = np.full((300, 400, 3), 250, np.uint8)
    image[80:220, 90:310] = 30
    assert within_margins(image)[1] == Box(0, 0, 400, 300)


def test_one_colour_has_no_margins() -> None:
    assert within_margins(np.zeros((40, 50, 3), np.uint8))[1] == Box(0, 0, 50, 40)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 40, 3), (3, 2, 3)])
def test_the_smallest_pictures_stay_whole(shape: tuple[int, ...]) -> None:
    assert within_margins(np.zeros(shape, np.uint8))[0].shape == shape


def test_a_mask_is_placed_where_its_part_lies(picture: Pixels) -> None:
    whole = placed(np.ones((10, 20), np.uint8), Box(5, 7, 25, 17), picture)
    assert whole.shape == (240, 320)
    assert whole[7:17, 5:25].sum() == whole.sum() == 200


def test_the_mask_of_a_smaller_copy_is_placed_at_its_parts_size(picture: Pixels) -> None:
    disc = np.zeros((60, 80), np.uint8)
    cv2.circle(disc, (40, 30), 20, 1, cv2.FILLED)
    whole = placed(disc, Box(20, 30, 180, 150), picture)
    x, y, width, height = cv2.boundingRect(whole)
    assert np.abs(np.subtract((x, y, width, height), (60, 50, 82, 82))).max() <= 1
    assert whole.sum() == pytest.approx(4 * disc.sum(), rel=0.01)


def test_a_mask_of_half_the_size_is_placed_as_its_levels_are_cut_in_the_middle() -> None:
    mask = np.random.default_rng(7).integers(0, 2, (31, 40), np.uint8)
    whole = placed(mask, Box(0, 0, 80, 62), np.zeros((62, 80, 3), np.uint8))
    levels = cv2.resize(mask * np.uint8(255), (80, 62), interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(whole, levels > 127)


def test_a_picture_that_is_part_of_another_has_the_margins_of_its_copy(picture: Pixels) -> None:
    bars = cv2.copyMakeBorder(picture, 30, 0, 0, 12, cv2.BORDER_CONSTANT, value=(9, 9, 9))
    part: Pixels = np.dstack([bars, bars]).astype(np.uint8)[..., 1:4][:, ::-1]
    box = within_margins(part)[1]
    assert box == within_margins(np.ascontiguousarray(part))[1]
    assert box.top > 29
