"""Image quality: how well a picture is exposed, how sharp and how noisy it is."""

from typing import Annotated

import cv2
import numpy as np
from cv2.typing import MatLike
from pydantic import BaseModel, Field

from engines.core.registry import engine
from engines.core.shapes import (
    Details,
    EngineResult,
    Info,
    Mask,
    Parameters,
    Picture,
    Pixels,
    Rows,
)

IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)

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


@engine(version="1.0.0", draw=draw)
def image_quality(image: Rows, *, params: Params) -> Result:
    """Rate exposure by luma, sharpness by two Laplacians, noise by a difference of Laplacians.

    Args:
        image: the rows that could be decoded, uint8 (H, W, 3), BGR.

    Returns:
        masks of the size of the rows; noise in grey levels, of the flatter half of the pixels
        (fine texture would count as noise) and the mean of the three channels (so that grey
        and coloured noise of one strength are rated alike).

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
        noise=_noise(image.pixels, luma),
        details=Details[Info](info=Info()),
    )


def _exposure(luma: MatLike, params: Params) -> Exposure:
    margin = 255 * params.tolerance
    counts = np.bincount(luma.ravel(), minlength=256)
    levels = np.arange(256)
    mean = float(np.average(levels, weights=counts))
    under, over = luma <= margin, luma >= 255 - margin
    binned = np.bincount(levels * params.bins // 256, weights=counts, minlength=params.bins)
    return Exposure(
        underexposed_percent=_percentage(under),
        underexposed=Picture(under),
        overexposed_percent=_percentage(over),
        overexposed=Picture(over),
        histogram=binned.astype(np.int64).tolist(),
        mean=mean,
        standard_deviation=float(np.sqrt(np.average((levels - mean) ** 2, weights=counts))),
    )


def _percentage(mask: Mask) -> float:
    return 100 * float(mask.mean())


def _sharpness(luma: MatLike) -> Sharpness:
    across = cv2.filter2D(luma, cv2.CV_16S, np.array([[-1, 2, -1]], np.float32))
    down = cv2.filter2D(luma, cv2.CV_16S, np.array([[-1], [2], [-1]], np.float32))
    _, deviation = cv2.meanStdDev(cv2.absdiff(across, -down))
    return Sharpness(
        laplacian_variance=float(deviation[0, 0]) ** 2,
        sum_modified_laplacian=cv2.mean(np.abs(across))[0] + cv2.mean(np.abs(down))[0],
    )


def _noise(image: Pixels, luma: MatLike) -> float:
    inner = cv2.filter2D(image, cv2.CV_16S, IMMERKAER)[1:-1, 1:-1]
    if not inner.size:
        return 0.0
    slope = np.abs(cv2.Sobel(luma, cv2.CV_16S, 1, 0)) + np.abs(cv2.Sobel(luma, cv2.CV_16S, 0, 1))
    slope = slope[1:-1, 1:-1]
    is_flat = slope <= np.median(slope[::4, ::4])
    channels = cv2.mean(np.abs(inner), is_flat.astype(np.uint8))[:3]
    return float(np.sqrt(np.pi / 2) / 6 * np.mean(channels))
