"""Parallax: depth is told from a change, followed, and what it hides is known."""

import cv2
import numpy as np
import pytest
import skimage.data

from engines.core.shapes import Pixels
from engines.vision import parallax as module
from engines.vision.comparison import Flags
from engines.vision.parallax import Parallax, parallax

MOVE_PX = 12
NEAR = (slice(90, 330), slice(140, 380))
"""Rows and columns of what stands in front, on the first picture."""


def everywhere(image: Pixels) -> Flags:
    return np.ones(image.shape[:2], np.bool_)


@pytest.fixture(scope="module")
def behind() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[:400, :, ::-1])  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def in_front() -> Pixels:
    image = skimage.data.coffee()[100:340, 200:440, ::-1]  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(image)


def scene(behind: Pixels, in_front: Pixels, right: int = 0, down: int = 0) -> Pixels:
    """Something before a wall, seen from where it lies so far off."""
    rows, columns = NEAR
    image = behind.copy()
    image[rows.start + down : rows.stop + down, columns.start + right : columns.stop + right] = (
        in_front
    )
    return image


def found(first: Pixels, second: Pixels) -> Parallax:
    result = parallax(first, second, everywhere(first))
    assert result is not None
    return result


@pytest.mark.parametrize("move", [(MOVE_PX, 0), (-MOVE_PX, 0), (0, MOVE_PX), (8, 9)])
def test_the_flow_follows_what_is_nearer(
    behind: Pixels, in_front: Pixels, move: tuple[int, int]
) -> None:
    flow = found(scene(behind, in_front), scene(behind, in_front, *move)).flow
    near, far = flow[110:310, 160:360], flow[20:70, 20:120]
    assert (np.linalg.norm(near - move, axis=2) < 1).mean() > 0.95
    assert (np.linalg.norm(far, axis=2) < 1).mean() > 0.95


def test_what_is_covered_on_the_second_picture_is_hidden(behind: Pixels, in_front: Pixels) -> None:
    hidden = found(scene(behind, in_front), scene(behind, in_front, MOVE_PX)).hidden
    assert hidden[95:325, 381 : 380 + MOVE_PX].mean() > 0.5
    hidden[80:340, 130 : 390 + MOVE_PX] = False
    assert hidden.mean() < 0.01


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(("top", "left"), [(20, 20), (180, 230)], ids=["behind", "in front"])
def test_what_was_added_is_not_hidden(
    behind: Pixels, in_front: Pixels, side: int, top: int, left: int
) -> None:
    pair = [scene(behind, in_front), scene(behind, in_front, MOVE_PX)]
    pair[side][top : top + 50, left : left + 60] = (40, 200, 60)
    hidden = found(*pair).hidden
    assert hidden[top : top + 50, left : left + 60 - MOVE_PX].mean() < 0.1


def test_a_flat_picture_has_no_depth(behind: Pixels) -> None:
    second = behind.copy()
    second[100:160, 200:300] = (40, 200, 60)
    noise = np.random.default_rng(2026).normal(0, 6, second.shape)
    noisy = np.asarray(np.clip(second * 0.8 + noise, 0, 255), np.uint8)
    assert parallax(behind, noisy, everywhere(behind)) is None


def test_something_small_that_was_moved_is_no_depth(behind: Pixels) -> None:
    thing = behind[0:70, 0:90].copy()
    first, second = behind.copy(), behind.copy()
    first[200:270, 100:190] = thing
    second[200:270, 120:210] = thing
    assert parallax(first, second, everywhere(behind)) is None


def test_pictures_without_texture_have_no_depth() -> None:
    flat = np.full((200, 300, 3), 90, np.uint8)
    assert parallax(flat, flat + np.uint8(40), everywhere(flat)) is None


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (300, 7)])
def test_low_and_narrow_pictures_have_no_depth(size: tuple[int, int]) -> None:
    noise = np.random.default_rng(2026).integers(0, 256, (*size, 3), np.uint8)
    assert parallax(noise, noise[::-1].copy(), everywhere(noise)) is None


def test_seen_from_nearer_there_is_no_canvas(behind: Pixels, in_front: Pixels) -> None:
    # All lines meet in the middle of the picture, which no canvas with rows for them can hold.
    second = behind.copy()
    second[70:350, 120:400] = cv2.resize(in_front, (280, 280))
    assert parallax(scene(behind, in_front), second, everywhere(behind)) is None


def test_what_would_take_long_is_not_tried(
    behind: Pixels, in_front: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = scene(behind, in_front), scene(behind, in_front, MOVE_PX)
    assert parallax(*pair, everywhere(behind)) is not None
    monkeypatch.setattr(module, "MOST_TRIED", behind.shape[0] * behind.shape[1])
    assert parallax(*pair, everywhere(behind)) is None
