"""`imageQuality`: short names, a histogram in base64, and shares of a sharp picture's figures."""

from typing import Annotated, Literal

import pybase64
from pydantic import BaseModel, BeforeValidator, Field

from engines import image_quality
from engines.core.shapes import Parameters, Picture
from gateway.dialects.ltu.wording import Wording, as_in

VAL_OF_A_SHARP_PICTURE = 1000.0
SML_OF_A_SHARP_PICTURE = 150.0
"""The ratios of the document's sample."""
MOST_TOLERANCE = 0.5

Percentage = Annotated[float, Field(ge=0, le=100)]
Unit = Annotated[float, Field(ge=0, le=1)]


def _share(value: object) -> object:
    """Callers think of percentages, too: the document calls it one and sends 0.01."""
    if isinstance(value, str) and float(value) > MOST_TOLERANCE:
        raise ValueError(f"a share of at most {MOST_TOLERANCE}; 0.05 is 5 %")
    return value


class Params(Parameters):
    """What counts as badly exposed, and how finely the histogram is cut."""

    bins: int = as_in(image_quality.Params, "bins")
    tolerance: Annotated[float, BeforeValidator(_share)] = as_in(
        image_quality.Params, "tolerance", misprint="tolerence"
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


class Result(BaseModel):
    """Validity, exposure and sharpness."""

    encoding: Literal["OK", "TRUNCATED"] = Field(
        description="TRUNCATED: the data end early, and the figures are of the rows before."
    )
    brightness: Brightness
    sharpness: Sharpness
    noise: Literal[""] = Field("", description="Always empty; the figure is in details.info.")


class QualityInfo(BaseModel):
    """What the documented result has no place for."""

    description: str = ""
    noise: float = Field(ge=0, description="Standard deviation of one colour channel's noise.")


def result(found: image_quality.Result) -> Result:
    return Result(
        encoding="TRUNCATED" if found.is_truncated else "OK",
        brightness=_brightness(found.exposure),
        sharpness=_sharpness(found.sharpness),
    )


def _brightness(exposure: image_quality.Exposure) -> Brightness:
    largest = max(exposure.histogram)
    heights = bytes(round(count * 255 / largest) for count in exposure.histogram)
    return Brightness(
        under_per=exposure.underexposed_percent,
        under_mask=exposure.underexposed,
        over_per=exposure.overexposed_percent,
        over_mask=exposure.overexposed,
        l_hist=pybase64.b64encode_as_string(heights),
        l_mean=exposure.mean,
        l_std=exposure.standard_deviation,
    )


def _sharpness(sharpness: image_quality.Sharpness) -> Sharpness:
    val, sml = sharpness.laplacian_variance, sharpness.sum_modified_laplacian
    return Sharpness(
        val=val,
        sml=sml,
        val_norm=min(1, val / VAL_OF_A_SHARP_PICTURE),
        sml_norm=min(1, sml / SML_OF_A_SHARP_PICTURE),
    )


def info(found: image_quality.Result) -> QualityInfo:
    return QualityInfo(noise=found.noise)


WORDING = Wording(params=Params, result=result, info=info)
