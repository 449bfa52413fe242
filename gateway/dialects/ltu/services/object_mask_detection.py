"""`objectMaskDetection`: algorithms, colour spaces and channels under the document's names."""

from typing import Self

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from engines import object_mask_detection as engine
from engines.core.choice import Choice
from engines.core.shapes import Parameters, Picture
from gateway.dialects.ltu.wording import Wording, as_in


class Algorithm(Choice):
    """How object and ground are told apart."""

    SOBEL = "SOBEL"
    BINNING = "BINNING"
    OTSU_BIN_THRESHOLD = "OTSU_BIN_THRESHOLD"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """The document prints it so once."""
        is_misprint = str(value).upper() == "OTSU_BIN_THRRESHOLD"
        return super()._missing_("OTSU_BIN_THRESHOLD" if is_misprint else value)


class ColorSpace(Choice):
    """Spaces whose channels can be looked at; G is grey, YRB is YCrCb."""

    RGB = "RGB"
    G = "G"
    HSV = "HSV"
    XYZ = "XYZ"
    YRB = "YRB"
    LAB = "LAB"
    LUV = "LUV"
    YUV = "YUV"
    HLS = "HLS"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """The usual name is understood."""
        return super()._missing_("YRB" if str(value).upper() == "YCRCB" else value)


ALGORITHMS = {
    Algorithm.SOBEL: engine.Algorithm.SOBEL,
    Algorithm.BINNING: engine.Algorithm.HISTOGRAM,
    Algorithm.OTSU_BIN_THRESHOLD: engine.Algorithm.OTSU,
}
COLOR_SPACES = {
    **{space: engine.ColorSpace(space) for space in ColorSpace if space not in ("G", "YRB")},
    ColorSpace.G: engine.ColorSpace.GREY,
    ColorSpace.YRB: engine.ColorSpace.YCRCB,
}
LETTERS = {"grey": "G", "Cr": "R", "Cb": "B", "alpha": "A"}
"""Of the engine's channels, where it is not their name in capitals."""


class Params(Parameters):
    """How to look for the object."""

    algorithm: Algorithm = Field(
        Algorithm.OTSU_BIN_THRESHOLD,
        description="SOBEL: edges. BINNING: colours that are rare along the border."
        " OTSU_BIN_THRESHOLD: one channel's distance from the ground.",
    )
    color_space: ColorSpace = Field(
        ColorSpace.HSV, description="Of OTSU_BIN_THRESHOLD; also YCRCB for YRB."
    )
    channel: str | None = Field(
        None,
        description="A letter of color_space, for OTSU_BIN_THRESHOLD. Without one the channel is"
        " taken that parts object and ground best, hue apart; in a photograph without a plain"
        " ground, what stands out.",
    )
    only_biggest: bool = as_in(engine.Params, "only_biggest")

    @field_validator("channel")
    @classmethod
    def _in_its_space(cls, channel: str | None, info: ValidationInfo) -> str | None:
        letters = info.data.get("color_space")
        if not channel or letters is None:  # A space that is none is refused by itself.
            return None
        if channel.upper() not in tuple(letters):
            raise ValueError(f"one of {', '.join(letters)}, the channels of color_space")
        return channel.upper()


class Result(BaseModel):
    """The object's pixels."""

    binary_mask: Picture = Field(
        serialization_alias="binary mask", description="1 object, 0 ground; of the picture's size."
    )


class MaskInfo(BaseModel):
    """What the object was found in."""

    channel: str = Field(
        description="Letter of the channel; G for SOBEL, RGB for BINNING and in a photograph"
        " without a plain ground, A for transparency; empty without an object."
    )


def translate(told: Params) -> engine.Params:
    space = COLOR_SPACES[told.color_space]
    place = told.color_space.index(told.channel) if told.channel else None
    return engine.Params(
        algorithm=ALGORITHMS[told.algorithm],
        color_space=space,
        channel=None if place is None else engine.CHANNELS[space][place],
        only_biggest=told.only_biggest,
    )


def result(found: engine.Result) -> Result:
    return Result(binary_mask=found.mask)


def info(found: engine.Result) -> MaskInfo:
    channel = found.details.info.channel
    return MaskInfo(channel=LETTERS.get(channel, channel.upper()))


def message(found: engine.Result) -> str:
    channel = info(found).channel
    said = f"Succeded to detect object using channel {channel}" if channel else "No object detected"
    unused = ", ".join(found.details.info.unused)
    return f"{said}; {unused} means nothing to this algorithm" if unused else said


WORDING = Wording(params=Params, translate=translate, result=result, info=info, message=message)
