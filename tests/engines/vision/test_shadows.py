"""Shadows: soft and untinted darkness is ground; what has an edge is not."""

import cv2
import numpy as np
import pytest

from engines.core.shapes import Pixels
from engines.vision.shadows import soft_shadows, without

GROUND = (200, 220, 230)


def shaded(sigma: float) -> Pixels:
    """A disc of half the light on a tinted ground."""
    light = np.ones((300, 400), np.float64)
    cv2.circle(light, (200, 150), 60, 0.5, -1)
    soft = cv2.GaussianBlur(light, (0, 0), sigma) if sigma else light
    return np.rint(soft[..., np.newaxis] * GROUND).astype(np.uint8)


def test_a_soft_shadow_is_ground() -> None:
    assert soft_shadows(shaded(12)).all()


def test_a_dark_disc_with_an_edge_is_none() -> None:
    assert not soft_shadows(shaded(0))[110:190, 160:240].any()


def test_a_soft_spot_of_another_tint_is_none() -> None:
    image = shaded(12)
    image[..., 2] = GROUND[2]
    assert not soft_shadows(image)[130:170, 180:220].any()


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 90, 3), (5, 4, 3)])
def test_the_smallest_pictures_are_looked_at(shape: tuple[int, ...]) -> None:
    assert soft_shadows(np.full(shape, 90, np.uint8)).shape == shape[:2]


def test_what_would_leave_too_little_is_no_shadow() -> None:
    mask, shadows = np.ones((10, 10), np.uint8), np.zeros((10, 10), np.uint8)
    shadows[:3] = 1
    assert without(mask, shadows).sum() == 70
    shadows[:6] = 1
    assert without(mask, shadows).sum() == 100
