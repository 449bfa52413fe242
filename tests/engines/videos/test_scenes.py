"""Scenes of photographs, joined by cuts, flashes, motion and other light."""

from collections.abc import Sequence

import numpy as np
import pytest
import skimage.data

from engines.core.shapes import Pixels
from engines.videos.scenes import FLASH, SceneCuts

PEOPLE = np.asarray(skimage.data.astronaut()[..., ::-1], np.uint8)  # type: ignore[no-untyped-call]
COFFEE = np.asarray(skimage.data.coffee()[..., ::-1], np.uint8)  # type: ignore[no-untyped-call]
WHITE = np.full((400, 600, 3), 255, np.uint8)
BLACK = np.zeros((400, 600, 3), np.uint8)


def cuts(pictures: Sequence[Pixels]) -> list[int]:
    """The frames with which scenes begin."""
    scenes: SceneCuts[int] = SceneCuts()
    done = [one for number, image in enumerate(pictures) for one in scenes.add(number, image)]
    done += scenes.flush()
    assert [number for number, _ in done] == list(range(len(pictures)))
    return [number for number, is_cut in done if is_cut]


@pytest.mark.parametrize("other", [COFFEE, WHITE, BLACK])
def test_another_picture_is_a_cut(other: Pixels) -> None:
    assert cuts([PEOPLE] * 10 + [other] * 10) == [10]
    assert cuts([other] * 10 + [PEOPLE] * 10) == [10]


def test_a_shade_more_in_an_empty_picture_is_no_cut() -> None:
    assert cuts([np.full((90, 90, 3), grey, np.uint8) for grey in [127] * 9 + [129] * 9]) == []


def test_each_of_many_scenes_begins_with_a_cut() -> None:
    assert cuts(([PEOPLE] * 6 + [COFFEE] * 6) * 3) == [6, 12, 18, 24, 30]


@pytest.mark.parametrize("flash", [WHITE, BLACK, COFFEE])
@pytest.mark.parametrize("length", range(1, FLASH + 1))
def test_a_flash_is_no_cut(flash: Pixels, length: int) -> None:
    assert cuts([PEOPLE] * 10 + [flash] * length + [PEOPLE] * 10) == []


def test_a_stroboscope_makes_no_cuts() -> None:
    assert cuts([PEOPLE, WHITE] * 20) == []


def test_a_longer_insert_is_a_scene() -> None:
    insert = [COFFEE] * (FLASH + 1)
    assert cuts([PEOPLE] * 10 + insert + [PEOPLE] * 10) == [10, 11 + FLASH]


def test_a_cut_behind_a_flash_is_found() -> None:
    assert cuts([PEOPLE] * 10 + [WHITE] + [COFFEE] * 10) == [10, 11]


def test_the_last_frames_are_no_scene() -> None:
    assert cuts([PEOPLE] * 10 + [WHITE] * FLASH) == []
    assert cuts([PEOPLE] * 10 + [WHITE] * (FLASH + 1)) == [10]


def test_a_camera_that_turns_makes_no_cut() -> None:
    assert cuts([PEOPLE[:, left : left + 300] for left in range(0, 212, 25)]) == []


@pytest.mark.parametrize("light", [0.35, 0.6, 1.5, 2.5])
def test_other_light_is_no_cut(light: float) -> None:
    lit = np.clip(PEOPLE * light, 0, 255).astype(np.uint8)
    assert cuts([PEOPLE] * 10 + [lit] * 10) == []
