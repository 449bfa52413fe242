"""Words are cut where the line is white, and each has the box of its own ink."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.models.lines import Word
from engines.models.recognition import Text
from engines.models.words import Crop, cut_line
from engines.vision.boxes import corners

WIDTH = 120
AS_IT_LIES = np.eye(3)


def inked(*boxes: tuple[int, int, int, int]) -> Pixels:
    """A line with black boxes of left, top, right, bottom on white."""
    line = np.full((40, WIDTH, 3), 255, np.uint8)
    for left, top, right, bottom in boxes:
        line[top:bottom, left:right] = 0
    return line


def said(characters: str, *places_px: float) -> Text:
    scores = tuple(0.5 + place / 100 for place in range(len(characters)))
    return Text(tuple(characters), tuple(x / WIDTH for x in places_px), scores)


def words(pixels: Pixels, text: Text, back: NDArray[np.float64] = AS_IT_LIES) -> list[Word]:
    line = cut_line(Crop(pixels, back), text)
    assert line is not None
    return list(line.words)


def box(word: Word) -> list[float]:
    return [*word.corners[0].tolist(), *word.corners[2].tolist()]


TWO = inked((10, 8, 40, 36), (60, 14, 100, 30))
TWO_SAID = said("a b", 25, 50, 80)


def test_each_word_has_the_box_of_its_own_ink() -> None:
    first, second = words(TWO, TWO_SAID)
    assert box(first) == [10, 8, 40, 36]
    assert box(second) == [60, 14, 100, 30]


def test_white_ink_on_black_has_the_same_boxes() -> None:
    found = words(255 - TWO, TWO_SAID)
    assert [box(word) for word in found] == [[10, 8, 40, 36], [60, 14, 100, 30]]


def test_a_word_is_as_sure_as_its_characters_are_on_average() -> None:
    first, second = words(TWO, said("ab c", 20, 30, 50, 80))
    assert (first.text, second.text) == ("ab", "c")
    assert first.score == pytest.approx((0.5 + 0.51) / 2)
    assert second.score == pytest.approx(0.53)


def test_spaces_in_a_row_and_at_the_ends_make_no_words() -> None:
    assert [word.text for word in words(TWO, said(" a  b ", 5, 25, 45, 55, 80, 110))] == ["a", "b"]


@pytest.mark.parametrize("text", [said(""), said("  ", 10, 20)])
def test_a_line_that_says_nothing_has_no_words(text: Text) -> None:
    assert cut_line(Crop(TWO, AS_IT_LIES), text) is None


@pytest.mark.parametrize(("gap", "expected"), [(6, ["12"]), (7, ["1", "2"])])
def test_digits_further_apart_than_a_third_of_their_height_are_two_numbers(
    gap: int, expected: list[str]
) -> None:
    digits = inked((20, 10, 40, 30), (40 + gap, 10, 60 + gap, 30))
    assert [word.text for word in words(digits, said("12", 30, 50 + gap))] == expected


def test_a_number_is_not_parted_by_the_white_around_a_thin_digit() -> None:
    digits = inked((10, 8, 24, 36), (36, 8, 39, 36), (52, 8, 66, 36), (72, 8, 86, 36))
    (word,) = words(digits, said("8188", 17, 38, 59, 79))
    assert word.text == "8188"


def test_numbers_are_parted_where_they_stand_though_read_somewhat_beside() -> None:
    digits = inked((10, 8, 24, 36), (30, 8, 44, 36), (60, 8, 74, 36), (80, 8, 94, 36))
    found = words(digits, said("1234", 10, 40, 52, 80))
    assert [word.text for word in found] == ["12", "34"]


def test_slanting_numbers_are_parted_as_upright_ones_are() -> None:
    upright = inked((20, 8, 34, 36), (39, 8, 53, 36), (66, 8, 80, 36), (85, 8, 99, 36))
    shear = np.array([[1, -0.25, 5], [0, 1, 0]])
    slanting = cv2.warpAffine(upright, shear, (WIDTH, 40), borderValue=(255, 255, 255))
    found = words(np.asarray(slanting, np.uint8), said("1234", 27, 46, 73, 92))
    assert [word.text for word in found] == ["12", "34"]


@pytest.mark.parametrize("characters", ["ab", "1b", "a2"])
def test_only_digits_are_parted_by_a_gap_alone(characters: str) -> None:
    (word,) = words(TWO, said(characters, 25, 80))
    assert word.text == characters
    assert box(word) == [10, 8, 100, 36]


def test_words_whose_ink_touches_are_cut_in_the_middle() -> None:
    first, second = words(inked((10, 10, 90, 30)), said("a b", 30, 50, 70))
    assert box(first) == [10, 10, 50, 30]
    assert box(second) == [50, 10, 90, 30]


def test_words_are_cut_at_the_widest_white_between_them() -> None:
    letters = inked((10, 10, 30, 30), (34, 10, 44, 30), (60, 10, 80, 30))
    first, second = words(letters, said("a b", 20, 40, 70))
    assert box(first)[2] == 44
    assert box(second)[0] == 60


def test_a_line_without_ink_has_words_of_its_whole_height() -> None:
    (word,) = words(inked(), said("a", 60))
    assert box(word) == [0, 0, WIDTH, 40]


def test_boxes_go_back_to_where_the_line_was_cut_out() -> None:
    quarter_turn = np.array([[0, -1, 300], [1, 0, 50], [0, 0, 1.0]])
    line = cut_line(Crop(TWO, quarter_turn), TWO_SAID)
    assert line is not None
    assert line.corners.tolist() == [[300, 50], [300, 170], [260, 170], [260, 50]]
    assert line.words[0].corners.tolist() == [[292, 60], [292, 90], [264, 90], [264, 60]]


def test_one_pixel_may_be_a_word() -> None:
    (word,) = words(np.zeros((1, 1, 3), np.uint8), Text(("a",), (0.5,), (0.9,)))
    assert word.corners.tolist() == corners(0, 0, 1, 1).tolist()
