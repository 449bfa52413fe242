"""Local contrast: a picture without its light, and how alike two of them are."""

import math

import cv2
import numpy as np
from cv2.typing import MatLike

from engines.vision.counting import percentile

_NEIGHBOURHOOD_PX = 10
_COARSER = 4
"""How much smaller the copy is in which a neighbourhood's mean is taken."""
_FAINT_LEVELS = 4.0
_MOST_DIFFERENCE = 16 * 255
"""Of second differences, across and down."""
SAME_PATTERN = 0.5
"""Correlation of flattened pictures; 60 unrelated pairs of photographs had 0.04 at most."""


def flattened(image: MatLike) -> MatLike:
    """The levels about their neighbourhood's, in its own measure; uint8, about 128.

    Args:
        image: uint8 (H, W) or (H, W, 3); one measure holds for all channels, so that a faint
            one is not made loud.
    """
    levels = image.astype(np.float32)
    centred = cv2.subtract(levels, _around(levels))
    squares = cv2.multiply(centred, centred)
    if image.ndim == 3:
        squares = cv2.transform(squares, np.full((1, 3), 1 / 3, np.float32))
    measure = cv2.sqrt(_around(squares)) + np.float32(_FAINT_LEVELS + 2 * _noise(image))
    gain = 42 / measure
    shown = cv2.multiply(centred, gain if image.ndim == 2 else cv2.merge([gain] * 3))
    shown = np.clip(shown + 128, 0, 255).astype(np.uint8)
    return np.asarray(cv2.GaussianBlur(shown, (0, 0), 0.8), np.uint8)


def _around(levels: MatLike) -> MatLike:
    """The mean of each pixel's neighbourhood, in a small copy, for so much blur hides that."""
    height, width = levels.shape[:2]
    size = (-(-width // _COARSER), -(-height // _COARSER))
    small = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    # Reducing and enlarging blur by themselves, by a box's and by a triangle's variance.
    own = (_COARSER**2 - 1) / 12 + _COARSER**2 / 6
    sigma = math.sqrt(_NEIGHBOURHOOD_PX**2 - own) / _COARSER
    blurred = cv2.GaussianBlur(small, (0, 0), sigma, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)


def _noise(image: MatLike) -> float:
    """The standard deviation of a picture's noise, or of its finest texture; grey levels.

    Source:
        Immerkaer, Fast noise variance estimation, CVIU 1996; the median for the mean.
    """
    second = np.array([-1, 2, -1], np.float32)
    differences = cv2.sepFilter2D(image, cv2.CV_16S, second, second)
    spreads = np.abs(differences).view(np.uint16)
    return 1.4826 / 6 * percentile(spreads, 50, _MOST_DIFFERENCE)


def pearson(one: MatLike, other: MatLike) -> float:
    """Pearson's coefficient; 0 where one is flat, for which NumPy's corrcoef has no answer."""
    here, there = one - np.mean(one), other - np.mean(other)
    return float((here * there).sum() / (np.linalg.norm(here) * np.linalg.norm(there) + 1e-6))
