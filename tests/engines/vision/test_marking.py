"""Marks are drawn where they belong, into a copy."""

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
