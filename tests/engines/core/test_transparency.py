"""Transparency: the ground is the one that what is visible stands out from."""

from typing import TypeAlias

import numpy as np
import pytest

from engines.core.shapes import Pixels
from engines.core.transparency import BLACK, MIDDLE, WHITE, contrasting_ground, laid, visible

Colour: TypeAlias = int | tuple[int, int, int]
YELLOW, RED, LIGHT, DARK = (59, 235, 255), (0, 0, 220), (200, 200, 200), (60, 60, 60)


def bars(*colours: Colour, alpha: int = 255) -> Pixels:
    """Upright bars of these colours on a transparent ground, BGRA."""
    image = np.zeros((60, 40 * len(colours), 4), np.uint8)
    for index, colour in enumerate(colours):
        image[10:50, 40 * index + 10 : 40 * index + 30, :3] = colour
        image[10:50, 40 * index + 10 : 40 * index + 30, 3] = alpha
    return image


@pytest.mark.parametrize(
    ("colours", "ground"),
    [
        ([0], WHITE),
        ([255], BLACK),
        ([YELLOW], BLACK),
        ([LIGHT], BLACK),
        ([RED], WHITE),
        ([DARK, RED], WHITE),
        ([LIGHT, YELLOW], BLACK),
        ([0, 255], MIDDLE),
        ([128], WHITE),
    ],
)
def test_the_ground_is_what_every_bar_stands_out_from(colours: list[Colour], ground: int) -> None:
    assert contrasting_ground(bars(*colours)) == ground


@pytest.mark.parametrize("alpha", [0, 255])
def test_without_a_rim_the_ground_is_white(alpha: int) -> None:
    assert contrasting_ground(np.full((9, 9, 4), alpha, np.uint8)) == WHITE


def test_faint_writing_counts_where_nothing_else_is_there() -> None:
    assert contrasting_ground(bars(255, alpha=90)) == BLACK


def test_a_dark_shadow_is_no_part_of_a_light_object() -> None:
    image = bars(255)
    image[5:55, 5:35] = np.where(image[5:55, 5:35, 3:] > 0, image[5:55, 5:35], (0, 0, 0, 100))
    assert visible(image).sum() == 40 * 20
    assert contrasting_ground(image) == BLACK


def test_a_photograph_with_clear_corners_stays_on_white() -> None:
    random = np.random.default_rng(1)
    image = np.dstack([random.integers(0, 256, (90, 90, 3)), np.full((90, 90), 255)])
    image[:20, :20, 3] = 0
    assert contrasting_ground(image.astype(np.uint8)) == WHITE


def test_what_is_half_transparent_is_blended_with_the_ground() -> None:
    half = np.full((1, 1, 4), (200, 100, 0, 128), np.uint8)
    assert laid(half, BLACK)[0, 0].tolist() == [100, 50, 0]
    assert laid(half, WHITE)[0, 0].tolist() == [227, 177, 127]


def test_what_has_no_alpha_is_left_alone() -> None:
    colours = np.zeros((3, 4, 3), np.uint8)
    assert laid(colours) is colours
    assert laid(colours[..., 0], BLACK).shape == (3, 4)
