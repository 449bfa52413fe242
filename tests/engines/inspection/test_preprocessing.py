"""Each step does what it says, and nothing to what it is given."""

import numpy as np
import pytest

from engines.core.errors import PictureTooSmall
from engines.core.shapes import Pixels
from engines.inspection.preprocessing import Crop, Grey, Resize, Rotate, preprocess
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


def test_each_step_begins_with_what_the_one_before_has_made(image: Pixels) -> None:
    before = image.copy()
    turned = preprocess(image, (Rotate(quarter_turns=1), Crop(left=0, width=64, height=96)))
    assert turned.shape == (96, 64, 3)
    assert (image == before).all()
