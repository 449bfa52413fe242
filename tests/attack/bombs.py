"""Small files that claim to be, or would become, very large."""

import struct
import zlib

from tests import pictures
from tests.pictures import PNG_START, encoded, png_chunk


def png(width: int, height: int) -> bytes:
    """A PNG in RGB of this size, without rows."""
    return pictures.png(width, height, 8, 2, b"")


def flat_png(width: int, height: int) -> bytes:
    """A PNG of one colour that really has all its pixels, in few bytes."""
    deflate = zlib.compressobj(1)
    row = b"\0" + b"\1\2\3" * width
    rows = b"".join(deflate.compress(row) for _ in range(height)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", rows), (b"IEND", b""))
    return PNG_START + b"".join(png_chunk(*one) for one in chunks)


def jpeg(width: int, height: int) -> bytes:
    """A JPEG whose header claims this size."""
    data = bytearray(encoded("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def gif(frames: int, side: int = 1) -> bytes:
    """A GIF of one pixel and so many frames."""
    head = b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6)
    return head + b"\x2c\0\0\0\0\1\0\1\0\0\2\2\x44\1\0" * frames + b";"


def with_chunk(name: bytes, start: bytes, size: int) -> bytes:
    """A good PNG of 8 x 8 px with a chunk whose text or profile grows to this size."""
    grows = png_chunk(name, start + zlib.compress(bytes(size), 9))
    return pictures.png(8, 8, 8, 2, bytes(8 * (1 + 3 * 8)), grows)
