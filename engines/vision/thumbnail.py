"""Thumbnail: a picture made small, to show which one it is."""

from typing import Literal

import numpy as np
from pydantic import Field

from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Image, Info, Parameters, Picture
from engines.vision.scaling import shrink


class Params(Parameters):
    """How large it is, and how it is written."""

    side_px: int = Field(256, ge=1, le=4096, description="Longer side, px.")
    media_type: Literal["image/png", "image/jpeg"] = "image/png"


class Result(EngineResult[Info]):
    """The picture; a smaller one stays as it is."""

    picture: Picture


@engine(version="1.0.0")
def thumbnail(image: Image, *, params: Params) -> Result:
    """Reduce a picture to a longer side.

    Args:
        image: uint8 (H, W, 3), BGR.

    Source:
        own.
    """
    small = np.asarray(shrink(image, params.side_px), np.uint8)
    return Result(picture=Picture(small, params.media_type), details=Details(info=Info()))
