"""Image quality: how well a picture is exposed, how sharp and how noisy it is."""

import math
from collections.abc import Iterator
from typing import Annotated

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engines.core.registry import engine
from engines.core.shapes import (
    Details,
    EngineResult,
    Info,
    Parameters,
    Picture,
    Pixels,
    Rows,
)

NOISE_PIXELS, BAND_PX = 2_000_000, 64
"""How many pixels tell the noise at least, where there are so many, and height of their bands."""
STRIP_PX = 128
SECOND_DERIVATIVE = np.array([[-1, 2, -1]], np.float32)

Percentage = Annotated[float, Field(ge=0, le=100)]


class Params(Parameters):
    """What counts as badly exposed, and how finely the histogram is cut."""

    bins: int = Field(255, ge=1, le=256, description="Bins of the luminance histogram.")
    tolerance: float = Field(
        0.01,
        ge=0,
        le=0.5,
        description="Share of the luminance range, at either end, that counts as badly exposed.",
    )


class Exposure(BaseModel):
    """Rec. 601 luma of the pixels, 0 to 255."""

    underexposed_percent: Percentage = Field(description="Of all pixels.")
    underexposed: Picture = Field(description="1 where a pixel is underexposed.")
    overexposed_percent: Percentage = Field(description="Of all pixels.")
    overexposed: Picture = Field(description="1 where a pixel is overexposed.")
    histogram: list[int] = Field(description="Pixels in each bin.")
    mean: float = Field(ge=0, le=255)
    standard_deviation: float = Field(ge=0)


class Sharpness(BaseModel):
    """How much fine detail there is; comparable only between pictures of one size."""

    laplacian_variance: float = Field(
        ge=0, description="Variance of the absolute values of the Laplacian."
    )
    sum_modified_laplacian: float = Field(ge=0, description="Mean of a pixel.")


class Result(EngineResult[Info]):
    """Validity, exposure, sharpness and noise."""

    is_truncated: bool = Field(
        description="The data end early, and the figures are of the rows before."
    )
    exposure: Exposure
    sharpness: Sharpness
    noise: float = Field(ge=0, description="Standard deviation of one colour channel's noise.")


def draw(image: Rows, result: Result) -> Picture:
    """The rows with what is underexposed in blue and what is overexposed in red."""
    painted = image.pixels.copy()
    painted[result.exposure.underexposed.pixels] = (255, 64, 0)
    painted[result.exposure.overexposed.pixels] = (0, 0, 255)
    return Picture(painted)


@engine(version="2.0.1", draw=draw)
def image_quality(image: Rows, *, params: Params) -> Result:
    """Rate exposure by luma, sharpness by two Laplacians, noise by a difference of Laplacians.

    Args:
        image: the rows that could be decoded, uint8 (H, W, 3), BGR.

    Returns:
        masks of the size of the rows; noise in grey levels, of the flatter half of the pixels
        (fine texture would count as noise) and the mean of the three channels (so that grey
        and coloured noise of one strength are rated alike), above four megapixels in bands.

    Source:
        Laplacian's variance: Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy,
        ICPR 2000. Sum-modified: Nayar & Nakagawa, Shape from focus, PAMI 16(8), 1994; step 1, no
        threshold. Noise: Immerkær, Fast noise variance estimation, CVIU 64(2), 1996, without edges
        as in Tai & Yang, A fast method for image noise estimation, ISPACS 2008.
    """
    luma = cv2.cvtColor(image.pixels, cv2.COLOR_BGR2GRAY)
    return Result(
        is_truncated=image.is_truncated,
        exposure=_exposure(luma, params),
        sharpness=_sharpness(luma),
        noise=_noise(image.pixels),
        details=Details[Info](info=Info()),
    )


def _exposure(luma: MatLike, params: Params) -> Exposure:
    margin = 255 * params.tolerance
    counts = cv2.calcHist([luma], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    levels = np.arange(256)
    mean = float(np.average(levels, weights=counts))
    binned = np.bincount(levels * params.bins // 256, weights=counts, minlength=params.bins)
    shares = 100 * counts / counts.sum()
    return Exposure(
        underexposed_percent=_percentage(shares[levels <= margin]),
        underexposed=Picture(luma <= math.floor(margin)),
        overexposed_percent=_percentage(shares[levels >= 255 - margin]),
        overexposed=Picture(luma >= math.ceil(255 - margin)),
        histogram=binned.astype(np.int64).tolist(),
        mean=mean,
        standard_deviation=float(np.sqrt(np.average((levels - mean) ** 2, weights=counts))),
    )


def _percentage(shares: NDArray[np.float64]) -> float:
    return min(100.0, float(shares.sum()))


def _sharpness(luma: MatLike) -> Sharpness:
    sums = np.sum([_sums(*one) for one in _second_derivatives(luma)], axis=0)
    mean_square, mean_of_absolutes, modified = (float(one) / luma.size for one in sums)
    return Sharpness(
        laplacian_variance=max(0.0, mean_square - mean_of_absolutes**2),
        sum_modified_laplacian=modified,
    )


def _second_derivatives(luma: MatLike) -> Iterator[tuple[MatLike, MatLike]]:
    """Across and down, of one strip of rows after another, which stays in the caches."""
    for top in range(0, len(luma), STRIP_PX):
        above = max(top - 1, 0)
        seen = luma[above : top + STRIP_PX + 1]
        strip = slice(top - above, top - above + STRIP_PX)
        across = cv2.filter2D(seen, cv2.CV_16S, SECOND_DERIVATIVE)
        down = cv2.filter2D(seen, cv2.CV_16S, SECOND_DERIVATIVE.T)
        yield across[strip], down[strip]


def _sums(across: MatLike, down: MatLike) -> tuple[float, float, float]:
    """Of the Laplacian's squares, of its absolutes, and of those of both derivatives."""
    laplacian = cv2.add(across, down)
    modified = cv2.norm(across, cv2.NORM_L1) + cv2.norm(down, cv2.NORM_L1)
    return cv2.norm(laplacian, cv2.NORM_L2SQR), cv2.norm(laplacian, cv2.NORM_L1), modified


def _noise(image: Pixels) -> float:
    if min(image.shape[:2]) < 3:
        return 0.0
    image = _bands(image)
    luma = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    slope = np.abs(cv2.Sobel(luma, cv2.CV_16S, 1, 0)) + np.abs(cv2.Sobel(luma, cv2.CV_16S, 0, 1))
    slope = slope[1:-1, 1:-1]
    is_flat = (slope <= np.median(slope[::4, ::4])).astype(np.uint8)
    # Immerkær's mask is this kernel's product with its transpose.
    inner = (
        cv2.sepFilter2D(plane, cv2.CV_16S, SECOND_DERIVATIVE, SECOND_DERIVATIVE)[1:-1, 1:-1]
        for plane in cv2.split(image)
    )
    total = sum(cv2.norm(plane, cv2.NORM_L1, is_flat) for plane in inner)
    return float(np.sqrt(np.pi / 2) / 6 * total / (3 * cv2.countNonZero(is_flat)))


def _bands(image: Pixels) -> Pixels:
    """Of a large picture some bands of rows; where they meet is an edge, and so left out."""
    height, width = image.shape[:2]
    step = height * width // NOISE_PIXELS
    if step < 2:
        return image
    tops = range(0, height, step * BAND_PX)
    return np.concatenate([image[top : top + BAND_PX] for top in tops])
