"""Damaged pictures without end: small files of every kind that is decoded, and changes to them."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import cv2
import numpy as np
from PIL import Image

from engines.core.pixels import FORMATS
from tests.pictures import PNG_START, lossless_jpeg, png, png_chunk

ALL = tuple(FORMATS)
WIDTH, HEIGHT = 23, 17
EXTREMES = (0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**16 - 1, 2**15, 255, 128)
CHUNKS = (b"acTL", b"fcTL", b"fdAT", b"IDAT", b"PLTE", b"tRNS", b"IHDR", b"eXIf", b"iCCP", b"NEED")
JPEGS: dict[str, tuple[str, dict[str, Any]]] = {
    "baseline": ("RGB", {}),
    "progressive": ("RGB", {"progressive": True}),
    "restarts": ("RGB", {"restart_marker_rows": 1, "subsampling": 2}),
    "grey": ("L", {"progressive": True}),
    "cmyk": ("CMYK", {}),
}
PNGS = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")
TIFFS = ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg", "group4")


def mutated(seed: int, number: int) -> tuple[str, bytes]:
    """A kind of file, and one of that kind with up to four changes; the same for the same two."""
    choice = random.Random(f"{seed} {number}")
    kind, data = choice.choice(corpus())
    changes = CHANGES
    if data.startswith(PNG_START) and choice.random() < 0.7:
        changes = (_change_chunks,)  # what a wrong check sum hides
    for _ in range(choice.randint(1, 4)):
        data = choice.choice(changes)(choice, data)
    return kind, data


@cache
def corpus() -> list[tuple[str, bytes]]:
    """Whole files by their kinds."""
    exif = Image.Exif()
    exif[0x0112] = 6
    colours = _drawn("RGB")
    jpegs = [
        (f"JPEG {name}", _saved(_drawn(mode), "JPEG", **options))
        for name, (mode, options) in JPEGS.items()
    ]
    arithmetic = jpegs[0][1].replace(b"\xff\xc0", b"\xff\xc9")
    return [
        *jpegs,
        ("JPEG oriented", _saved(colours, "JPEG", exif=exif, icc_profile=b"profile")),
        ("JPEG of several", _saved(colours, "MPO", save_all=True, append_images=[colours])),
        ("JPEG arithmetic", arithmetic),
        ("JPEG lossless", lossless_jpeg(3)),
        *((f"PNG {mode}", _saved(_drawn(mode), "PNG", exif=exif)) for mode in PNGS),
        (
            "PNG clear colour",
            _saved(colours, "PNG", transparency=(0, 0, 0), icc_profile=b"profile"),
        ),
        (
            "PNG clear level",
            png(8, 2, 4, 0, b"\0\x01\x23\x45\x67" * 2, png_chunk(b"tRNS", b"\0\3")),
        ),
        ("PNG interlaced", _interlaced()),
        ("PNG animated", _animated(default_image=False)),
        ("PNG animated beside", _animated(default_image=True)),
        ("GIF", _saved(colours, "GIF", interlace=1)),
        ("GIF clear", _saved(_drawn("P"), "GIF", transparency=1, interlace=0)),
        ("GIF animated", _saved(colours, "GIF", save_all=True, append_images=_turned(colours))),
        *((f"BMP {mode}", _saved(_drawn(mode), "BMP")) for mode in ("1", "L", "P", "RGB", "RGBA")),
        ("BMP run-length", _run_length_bmp()),
        *(
            (
                f"TIFF {name}",
                _saved(_drawn("1" if name == "group4" else "RGB"), "TIFF", compression=name),
            )
            for name in TIFFS
        ),
        *((f"TIFF {mode}", _saved(_drawn(mode), "TIFF")) for mode in ("P", "RGBA", "CMYK", "I;16")),
        ("TIFF pages", _saved(colours, "TIFF", save_all=True, append_images=_turned(colours))),
    ]


def _drawn(mode: str) -> Image.Image:
    small = np.random.default_rng(1).integers(0, 256, (3, 4, 4), np.uint8)
    soft = Image.fromarray(np.asarray(cv2.resize(small, (WIDTH, HEIGHT)), np.uint8))
    if mode == "I;16":
        return Image.fromarray(np.asarray(soft.convert("L")).astype(np.uint16) * 257)
    return soft if mode == "RGBA" else soft.convert("RGB").convert(mode)


def _turned(image: Image.Image) -> list[Image.Image]:
    return [image.rotate(180), image.rotate(90)]


def _saved(image: Image.Image, form: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def _animated(*, default_image: bool) -> bytes:
    """A PNG of three frames, with a still image that is the first of them, or is none."""
    colours = _drawn("RGB")
    frames = {"save_all": True, "append_images": _turned(colours)}
    return _saved(colours, "PNG", default_image=default_image, **frames)


def _interlaced() -> bytes:
    """Adam7 of 2 x 2: one pixel each in passes 1 and 6, two in pass 7."""
    data = bytearray(png(2, 2, 8, 0, b"\0\x0a" + b"\0\x14" + b"\0\x1e\x28"))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    return bytes(data)


def _run_length_bmp() -> bytes:
    runs = b"\x17\x10\0\0" * (HEIGHT - 1) + b"\0\3\1\2\3\0\x14\x20\0\1"
    palette = bytes(range(256)) * 4
    info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 8, 1, len(runs), 0, 0, 256, 0)
    start = 14 + len(info) + len(palette)
    return struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start) + info + palette + runs


Change = Callable[[random.Random, bytes], bytes]


def _somewhere(choice: random.Random, data: bytes) -> int:
    """A place in the file, half of the time near its start, where headers are."""
    return choice.randrange(max(1, len(data) if choice.random() < 0.5 else min(len(data), 200)))


def _change_bytes(choice: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(choice.randint(1, 4)):
        at = _somewhere(choice, data)
        changed[at : at + 1] = choice.randbytes(1)
    return bytes(changed)


def _write_extreme(choice: random.Random, data: bytes) -> bytes:
    size, at = choice.choice((1, 2, 4)), _somewhere(choice, data)
    value = choice.choice(EXTREMES) & (1 << 8 * size) - 1
    return data[:at] + value.to_bytes(size, choice.choice(("big", "little"))) + data[at + size :]


def _cut(choice: random.Random, data: bytes) -> bytes:
    return data[: _somewhere(choice, data)]


def _delete(choice: random.Random, data: bytes) -> bytes:
    at = _somewhere(choice, data)
    return data[:at] + data[at + choice.randint(1, 40) :]


def _repeat(choice: random.Random, data: bytes) -> bytes:
    at, size = _somewhere(choice, data), choice.randint(1, 40)
    return data[:at] + data[at : at + size] * choice.choice((2, 2, 50)) + data[at + size :]


def _splice(choice: random.Random, data: bytes) -> bytes:
    """Put in a piece of another file."""
    _, other = choice.choice(corpus())
    start, at = _somewhere(choice, other), _somewhere(choice, data)
    return data[:at] + other[start : start + choice.randint(1, 80)] + data[at:]


CHANGES: tuple[Change, ...] = (_change_bytes, _write_extreme, _cut, _delete, _repeat, _splice)


def _change_chunks(choice: random.Random, data: bytes) -> bytes:
    """Change a chunk of a PNG, with the check sum that it then has."""
    chunks = _chunks(data)
    at = choice.randrange(len(chunks))
    name, body = chunks[at]
    way = choice.choice(("body", "rows", "name", "drop", "double", "swap", "add"))
    if way == "body" and body:
        chunks[at] = name, choice.choice(CHANGES)(choice, body)
    elif way == "rows" and name in (b"IDAT", b"fdAT"):
        number, packed = (body[:4], body[4:]) if name == b"fdAT" else (b"", body)
        rows = choice.choice(CHANGES)(choice, _unpacked(packed))
        chunks[at] = name, number + zlib.compress(rows)
    elif way == "name":
        chunks[at] = choice.choice(CHUNKS), body
    elif way == "drop":
        del chunks[at]
    elif way == "double":
        chunks.insert(choice.randrange(len(chunks)), (name, body))
    elif way == "swap":
        other = choice.randrange(len(chunks))
        chunks[at], chunks[other] = chunks[other], chunks[at]
    else:
        chunks.insert(at, (choice.choice(CHUNKS), choice.randbytes(choice.choice((8, 26, 40)))))
    return PNG_START + b"".join(png_chunk(*one) for one in chunks)


def _chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(PNG_START)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        found.append((name, data[at + 8 : at + 8 + length]))
        at += 12 + length
    return found or [(b"IEND", b"")]


def _unpacked(body: bytes) -> bytes:
    try:
        return zlib.decompress(body)
    except zlib.error:
        return body
