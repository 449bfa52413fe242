"""Photographs that installed packages carry; nothing is fetched."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
import sklearn.datasets

from engines.core.shapes import Pixels

_SKIMAGE = Path(skimage.data.__file__).parent
_SKLEARN = Path(sklearn.datasets.__file__).parent / "images"


@pytest.fixture(
    params=["astronaut.png", "camera.png", "chelsea.png", "coffee.png", "rocket.jpg", "china.jpg"]
)
def photograph(request: pytest.FixtureRequest) -> Pixels:
    """Each of six photographs, one of them grey; BGR."""
    return read(request.param)


@pytest.fixture
def coffee() -> Pixels:
    """A red cup on a wooden table; 600 × 400, BGR."""
    return read("coffee.png")


def read(name: str) -> Pixels:
    """One of the packages' pictures as it is stored, BGR."""
    folder = _SKIMAGE if (_SKIMAGE / name).exists() else _SKLEARN
    return np.asarray(cv2.imread(str(folder / name), cv2.IMREAD_COLOR), np.uint8)
