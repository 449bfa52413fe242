"""Small files that claim to be, or would become, very large."""

import struct
import zlib

from tests.pictures import encoded

PNG_START = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, data: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, extra: bytes = b"", rows: bytes = b"") -> bytes:
    """A PNG in RGB of this size, with more chunks before its rows; by default it has none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return PNG_START + chunk(b"IHDR", header) + extra + body


def flat_png(width: int, height: int) -> bytes:
    """A PNG of one colour that really has all its pixels, in few bytes."""
    deflate = zlib.compressobj(1)
    row = b"\0" + b"\1\2\3" * width
    rows = b"".join(deflate.compress(row) for _ in range(height)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG_START + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


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
    grows = chunk(name, start + zlib.compress(bytes(size), 9))
    return png(8, 8, grows, rows=bytes(8 * (1 + 3 * 8)))
