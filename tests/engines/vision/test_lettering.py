"""Lettering: letters of a word become one part; what stands elsewhere stays as it is."""

import cv2
import numpy as np
import pytest

from engines.core.shapes import Mask
from engines.vision.lettering import lettered


def boxes(*places: tuple[int, int, int, int]) -> Mask:
    """A mask of 200 × 600 with parts at left, top, width, height."""
    parts = np.zeros((200, 600), np.bool_)
    for left, top, width, height in places:
        parts[top : top + height, left : left + width] = True
    return parts


def count(parts: Mask) -> int:
    return cv2.connectedComponents(parts.astype(np.uint8), connectivity=8)[0] - 1


def test_letters_of_a_word_are_one_part() -> None:
    word = boxes((20, 40, 16, 30), (42, 50, 18, 20), (66, 50, 14, 20))
    joined = lettered(word)
    assert count(joined) == 1
    assert joined[word].all()
    assert cv2.boundingRect(joined.astype(np.uint8)) == (20, 40, 60, 30)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param((52, 40, 16, 30), id="farther than letters are"),
        pytest.param((42, 74, 16, 30), id="of another line"),
        pytest.param((42, 10, 60, 120), id="far higher"),
    ],
)
def test_other_parts_stay_apart(other: tuple[int, int, int, int]) -> None:
    parts = boxes((20, 40, 16, 30), other)
    assert np.array_equal(lettered(parts), parts)


def test_large_parts_16_px_apart_of_900_stay_two() -> None:
    parts = np.zeros((500, 900), np.bool_)
    parts[100:300, 100:200] = parts[100:300, 216:400] = True
    assert count(lettered(parts)) == 2


def test_no_parts_stay_none() -> None:
    assert not lettered(np.zeros((1, 1), np.bool_)).any()


def test_pictures_that_differ_everywhere_are_left_as_they_are() -> None:
    parts = np.zeros((700, 900), np.bool_)
    for top in range(0, 690, 14):
        for left in range(0, 890, 10):
            parts[top : top + 12, left : left + 8] = True
    assert np.array_equal(lettered(parts), parts)
