"""PNG of one bit or eight bits a sample, written four times as fast as OpenCV does."""

import struct
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

try:
    from isal import isal_zlib as deflate
except ImportError:  # it knows x86-64 and ARM alone
    import zlib as deflate  # type: ignore[no-redef, unused-ignore]

_LEVEL = 1
_UP = 2
"""The filter: each byte is stored as what it is above the one over it."""
_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
_FROM_BGR = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}


def encode(pixels: NDArray[Any]) -> bytes:
    """Write a picture without metadata.

    Args:
        pixels: bool (H, W), of one bit a pixel then; uint8 (H, W), (H, W, 3) BGR or (H, W, 4) BGRA.
    """
    height, width, *channels = pixels.shape
    count = channels[0] if channels else 1
    is_mask = pixels.dtype == np.bool_
    depth, samples = (1, np.packbits(pixels, axis=1)) if is_mask else (8, _in_rgb(pixels, count))
    header = struct.pack(">IIBBBBB", width, height, depth, _COLOUR_TYPES[count], 0, 0, 0)
    body = deflate.compress(_filtered(samples.reshape(height, -1)), _LEVEL)
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _in_rgb(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    code = _FROM_BGR.get(channels)
    return pixels if code is None else np.asarray(cv2.cvtColor(pixels, code), np.uint8)


def _filtered(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The rows, each behind the number of its filter."""
    filtered = np.empty((rows.shape[0], 1 + rows.shape[1]), np.uint8)
    filtered[:, 0] = _UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    return filtered


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = deflate.crc32(data, deflate.crc32(name))
    return b"".join((struct.pack(">I", len(data)), name, data, struct.pack(">I", checksum)))
