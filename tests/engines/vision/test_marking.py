"""Marks are drawn where they belong, into a copy; two pictures stand side by side."""

from collections.abc import Callable

import numpy as np
import pytest

from engines.core.shapes import Box, Pixels
from engines.vision import marking
from engines.vision.marking import Mark

GREY = np.full((120, 160, 3), 200, np.uint8)


def test_a_frame_lies_on_the_edge_of_its_box() -> None:
    shown = marking.captioned(GREY, [Mark(Box(20, 40, 100, 90), "Cat", "Cat 0.52")])
    assert (shown[40:90, 20] != 200).any(axis=1).all()
    assert (shown[60:80, 40:80] == 200).all()
    assert (GREY == 200).all()


@pytest.mark.parametrize("hexadecimal", marking.COLOURS)
def test_a_frame_is_seen_on_its_own_colour(hexadecimal: str) -> None:
    ground = np.zeros_like(GREY) + np.array(bgr(hexadecimal), np.uint8)
    shown = marking.captioned(ground, [Mark(Box(20, 40, 100, 90), "Cat", "Cat")])
    across = shown[80, 10:30]
    assert (across == 255).all(axis=1).any()


def test_captions_of_one_place_do_not_cover_each_other() -> None:
    box = Box(60, 40, 62, 42)
    marks = [Mark(box, label, "word") for label in "abcd"]
    alone = max(bars(marking.captioned(GREY, marks[:1])))
    assert sum(bar > 0.8 * alone for bar in bars(marking.captioned(GREY, marks))) == 4


def test_a_class_has_one_colour_and_two_classes_have_two() -> None:
    marks = [Mark(Box(10 + 50 * x, 60, 40 + 50 * x, 90), "cat", "") for x in range(3)]
    assert sum(bar > 0 for bar in bars(marking.captioned(GREY, marks))) == 1
    for other in ("dog", "bird", "cup", "tie"):
        shown = marking.captioned(GREY, [*marks, Mark(Box(5, 95, 50, 115), other, "")])
        assert sum(bar > 0 for bar in bars(shown)) == 2


def test_marks_grow_with_the_picture() -> None:
    large = np.full((1200, 1600, 3), 200, np.uint8)
    small = marking.captioned(GREY, [Mark(Box(20, 40, 100, 90), "Cat", "Cat")])
    shown = marking.captioned(large, [Mark(Box(200, 400, 1000, 900), "Cat", "Cat")])
    thick, thin = ((row != 200).any(axis=1).sum() for row in (shown[800, :600], small[80, :60]))
    assert thick > 3 * thin


def bgr(hexadecimal: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(hexadecimal[1:]))[::-1]


def bars(shown: Pixels) -> list[int]:
    """How many pixels each of the colours has."""
    return [int((shown == bgr(one)).all(axis=2).sum()) for one in marking.COLOURS]


def test_lines_are_listed_one_below_the_other() -> None:
    shown = [marking.listed(GREY, ["Cat"] * count) for count in range(4)]
    rows = [np.count_nonzero((one != 200).any(axis=(1, 2))) for one in shown]
    assert rows[0] == 0
    assert rows[3] - rows[2] == rows[2] - rows[1] == rows[1]


def test_a_caption_stays_inside_the_picture() -> None:
    shown = marking.captioned(GREY, [Mark(Box(150, 0, 160, 10), "a", "A long caption")])
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


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_word_is_the_word_turned(quarters: int) -> None:
    """Counter-clockwise; the box lies in the middle of a square, and is turned with it."""
    ground = np.full((200, 200, 3), 200, np.uint8)
    level, plumb = Box(40, 80, 160, 120), Box(80, 40, 120, 160)
    upright = marking.overwritten(ground, [(level, "window", 0)])
    box = plumb if quarters % 2 else level
    turned = marking.overwritten(ground, [(box, "window", 90 * quarters)])
    apart, otherwise = (
        np.abs(np.rot90(upright, turns).astype(int) - turned).mean()
        for turns in (quarters, quarters + 2)
    )
    assert apart < otherwise / 2


@pytest.mark.parametrize("box", [Box(20, 20, 150, 60), Box(20, 20, 60, 110)])
def test_a_word_fills_its_box_and_stays_in_it(box: Box) -> None:
    shown = marking.overwritten(GREY, [(box, "WON", 0)])
    y, x = np.nonzero(shown[..., 2] < 100)
    assert box.left <= x.min() < x.max() < box.right
    assert box.top <= y.min() < y.max() < box.bottom
    filled = (np.ptp(x) / (box.right - box.left), np.ptp(y) / (box.bottom - box.top))
    assert max(filled) > 0.75


