"""A picture is seen in the light of another, and what differs takes no part in that."""

import numpy as np
import pytest

from engines.vision.light import Layers, are_in_one_light, in_the_light_of

ALL = np.ones((96, 128), np.bool_)


@pytest.fixture(scope="module")
def scene() -> Layers:
    """Blocks of many colours."""
    colours = np.random.default_rng(3).integers(40, 180, (12, 16, 3))
    return colours.repeat(8, axis=0).repeat(8, axis=1).astype(np.float32)


def test_a_picture_and_itself_are_in_one_light_whatever_is_laid_on_it(scene: Layers) -> None:
    second = scene.copy()
    second[20:60, 30:80] = 250
    assert are_in_one_light(scene, second, ALL)
    assert not are_in_one_light(scene, 1.2 * scene + 5, ALL)


@pytest.mark.parametrize(("gain", "offset"), [(1.2, 5), (0.8, 10), (1, -12)])
def test_exposure_is_made_up_for_though_a_part_differs(
    scene: Layers, gain: float, offset: float
) -> None:
    second = np.asarray(gain * scene + offset, np.float32)
    lit = second.copy()
    lit[20:50, 30:60] = 250
    assert np.abs(in_the_light_of(scene, lit, ALL) - second).max() < 2
