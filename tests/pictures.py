"""Pictures with known answers, drawn where they are needed, in every form that clients send."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

PNG_START = b"\x89PNG\r\n\x1a\n"
RED, GREEN, BLUE, WHITE = (220, 30, 40), (20, 160, 60), (30, 60, 200), (255, 255, 255)


def quarters(width: int = 96, height: int = 64) -> NDArray[np.uint8]:
    """RGB: red, green, blue and white quarters."""
    pixels = np.empty((height, width, 3), np.uint8)
    middle, centre = height // 2, width // 2
    pixels[:middle, :centre], pixels[:middle, centre:] = RED, GREEN
    pixels[middle:, :centre], pixels[middle:, centre:] = BLUE, WHITE
    return pixels


def encoded(form: str, pixels: NDArray[np.uint8] | None = None, **options: Any) -> bytes:
    """The picture as a file of Pillow's name for a format."""
    picture = Image.fromarray(quarters() if pixels is None else pixels)
    if form == "JPEG":
        options = {"quality": 95, "subsampling": 0} | options
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


def png_chunk(name: bytes, data: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    width: int, height: int, depth: int, colour_type: int, rows: bytes, extra: bytes = b""
) -> bytes:
    """A PNG of the samples given, each row beginning with its filter, with more chunks before."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return PNG_START + png_chunk(b"IHDR", header) + extra + body


def jpeg_segment(marker: int, said: bytes) -> bytes:
    """A part of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(said) + 2) + said


def lossless_jpeg(components: int, bits: int = 8) -> bytes:
    """16 x 16 px of the middle level: every difference is 0, and has a code of one bit, 0."""
    names = range(1, components + 1)
    sampled = b"".join(bytes([name, 0x11, 0]) for name in names)
    frame = struct.pack(">BHHB", bits, 16, 16, components) + sampled
    codes = bytes([0, 1, *[0] * 15, 0])
    scan = bytes([components, *(byte for name in names for byte in (name, 0)), 1, 0, 0])
    parts = ((0xC3, frame), (0xC4, codes), (0xDA, scan))
    head = b"".join(jpeg_segment(*one) for one in parts)
    return b"\xff\xd8" + head + bytes(32 * components) + b"\xff\xd9"
