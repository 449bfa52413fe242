"""Each step does what it says, and nothing to what it is given."""

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.core.errors import PictureTooSmall
from engines.core.shapes import Pixels
from engines.inspection.preprocessing import (
    MOST_GAIN,
    Crop,
    Grey,
    NormaliseLight,
    Resize,
    Rotate,
    preprocess,
)
from tests.engines.drawing import written
from tests.pictures import quarters


@pytest.fixture
def image() -> Pixels:
    """BGR, 96 x 64 px: red, green, blue and white quarters."""
    return np.ascontiguousarray(quarters()[..., ::-1])


def test_a_crop_keeps_its_rectangle(image: Pixels) -> None:
    cropped = Crop(left=48, top=0, width=48, height=32).apply(image)
    assert cropped.shape == (32, 48, 3)
    assert (cropped == image[0, 60]).all()


def test_a_crop_beyond_the_picture_is_refused(image: Pixels) -> None:
    with pytest.raises(PictureTooSmall, match=r"96 x 64 px; crop needs 97 x 10 px"):
        Crop(left=90, width=7, height=10).apply(image)


@pytest.mark.parametrize(("side", "shape"), [(48, (32, 48, 3)), (192, (128, 192, 3))])
def test_a_picture_keeps_its_form_at_another_size(
    image: Pixels, side: int, shape: tuple[int, ...]
) -> None:
    assert Resize(longer_side=side).apply(image).shape == shape


def test_a_quarter_turn_is_counter_clockwise(image: Pixels) -> None:
    turned = Rotate(quarter_turns=1).apply(image)
    assert turned.shape == (96, 64, 3)
    assert (turned[0, 0] == image[0, 95]).all()


def test_grey_has_no_colour_left(image: Pixels) -> None:
    grey = Grey().apply(image)
    assert (grey == grey[..., :1]).all()


def lit(image: Pixels, light: NDArray[np.float64]) -> Pixels:
    """Under a light of 1 at its brightest."""
    return np.asarray(np.rint(image * light[..., np.newaxis]), np.uint8)


@pytest.fixture
def lamp() -> NDArray[np.float64]:
    """460 x 200 px: bright at the upper left, a third of it at the lower right."""
    y, x = np.mgrid[0:1:200j, 0:1:460j]
    return np.asarray(np.exp(-0.9 * x - 0.25 * y * y), np.float64)


def test_a_page_under_a_lamp_becomes_flat(lamp: NDArray[np.float64]) -> None:
    paper = np.full((200, 460, 3), (210, 220, 230), np.uint8)
    even = NormaliseLight().apply(lit(paper, lamp))
    assert np.ptp(even.astype(int), axis=(0, 1)).max() <= 3
    assert (even[100, 230] / even[100, 230, 2]) == pytest.approx(paper[0, 0] / 230, abs=0.02)


def test_print_is_no_light(lamp: NDArray[np.float64]) -> None:
    page = written("\n".join(["WMMWWMMWMW"] * 6), letter_px=14)
    even = NormaliseLight(level=240).apply(lit(page, lamp))
    assert np.abs(even - page.astype(float) * 240 / 255).max() <= 8


def test_what_is_no_ground_keeps_its_contrast(lamp: NDArray[np.float64]) -> None:
    part = np.full((200, 460, 3), 200, np.uint8)
    part[50:150, 60:200] = 60
    part[80:120, 330:420] = 100
    even = NormaliseLight(level=200).apply(lit(part, lamp))
    assert np.abs(even.astype(int) - part).max() <= 6


@pytest.mark.parametrize("level", [0, 7, 120, 255])
@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (200, 460)])
def test_under_even_light_a_flat_picture_stays_as_it_is(shape: tuple[int, int], level: int) -> None:
    flat = np.full((*shape, 3), level, np.uint8)
    assert (NormaliseLight(order=5).apply(flat) == flat).all()


def test_a_level_is_that_of_the_ground() -> None:
    flat = np.full((90, 90, 3), 80, np.uint8)
    assert (NormaliseLight(level=160).apply(flat) == 160).all()


def test_darkness_is_not_turned_into_light() -> None:
    night = np.random.default_rng(1).integers(0, 3, (90, 120, 3)).astype(np.uint8)
    assert NormaliseLight(level=240).apply(night).max() <= 2 * MOST_GAIN


def test_each_step_begins_with_what_the_one_before_has_made(image: Pixels) -> None:
    before = image.copy()
    turned = preprocess(image, (Rotate(quarter_turns=1), Crop(left=0, width=64, height=96)))
    assert turned.shape == (96, 64, 3)
    assert (image == before).all()
