"""Shading: how the light falls off over a picture, as a smooth surface through its ground."""

import cv2
import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.scaling import Size, shrink

PLAIN_SIDE, PLAIN_PX = 480, 31
"""At this size, a median over so many pixels takes print and other fine marks out."""
FITTED_SIDE = 64
ROUNDS = 20
SMALLEST_RESIDUAL = 1e-3

Surface = NDArray[np.float64]


def shading(plane: Pixels, order: int) -> Surface:
    """The light on a picture's ground, which is what most of it consists of.

    Args:
        plane: uint8 (H, W).
        order: of the polynomial.

    Returns:
        coefficients of Legendre polynomials over y and x, each from -1 to 1; they give the
        logarithm of grey levels.

    Source:
        own, after the models in Tomaževič et al., Comparative evaluation of retrospective shading
        correction methods, Journal of Microscopy 208(3), 2002. The residuals' absolute values
        are made least, so that what is no ground counts no more for being far from it.
    """
    plain = cv2.medianBlur(np.asarray(shrink(plane, PLAIN_SIDE), np.uint8), PLAIN_PX)
    ground = np.log(np.maximum(1.0, shrink(plain, FITTED_SIDE)))
    rows, columns = (legendre.legvander(_places(count), order) for count in ground.shape)
    i, j = np.nonzero(np.add.outer(range(order + 1), range(order + 1)) <= order)
    basis = (rows[:, None, i] * columns[None, :, j]).reshape(ground.size, -1)
    surface = np.zeros((order + 1, order + 1))
    surface[i, j] = _least_absolute(basis, ground.ravel())
    return surface


def over(surface: Surface, size: Size) -> NDArray[np.float32]:
    """The surface at each pixel of a picture of (width, height)."""
    width, height = size
    order = len(surface) - 1
    rows = legendre.legvander(_places(height), order) @ surface
    return rows.astype(np.float32) @ legendre.legvander(_places(width), order).T.astype(np.float32)


def _places(count: int) -> NDArray[np.float64]:
    """The middles of a side's pixels, where the side reaches from -1 to 1."""
    return (2 * np.arange(count) + 1) / count - 1


def _least_absolute(basis: NDArray[np.float64], values: NDArray[np.float64]) -> Surface:
    """By least squares, weighted anew in each round."""
    weighted = basis
    for _ in range(ROUNDS):
        # Of a picture of few pixels this has many solutions; the smallest is taken.
        found = np.linalg.lstsq(weighted.T @ basis, weighted.T @ values, rcond=None)[0]
        residuals = np.abs(values - basis @ found)
        weighted = basis / np.maximum(SMALLEST_RESIDUAL, residuals)[:, None]
    return np.asarray(found, np.float64)
