"""Heat map: where in a picture the points are that an image search can hold on to."""

import math
from collections.abc import Iterator
from functools import reduce

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import Field

from engines.core.choice import Choice
from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Image, Info, Parameters, Picture, Pixels
from engines.vision.morphology import square
from engines.vision.scaling import Size, reduced, scaled, shrink, size_of

LONGER_SIDE_PX = 400
SCALES_PX = tuple(1.6 * 2 ** (step / 3) for step in range(8))
LEAST_RESPONSE = 3.0
SPREAD = 0.04
COARSER = 2
OPACITY = 0.55
FLAT = "No points of interest: the picture is flat or smooth, and its heat is even."


class Colormap(Choice):
    """Maps whose lightness rises with the heat."""

    INFERNO = "inferno"
    MAGMA = "magma"
    PLASMA = "plasma"
    VIRIDIS = "viridis"
    CIVIDIS = "cividis"


class Params(Parameters):
    """How the heat is shown."""

    overlay: bool = Field(True, description="Lay the heat over the picture.")
    colormap: Colormap = Field(
        Colormap.INFERNO, description="Colours from cold to hot; lightness rises with the heat."
    )


class Result(EngineResult[Info]):
    """The heat as a picture."""

    heatmap: Picture = Field(description="Of the picture's size.")


@engine(version="2.0.0")
def heat_map(image: Image, *, params: Params) -> Result:
    """Show the density of key points, each weighted by its response, over eight scales.

    Key points are maxima, in place and scale, of the determinant of the Hessian.

    Args:
        image: uint8 (H, W, 3), BGR; looked at with its longer side reduced to 400 px.

    Returns:
        heat relative to the picture's own hottest place; not comparable between pictures.

    Source:
        Lindeberg, Feature detection with automatic scale selection, IJCV 30(2), 1998.
    """
    heat = _unit_heat(image)
    colours = _coloured(heat, params.colormap, size_of(image))
    if params.overlay:
        colours = cv2.addWeighted(colours, OPACITY, image, 1 - OPACITY, 0)
    message = "" if heat.any() else FLAT
    return Result(heatmap=Picture(colours), details=Details(message=message, info=Info()))


def _unit_heat(image: Pixels) -> NDArray[np.float32]:
    """From 0 to 1, with a longer side of 400 px."""
    small = shrink(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), LONGER_SIDE_PX).astype(np.float32)
    weights = _key_points([_response(*one) for one in zip(SCALES_PX, _scales(small), strict=True)])
    heat = _spread(weights, SPREAD * max(weights.shape))
    return np.asarray(heat / max(heat.max(), np.finfo(np.float32).tiny), np.float32)


def _scales(grey: MatLike) -> Iterator[MatLike]:
    """The picture blurred ever more, each from the one before: variances of blurs add up."""
    before = 0.0
    for sigma in SCALES_PX:
        grey = cv2.GaussianBlur(grey, (0, 0), math.sqrt(sigma**2 - before**2))
        before = sigma
        yield grey


def _response(sigma: float, smooth: MatLike) -> MatLike:
    """Of the order of a blob's contrast in grey levels, at any scale."""
    xx = cv2.Sobel(smooth, cv2.CV_32F, 2, 0, ksize=1)
    yy = cv2.Sobel(smooth, cv2.CV_32F, 0, 2, ksize=1)
    xy = cv2.Sobel(smooth, cv2.CV_32F, 1, 1, ksize=3, scale=0.25)
    return sigma**2 * np.sqrt(np.maximum(xx * yy - xy * xy, 0))


def _key_points(responses: list[MatLike]) -> MatLike:
    """At each maximum in place and scale its response, as far as it is above the least."""
    around = [cv2.dilate(one, square(1)) for one in responses]
    finer, coarser = [around[0], *around[:-1]], [*around[1:], around[-1]]
    weights = np.zeros_like(responses[0])
    for response, *neighbours in zip(responses, finer, around, coarser, strict=True):
        is_highest = response >= reduce(cv2.max, neighbours)
        weights += is_highest * np.maximum(response - LEAST_RESPONSE, 0)
    return weights


def _spread(weights: MatLike, sigma: float) -> MatLike:
    """The weights spread over their surroundings, in a small copy, for so much blur hides that."""
    size = size_of(weights)
    small = reduced(weights, scaled(size, 1 / COARSER))
    blurred = cv2.GaussianBlur(small, (0, 0), sigma / COARSER, borderType=cv2.BORDER_REFLECT)
    return cv2.resize(blurred, size, interpolation=cv2.INTER_LINEAR)


def _coloured(heat: MatLike, colormap: Colormap, size: Size) -> MatLike:
    levels = cv2.convertScaleAbs(heat, alpha=255)
    return cv2.resize(cv2.applyColorMap(levels, getattr(cv2, f"COLORMAP_{colormap.name}")), size)
