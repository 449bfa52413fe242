"""Image quality: how well a picture is exposed, how sharp and how noisy it is."""

from typing import Annotated, Literal

import cv2
import numpy as np
import pybase64
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import AliasChoices, BaseModel, Field

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

VAL_OF_A_SHARP_PICTURE = 1000.0
SML_OF_A_SHARP_PICTURE = 150.0
IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)

Percentage = Annotated[float, Field(ge=0, le=100)]
Unit = Annotated[float, Field(ge=0, le=1)]


class Params(Parameters):
    """What counts as badly exposed, and how finely the histogram is cut."""

    bins: int = Field(255, ge=1, le=256, description="Bins of the luminance histogram.")
    tolerance: float = Field(
        0.01,
        ge=0,
        le=50,
        validation_alias=AliasChoices("tolerance", "tolerence"),
        description="Share of the luminance range, at either end, that counts as badly exposed:"
        " up to 0.5 a fraction, above that a percentage.",
    )


class Brightness(BaseModel):
    """Rec. 601 luma of the pixels, 0 to 255."""

    under_per: Percentage = Field(description="Underexposed pixels, % of all.")
    under_mask: Picture = Field(description="1 where a pixel is underexposed.")
    over_per: Percentage = Field(description="Overexposed pixels, % of all.")
    over_mask: Picture = Field(description="1 where a pixel is overexposed.")
    l_hist: str = Field(description="Base64 of one byte a bin; the largest bin is 255.")
    l_mean: float = Field(ge=0, le=255, description="Mean luma.")
    l_std: float = Field(ge=0, description="Standard deviation of luma.")


class Sharpness(BaseModel):
    """How much fine detail there is; comparable only between pictures of one size."""

    val: float = Field(ge=0, description="Variance of the absolute values of the Laplacian.")
    sml: float = Field(ge=0, description="Sum-modified Laplacian, mean of a pixel.")
    val_norm: Unit = Field(description="val / 1000, at most 1.")
    sml_norm: Unit = Field(description="sml / 150, at most 1.")


class QualityInfo(Info):
    """What the documented result has no place for."""

    description: str = ""
    noise: float = Field(ge=0, description="Standard deviation of one colour channel's noise.")


class Result(EngineResult[QualityInfo]):
    """Validity, exposure and sharpness."""

    encoding: Literal["OK", "TRUNCATED"] = Field(
        description="TRUNCATED: the data end early, and the figures are of the rows before."
    )
    brightness: Brightness
    sharpness: Sharpness
    noise: Literal[""] = Field("", description="Always empty; the figure is in details.info.")


def draw(image: Rows, result: Result) -> Picture:
    """The rows with what is underexposed in blue and what is overexposed in red."""
    painted = image.pixels.copy()
    painted[result.brightness.under_mask.pixels] = (255, 64, 0)
    painted[result.brightness.over_mask.pixels] = (0, 0, 255)
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
        val: Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000.
        sml: Nayar & Nakagawa, Shape from focus, PAMI 16(8), 1994; step 1, no threshold.
        noise: Immerkær, Fast noise variance estimation, CVIU 64(2), 1996, without edges as in
        Tai & Yang, A fast method for image noise estimation, ISPACS 2008.
    """
    luma = cv2.cvtColor(image.pixels, cv2.COLOR_BGR2GRAY)
    return Result(
        encoding="TRUNCATED" if image.is_truncated else "OK",
        brightness=_brightness(luma, params),
        sharpness=_sharpness(luma),
        details=Details(info=QualityInfo(noise=_noise(image.pixels, luma))),
    )


def _brightness(luma: MatLike, params: Params) -> Brightness:
    tolerance = params.tolerance if params.tolerance <= 0.5 else params.tolerance / 100
    margin = 255 * tolerance
    counts = np.bincount(luma.ravel(), minlength=256)
    levels = np.arange(256)
    mean = float(np.average(levels, weights=counts))
    under, over = luma <= margin, luma >= 255 - margin
    return Brightness(
        under_per=_percentage(under),
        under_mask=Picture(under),
        over_per=_percentage(over),
        over_mask=Picture(over),
        l_hist=_histogram(counts, params.bins),
        l_mean=mean,
        l_std=float(np.sqrt(np.average((levels - mean) ** 2, weights=counts))),
    )


def _percentage(mask: Mask) -> float:
    return 100 * float(mask.mean())


def _histogram(counts: NDArray[np.int64], bins: int) -> str:
    binned = np.bincount(np.arange(256) * bins // 256, weights=counts, minlength=bins)
    return pybase64.b64encode_as_string(np.rint(binned * 255 / binned.max()).astype(np.uint8))


def _sharpness(luma: MatLike) -> Sharpness:
    across = cv2.filter2D(luma, cv2.CV_16S, np.array([[-1, 2, -1]], np.float32))
    down = cv2.filter2D(luma, cv2.CV_16S, np.array([[-1], [2], [-1]], np.float32))
    _, deviation = cv2.meanStdDev(cv2.absdiff(across, -down))
    val = float(deviation[0, 0]) ** 2
    sml = cv2.mean(np.abs(across))[0] + cv2.mean(np.abs(down))[0]
    return Sharpness(
        val=val,
        sml=sml,
        val_norm=min(1, val / VAL_OF_A_SHARP_PICTURE),
        sml_norm=min(1, sml / SML_OF_A_SHARP_PICTURE),
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
