"""Colour spaces: CIELAB, and luma with chroma."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.intp]

# Luma and chroma as JFIF (ITU-T T.871) defines them, of blue, green and red.
_OPPONENT = np.array(
    [[0.114, 0.587, 0.299], [0.5, -0.3313, -0.1687], [-0.0813, -0.4187, 0.5]], np.float32
)


def to_levels(bgr: Floats | Integers) -> Floats:
    levels: Floats = bgr.astype(np.float32) @ _OPPONENT.T
    return levels


def to_lab(bgr: Floats) -> Floats:
    unit = (bgr / 255).astype(np.float32)[np.newaxis]
    lab: Floats = cv2.cvtColor(unit, cv2.COLOR_BGR2LAB)[0].astype(np.float32)
    return lab


def to_rgb(lab: Floats) -> Integers:
    unit = cv2.cvtColor(lab.astype(np.float32)[np.newaxis], cv2.COLOR_LAB2RGB)[0]
    rgb: Integers = np.rint(unit * 255).clip(0, 255).astype(np.intp)
    return rgb
