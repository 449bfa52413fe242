"""EXIF's orientation: a picture turned as it says, and the EXIF of one that was turned."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from engines.core import pillow

Samples = TypeVar("Samples", bound=NDArray[Any])

_TURNS: dict[int, Callable[[NDArray[Any]], NDArray[Any]]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}
"""By the value of EXIF's orientation; 1 and unknown ones turn nothing."""


def upright(pixels: Samples, header: ImageFile.ImageFile) -> Samples:
    """A file's pixels, turned as its EXIF says."""
    turn = _TURNS.get(_orientation(header.info.get("exif", b"")))
    return pixels if turn is None else cast(Samples, np.ascontiguousarray(turn(pixels)))


def turned_upright(data: bytes) -> bytes:
    """EXIF of a picture that has been turned, without its thumbnail; empty where it is damaged."""
    if not data:
        return b""
    exif = Image.Exif()
    with pillow.no_warnings():
        try:
            exif.load(data)
            exif[ExifTags.Base.Orientation] = 1
            return exif.tobytes()
        except pillow.ERRORS:
            return b""


def _orientation(data: bytes) -> int:
    if not data:
        return 1
    exif = Image.Exif()
    with pillow.no_warnings():
        try:
            exif.load(data)
            return int(exif.get(ExifTags.Base.Orientation, 1))
        except pillow.ERRORS:
            return 1
