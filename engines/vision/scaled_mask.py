"""Scaled mask: a mask made small, with no value that it did not have."""

import cv2
import numpy as np
from pydantic import Field

from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Image, Info, Parameters, Picture
from engines.vision.scaling import scaled, size_of


class Params(Parameters):
    """How small it is."""

    percent: float = Field(100, gt=0, le=100, description="Share of each side, percent.")


class Result(EngineResult[Info]):
    """The mask."""

    mask: Picture


@engine(version="1.0.0")
def scaled_mask(image: Image, *, params: Params) -> Result:
    """Scale a mask by the nearest of its pixels.

    Args:
        image: uint8 (H, W, 3), BGR, or (H, W); values are kept as they are.

    Source:
        own.
    """
    size = scaled(size_of(image), params.percent / 100)
    small = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST_EXACT)
    return Result(mask=Picture(np.asarray(small, np.uint8)), details=Details(info=Info()))
