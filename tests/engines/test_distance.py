"""Distance: clones, copies, similar and unrelated pictures, the arithmetic of the reply."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import skimage.data
from cv2.typing import MatLike

from engines.core.registry import catalogue
from engines.core.shapes import Pixels
from engines.distance import Decision, Params, Result, distance
from tests.engines.drawing import encoded_again


def rate(first: MatLike, second: MatLike) -> Result:
    return distance(np.asarray(first, np.uint8), np.asarray(second, np.uint8), params=Params())


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return np.ascontiguousarray(skimage.data.chelsea()[:, :, ::-1])  # type: ignore[no-untyped-call]


def saved(image: Pixels) -> MatLike:
    return encoded_again(image, quality=40)


def resized(image: Pixels) -> MatLike:
    return cv2.resize(image, (200, 200), interpolation=cv2.INTER_AREA)


def half(image: Pixels) -> MatLike:
    return image[:, : image.shape[1] // 2]


def quarter_turn(image: Pixels) -> MatLike:
    return np.rot90(image)


def tilted(image: Pixels) -> MatLike:
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 30, 0.8)
    return cv2.warpAffine(image, matrix, (width, height))


def mirrored(image: Pixels) -> MatLike:
    return image[:, ::-1]


def recoloured(image: Pixels) -> MatLike:
    return np.asarray(np.clip(image * (1.2, 1.0, 0.8), 0, 255), np.uint8)


COPIES = [saved, resized, half, quarter_turn, tilted, mirrored, recoloured]


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_a_match_but_no_clone(
    photograph: Pixels, copy: Callable[[Pixels], MatLike]
) -> None:
    result = rate(photograph, copy(photograph))
    assert 0 < result.distance < 1
    assert result.decision is Decision.MATCH


def test_the_same_pixels_are_a_clone(photograph: Pixels) -> None:
    result = rate(photograph, photograph.copy())
    assert result.distance == 0
    assert result.details.message == "Distance 0.00: match"


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (40, 60)])
def test_flat_pictures_of_one_colour_are_clones(size: tuple[int, int]) -> None:
    assert rate(np.full((*size, 3), 7), np.full((*size, 3), 7)).distance == 0


def test_a_flat_picture_in_two_sizes_is_a_match() -> None:
    assert rate(np.full((40, 60, 3), 90), np.full((80, 120, 3), 92)).distance < 1


def test_flat_pictures_of_two_colours_do_not_match() -> None:
    red, blue = np.zeros((2, 40, 60, 3), np.uint8)
    red[..., 2] = blue[..., 0] = 255
    assert rate(red, blue).decision is Decision.NO_MATCH


def test_a_blurred_picture_is_found_in_the_mirror(photograph: Pixels) -> None:
    blurred = cv2.GaussianBlur(photograph, (0, 0), 16)
    assert rate(blurred, np.flip(blurred, axis=1)).distance < 1


def test_other_photographs_do_not_match(photograph: Pixels, cat: Pixels) -> None:
    result = rate(photograph, cat)
    assert result.distance >= 2
    assert result.decision is Decision.NO_MATCH


def test_the_same_kind_of_texture_is_similar() -> None:
    stones = np.repeat(skimage.data.gravel()[:, :, np.newaxis], 3, axis=2)  # type: ignore[no-untyped-call]
    result = rate(stones[:, :256], stones[:, 256:])
    assert 1 <= result.distance < 2
    assert result.decision is Decision.SIMILAR


@pytest.mark.parametrize("copy", COPIES)
def test_the_distance_is_the_same_both_ways_round(
    photograph: Pixels, copy: Callable[[Pixels], MatLike]
) -> None:
    other = copy(photograph)
    there, back = rate(photograph, other), rate(other, photograph)
    assert there.distance == back.distance
    assert there.query.common_part == back.reference.common_part


def test_strength_and_distance_add_up_to_one(photograph: Pixels) -> None:
    result = rate(photograph, half(photograph))
    assert result.scores is not None
    assert result.scores.strength + result.distance == pytest.approx(1)


def test_the_box_lies_where_the_common_part_is(photograph: Pixels) -> None:
    part = rate(photograph, half(photograph)).reference.common_part
    assert part is not None
    assert part.left < 50
    assert 205 < part.right <= 256


def test_the_longer_side_is_brought_to_512(photograph: Pixels) -> None:
    side = rate(photograph, photograph[:100, :200]).query
    assert side.size == (200, 100)
    assert side.compared_size == (512, 256)


def test_without_a_match_there_is_no_box_and_no_score(photograph: Pixels, cat: Pixels) -> None:
    result = rate(photograph, cat)
    assert result.query.common_part is None
    assert result.scores is None


def test_the_answer_as_a_picture_shows_both_side_by_side(photograph: Pixels) -> None:
    engine = catalogue()["distance"]
    assert engine.draw is not None
    shown = engine.draw(photograph, photograph, rate(photograph, photograph)).pixels
    assert shown.shape == (512, 512 + 8 + 512, 3)


def test_the_pictures_are_left_as_they_were(photograph: Pixels) -> None:
    before = photograph.copy()
    result = rate(photograph, photograph)
    engine = catalogue()["distance"]
    assert engine.draw is not None
    engine.draw(photograph, photograph, result)
    assert np.array_equal(photograph, before)
