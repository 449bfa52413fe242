"""Disagreement: pictures of which it is known what share differs."""

import cv2
import numpy as np
import pytest
import skimage.data

from engines.core.shapes import Pixels
from engines.vision.disagreement import disagreement, in_common

SAME_PLACE = np.eye(3)


def texture(seed: int) -> Pixels:
    """Blots everywhere, so that each part has as much detail as any other."""
    noise = np.random.default_rng(seed).integers(0, 256, (64, 64, 3), np.uint8)
    return np.asarray(cv2.resize(noise, (512, 512), interpolation=cv2.INTER_CUBIC), np.uint8)


@pytest.fixture(scope="module")
def photograph() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[:, :, ::-1])  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("part", [0, 128, 256, 512])
def test_the_share_that_was_replaced_differs(part: int) -> None:
    first = texture(1)
    second = first.copy()
    second[:, :part] = texture(2)[:, :part]
    assert disagreement(first, second, SAME_PLACE).share == pytest.approx(part / 512, abs=0.08)


def test_what_only_one_of_them_shows_differs() -> None:
    erased = texture(1)
    erased[:, :256] = 128
    assert disagreement(texture(1), erased, SAME_PLACE).share == pytest.approx(0.5, abs=0.08)
    assert disagreement(erased, texture(1), SAME_PLACE).share == pytest.approx(0.5, abs=0.08)


@pytest.mark.parametrize("part", [0, 128, 256, 512])
def test_the_share_that_was_replaced_differs_clearly(part: int) -> None:
    first = texture(1)
    second = first.copy()
    second[:, :part] = texture(2)[:, :part]
    assert disagreement(first, second, SAME_PLACE).clear_share == pytest.approx(
        part / 512, abs=0.02
    )


def test_what_stands_out_differs_more_clearly_than_what_is_faint() -> None:
    both = np.hstack([texture(1)[:, :256] // 8 + 100, texture(1)[:, 256:]])
    faint, bold = both.copy(), both.copy()
    faint[:, :256] = texture(2)[:, :256] // 8 + 100
    bold[:, 256:] = texture(2)[:, 256:]
    assert disagreement(both, faint, SAME_PLACE).clear_share < 0.25
    assert disagreement(both, bold, SAME_PLACE).clear_share > 0.75


def test_a_trace_everywhere_differs_but_not_clearly() -> None:
    traced = cv2.addWeighted(texture(1), 0.75, texture(2), 0.25, 0)
    differing = disagreement(texture(1), np.asarray(traced, np.uint8), SAME_PLACE)
    assert differing.share > 0.05
    assert differing.clear_share < 0.02


def test_another_light_is_no_difference(photograph: Pixels) -> None:
    dim = (photograph * 0.6 + 10).astype(np.uint8)
    assert disagreement(photograph, dim, SAME_PLACE).share < 0.02


def test_the_sharper_is_compared_as_softly_as_the_other(photograph: Pixels) -> None:
    soft = np.asarray(cv2.GaussianBlur(photograph, (0, 0), 8), np.uint8)
    assert disagreement(photograph, soft, SAME_PLACE).share < 0.1
    assert disagreement(texture(1), soft, SAME_PLACE).share > 0.8


def test_colour_tells_apart_what_is_equally_bright() -> None:
    grey, tinted = (cv2.cvtColor(texture(1), cv2.COLOR_BGR2LAB) for _ in range(2))
    grey[..., 0] = tinted[..., 0] = 128
    grey[..., 1:] = 128
    first, second = (
        np.asarray(cv2.cvtColor(one, cv2.COLOR_LAB2BGR), np.uint8) for one in (grey, tinted)
    )
    assert disagreement(first, second, SAME_PLACE).share > 0.8


def test_the_matrix_says_where_the_first_lies() -> None:
    first = texture(1)
    second = np.roll(first, 100, axis=1)
    shift = np.array([[1, 0, 100], [0, 1, 0], [0, 0, 1]], np.float64)
    assert disagreement(first, second, shift).share < 0.02
    assert disagreement(first, second, SAME_PLACE).share > 0.8


def test_only_the_part_asked_for_is_compared() -> None:
    second = texture(1)
    second[:, 256:] = texture(2)[:, 256:]
    left = np.array([[0, 0], [240, 0], [240, 511], [0, 511]], np.float64)
    assert disagreement(texture(1), second, SAME_PLACE, left).share < 0.02
    assert disagreement(texture(1), second, SAME_PLACE, left + 256 * np.array([1, 0])).share > 0.8


def test_nothing_differs_where_nothing_is_shown() -> None:
    flat = np.full((200, 300, 3), 90, np.uint8)
    assert disagreement(flat, flat + np.uint8(2), SAME_PLACE).share == 0


def test_where_nothing_is_covered_nothing_agrees() -> None:
    away = np.array([[1, 0, 1000], [0, 1, 0], [0, 0, 1]], np.float64)
    assert disagreement(texture(1), texture(1), away).share == 1


def test_what_was_added_to_a_sheet_leaves_something_shared() -> None:
    sheet = np.full((512, 512, 3), 240, np.uint8)
    sheet[40:70, 40:140] = texture(1)[40:70, 40:140]
    more = sheet.copy()
    more[100:500, 20:500] = texture(2)[100:500, 20:500]
    assert disagreement(sheet, more, SAME_PLACE).share > 0.9
    assert in_common(sheet, more, SAME_PLACE) > 0.3
    assert in_common(texture(1), texture(2), SAME_PLACE) < 0.1
