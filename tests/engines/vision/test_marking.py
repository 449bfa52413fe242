"""Marks are drawn where they belong, into a copy; two pictures stand side by side."""

import numpy as np
import pytest

from engines.core.shapes import Box
from engines.vision import marking

GREY = np.full((120, 160, 3), 200, np.uint8)


def test_a_frame_lies_on_the_edge_of_its_box() -> None:
    shown = marking.captioned(GREY, [(Box(20, 40, 100, 90), "Cat 0.52")])
    assert (shown[40:90, 20] != 200).any(axis=1).all()
    assert (shown[60:80, 40:80] == 200).all()
    assert (GREY == 200).all()


def test_a_caption_stays_inside_the_picture() -> None:
    shown = marking.captioned(GREY, [(Box(150, 0, 160, 10), "A long caption")])
    assert shown.shape == GREY.shape
    assert (shown[2:12, 60:150] != 200).any()


@pytest.mark.parametrize("word", ["é", "Œ", "α", "€"])
def test_letters_beyond_ascii_have_a_form_of_their_own(word: str) -> None:
    box = Box(40, 40, 80, 90)
    shown, unknown = (marking.overwritten(GREY, [(box, one, 0)]) for one in (word, "\uffff"))
    assert (shown != unknown).any()


@pytest.mark.parametrize("angle", [90, -90])
def test_a_word_is_written_along_its_box(angle: float) -> None:
    shown = marking.overwritten(GREY, [(Box(70, 10, 90, 110), "window", angle)])
    dark = np.argwhere(shown[..., 2] < 100)
    height, width = dark.max(axis=0) - dark.min(axis=0)
    assert height > 3 * width


@pytest.mark.parametrize("shape", [(1, 1), (3, 400)])
def test_any_size_of_picture_can_be_marked(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    assert marking.listed(image, ["Cat"]).shape == image.shape
    assert marking.captioned(image, [(Box(0, 0, 1, 1), "Cat")]).shape == image.shape
    assert marking.overwritten(image, [(Box(0, 0, 1, 1), "Cat", 0)]).shape == image.shape


def test_an_outline_is_closed_and_as_thick_as_asked_for() -> None:
    shown = marking.outlined(GREY, [([(20, 20), (100, 20), (100, 80)], (0, 0, 255))], 3)
    is_red = (shown == (0, 0, 255)).all(axis=2)
    assert is_red[19:22, 30:90].all()
    assert is_red[49:52, 60].all()
    assert not is_red[:18].any()
    assert (GREY == 200).all()


@pytest.mark.parametrize(
    ("first", "second", "shown"),
    [
        ((40, 60), (40, 60), (40, 128)),
        ((40, 60), (80, 60), (80, 188)),
        ((2000, 1000), (2000, 1000), (1000, 1008)),
        ((1, 1), (1, 1), (1, 10)),
    ],
)
def test_both_have_the_higher_ones_height(
    first: tuple[int, int], second: tuple[int, int], shown: tuple[int, int]
) -> None:
    pictures = (np.zeros((*size, 3), np.uint8) for size in (first, second))
    assert marking.side_by_side(*pictures).shape == (*shown, 3)


def test_a_long_strip_does_not_make_a_vast_picture() -> None:
    strip = np.zeros((2, 9000, 3), np.uint8)
    assert marking.side_by_side(strip, np.zeros((1000, 10, 3), np.uint8)).shape[1] < 4100


def test_pens_grow_with_the_picture() -> None:
    assert marking.pen_px(np.zeros((10, 10, 3), np.uint8)) == 1
    assert marking.pen_px(np.zeros((3000, 4000, 3), np.uint8)) == 13
