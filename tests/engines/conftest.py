"""Photographs that installed packages carry; nothing is fetched."""

import cv2
import numpy as np
import pytest

from engines.core.shapes import Pixels
from tests.engines import drawing


@pytest.fixture(
    params=["astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg", "china.jpg"]
)
def photograph(request: pytest.FixtureRequest) -> Pixels:
    """Each of six photographs, one of them grey; BGR."""
    return drawing.photograph(request.param)


@pytest.fixture
def page() -> Pixels:
    """A page with a word and two boxes; 600 × 400, BGR."""
    image = np.full((400, 600, 3), 255, np.uint8)
    cv2.putText(image, "Settings", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (0, 0, 0), 2)
    cv2.rectangle(image, (40, 100), (300, 200), (200, 120, 0), -1)
    cv2.rectangle(image, (350, 300), (500, 350), (0, 120, 0), 2)
    return image


@pytest.fixture
def coffee() -> Pixels:
    """A red cup on a wooden table; 600 × 400, BGR."""
    return drawing.photograph("coffee.png")