def test_under_words_the_picture_is_faint_but_there() -> None:
    halves = np.zeros((120, 160, 3), np.uint8)
    halves[:, 80:] = 255
    shown = marking.overwritten(halves, [(Box(10, 10, 30, 30), "on", 0)])
    assert 128 < shown[100, 20, 0] < shown[100, 120, 0]


@pytest.mark.parametrize("mark", [marking.captioned, marking.listed, marking.overwritten])
def test_colours_keep_their_channels(mark: Callable[..., Pixels]) -> None:
    blue = np.zeros((120, 160, 3), np.uint8)
    blue[..., 0] = 255
    shown = mark(blue, [])
    assert (shown[..., 0] > shown[..., 2]).all()


@pytest.mark.parametrize("shape", [(1, 1), (3, 400)])
def test_any_size_of_picture_can_be_marked(shape: tuple[int, int]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    assert marking.listed(image, ["Cat"]).shape == image.shape
    assert marking.captioned(image, [Mark(Box(0, 0, 1, 1), "Cat", "Cat")]).shape == image.shape
    assert marking.overwritten(image, [(Box(0, 0, 1, 1), "Cat", 0)]).shape == image.shape


def test_an_outline_is_seen_on_its_own_colour() -> None:
    ground = np.zeros_like(GREY) + np.array(marking.RED, np.uint8)
    shown = marking.outlined(ground, [([(20, 20), (100, 20), (100, 80)], marking.RED)], 3)
    assert shown[10:30, 60].min(axis=1).max() > 150


def test_an_outline_is_closed_and_as_thick_as_asked_for() -> None:
    shown = marking.outlined(GREY, [([(20, 20), (100, 20), (100, 80)], (0, 0, 255))], 3)
    is_red = (shown == (0, 0, 255)).all(axis=2)
    assert is_red[19:22, 30:90].all()
    assert is_red[49:52, 60].all()
    assert not is_red[:18].any()
    assert (GREY == 200).all()


def square(left: int, top: int) -> list[tuple[int, int]]:
    """The outline of one that is 30 px wide."""
    return [(left, top), (left + 29, top), (left + 29, top + 29), (left, top + 29)]


def test_outlines_have_their_places_in_the_list_as_numbers() -> None:
    here, there = (square(10, 60), marking.RED), (square(110, 60), marking.RED)
    left = [
        marking.numbered(GREY, marks, 3)[:, :60]
        for marks in ([here], [here, there], [there, here], [there, there, here])
    ]
    assert (left[0] == left[1]).all()
    assert (left[1] != left[2]).any()
    assert (left[2] != left[3]).any()


def test_a_number_has_its_outline_s_colour_and_stands_beside_it() -> None:
    shown = marking.numbered(GREY, [(square(10, 60), marking.GREEN)], 3)
    is_green = (shown == marking.GREEN).all(axis=2)
    assert is_green[36:54, 5:25].mean() > 0.4
    assert is_green[60:89, 10].mean() > 0.9
    assert not is_green[63:87, 13:37].any()


def test_a_long_list_is_outlined_to_its_end_and_numbered_at_its_beginning() -> None:
    shown = [
        marking.numbered(GREY, [(square(120, 80), marking.RED)] * count, 3)
        for count in (49, 50, 51)
    ]
    assert (shown[0] != shown[1]).any()
    assert (shown[1] == shown[2]).all()
    wide = np.full((400, 900, 3), 200, np.uint8)
    marks = [(square(800, 300), marking.RED)] * 50 + [(square(9, 9), marking.RED)]
    assert (marking.numbered(wide, marks, 3)[24, 9] == marking.RED).all()


def test_the_first_outline_lies_on_top() -> None:
    marks = [(square(60, 60), marking.RED), (square(60, 60), marking.GREEN)]
    shown = marking.numbered(GREY, marks, 3)
    assert (shown[75, 60] == marking.RED).all()


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


def test_the_first_is_on_the_left_and_white_between_them() -> None:
    dark, light = np.full((40, 60, 3), 10, np.uint8), np.full((80, 120, 3), 99, np.uint8)
    shown = marking.side_by_side(dark, light)
    assert (shown[:, :120] == 10).all()
    assert (shown[:, 120:128] == 255).all()
    assert (shown[:, 128:] == 99).all()


def test_a_long_strip_does_not_make_a_vast_picture() -> None:
    strip = np.zeros((2, 9000, 3), np.uint8)
    assert marking.side_by_side(strip, np.zeros((1000, 10, 3), np.uint8)).shape[1] < 4100


def test_pens_grow_with_the_picture() -> None:
    assert marking.pen_px(np.zeros((10, 10, 3), np.uint8)) == 1
    assert marking.pen_px(np.zeros((3000, 4000, 3), np.uint8)) == 13
