"""Averages: another ink of thin letters is seen; a shift, another sampling and a JPEG are not."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.vision.averages import apart_on_average
from tests.engines.drawing import encoded_again

INK, OTHER = (60, 60, 60), (110, 60, 95)
Layers = NDArray[np.float32]


def page(ink: tuple[int, int, int]) -> Layers:
    """Six lines of thin letters; a word in the middle has an ink of its own."""
    image = np.full((240, 420, 3), (238, 240, 236), np.uint8)
    for row in range(6):
        colour = ink if row == 3 else INK
        place = (20, 30 + 36 * row)
        cv2.putText(image, "Pixelgate compares", place, 0, 0.6, colour, 1, cv2.LINE_AA)
    return image.astype(np.float32)


def apart(first: Layers, second: Layers) -> NDArray[np.bool_]:
    return apart_on_average(first, second, np.ones(first.shape[:2], np.bool_))


def sampled_again(image: Layers) -> Layers:
    small = cv2.resize(image, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (420, 240), interpolation=cv2.INTER_LINEAR), np.float32)


def shifted(image: Layers) -> Layers:
    return np.roll(image, 1, axis=1)


def saved(image: Layers) -> Layers:
    return np.asarray(encoded_again(image.astype(np.uint8), quality=60), np.float32)


def test_another_ink_of_thin_letters_is_seen_where_it_is() -> None:
    rows = np.flatnonzero(apart(page(INK), sampled_again(page(OTHER))).any(axis=1)).tolist()
    assert {*range(126, 138)} <= {*rows} <= {*range(112, 154)}


@pytest.mark.parametrize("change", [sampled_again, shifted, saved])
def test_the_same_ink_is_not_apart(change: object) -> None:
    assert callable(change)
    assert not apart(page(INK), change(page(INK))).any()


def test_nothing_is_seen_beside_what_is_compared() -> None:
    valid = np.zeros((240, 420), np.bool_)
    valid[:, :200] = True
    assert not apart_on_average(page(INK), page(OTHER), valid)[:, 200:].any()


def test_a_picture_of_one_pixel_has_no_averages() -> None:
    dot = np.zeros((1, 1, 3), np.float32)
    assert not apart(dot, dot + 255).any()


def test_where_edges_may_be_ragged_only_the_colours_count() -> None:
    valid = np.ones((240, 420), np.bool_)
    for ink, is_apart in (((120, 60, 60), False), ((60, 60, 160), True)):
        found = apart_on_average(page(INK), page(ink), valid, is_ragged=True)
        assert found.any() == is_apart
