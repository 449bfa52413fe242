"""PNG: of an animation only the still image is read; what is cut is known; grey keys are clear."""

import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from engines.core.errors import EngineError, UndecodablePicture
from engines.core.pixels import Mode, decode
from engines.core.png import is_cut, still_image
from tests.pictures import PNG_START, png, png_chunk

GREEN = b"\0\xc8\0"
ROWS = (b"\0" + GREEN * 128) * 64


def control(number: int, *, width: int = 128, height: int = 64, x: int = 0) -> bytes:
    """The chunk that says where a frame lies."""
    said = struct.pack(">IIIIIHHBB", number, width, height, x, 0, 1, 10, 0, 0)
    return png_chunk(b"fcTL", said)


def animated(*frames: bytes, count: int = 2) -> bytes:
    """A green still image, and these chunks around and after it."""
    whole = png(128, 64, 8, 2, ROWS, png_chunk(b"acTL", struct.pack(">II", count, 0)))
    return whole[:-12] + b"".join(frames) + whole[-12:]


def frame(number: int, rows: bytes) -> bytes:
    return png_chunk(b"fdAT", struct.pack(">I", number) + zlib.compress(rows))


BLUE = b"\0" + b"\0\0\xff" * 16
ANIMATIONS = {
    "no frames": animated(),
    "a frame of damaged rows": animated(control(0), frame(1, b"\x07" * 24_640)),
    "a frame of too few rows": animated(control(0), frame(1, ROWS[:1000])),
    "a small first frame": animated(control(0, width=16, height=16), frame(1, BLUE * 16)),
    "a frame outside of the picture": animated(control(0, x=2**31 - 1), frame(1, ROWS)),
    "wrong sequence numbers": animated(control(9), frame(3, ROWS)),
    "more frames than there are": animated(control(0), frame(1, ROWS), count=2**31 - 1),
    "no compressed data": animated(control(0), png_chunk(b"fdAT", b"\0\0\0\1")),
}


@pytest.mark.parametrize("data", ANIMATIONS.values(), ids=ANIMATIONS)
def test_of_an_animation_the_still_image_is_read(data: bytes) -> None:
    for mode in (Mode.COLOUR, Mode.PARTIAL, Mode.ORIGINAL):
        assert b"fcTL" not in still_image(data)
        decode(data, mode)
    assert (decode(data, Mode.COLOUR) == (0, 200, 0)).all()


def test_a_chunk_that_every_decoder_must_know_is_kept() -> None:
    data = png(1, 1, 8, 0, b"\0\1", png_chunk(b"NEED", b"this"))
    with pytest.raises(UndecodablePicture):
        decode(data, Mode.GREY)


def test_what_shows_how_the_picture_lies_is_kept_and_texts_are_not() -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (3, 2)).save(file, "PNG", exif=exif, icc_profile=b"profile")
    texts = png_chunk(b"tEXt", b"a\0b") + png_chunk(b"zTXt", b"damaged")
    data = file.getvalue()
    assert still_image(data[:33] + texts + data[33:] + b"garbage") == still_image(data)
    assert decode(data, Mode.GREY).shape == (3, 2)


def turned(orientation: int, *, is_late: bool) -> bytes:
    """A picture of 3 x 2 px whose EXIF lies before its pixels or behind them."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    chunk = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    data = png(3, 2, 8, 0, b"\0\1\2\3\0\4\5\6", b"" if is_late else chunk)
    return data[:-12] + chunk + data[-12:] if is_late else data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_behind_the_pixels_turns_them_as_exif_before_them(orientation: int) -> None:
    late, early = (turned(orientation, is_late=is_late) for is_late in (True, False))
    assert np.array_equal(decode(late, Mode.GREY), decode(early, Mode.GREY))
    assert decode(late, Mode.ORIGINAL).exif == decode(early, Mode.ORIGINAL).exif


def test_rows_before_an_exif_that_is_cut_are_read() -> None:
    data = turned(6, is_late=True)[:-20]
    assert decode(data, Mode.PARTIAL).pixels.shape == (2, 3, 3)


PALETTE = png_chunk(b"PLTE", bytes(6))
CUT = {
    "more alphas than a palette has": png(
        1, 2, 8, 3, b"\0\0" * 2, PALETTE + png_chunk(b"tRNS", bytes(300))
    )[:-12],
    "a palette without an end": png(1, 2, 8, 3, b"\0\0" * 2, PALETTE)[:-12]
    + png_chunk(b"PLTE", bytes(1000)),
    "an empty profile": png(1, 2, 8, 0, b"\0\0" * 2)[:-12] + png_chunk(b"iCCP", b"name\0"),
}


@pytest.mark.parametrize("data", CUT.values(), ids=CUT)
def test_a_cut_png_that_is_damaged_besides_raises_no_other_error(data: bytes) -> None:
    with suppress(EngineError):
        decode(data, Mode.PARTIAL)


@pytest.mark.parametrize("left", [0, 3, 4, 11, 12, 20])
def test_a_file_without_its_last_bytes_is_cut(left: int) -> None:
    data = png(1, 1, 8, 0, b"\0\1")
    assert not is_cut(data)
    assert is_cut(data[: len(PNG_START) + left])
    assert is_cut(data[: len(data) - 1 - left])


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("key", [0, 1, -1])
def test_of_a_grey_png_exactly_the_key_is_transparent(depth: int, key: int) -> None:
    highest = 2**depth - 1
    levels = [0, 1, highest - 1, highest]
    bits = "".join(f"{level:0{depth}b}" for level in levels).ljust(8, "0")
    row = int(bits, 2).to_bytes(len(bits) // 8, "big")
    clear = png_chunk(b"tRNS", struct.pack(">H", key % (highest + 1)))
    found = decode(png(4, 1, depth, 0, b"\0" + row, clear), Mode.ORIGINAL).samples
    expected = [level == key % (highest + 1) for level in levels]
    assert (found[0, :, 3] == 0).tolist() == expected
    assert found[0, :, 0].tolist() == [np.iinfo(found.dtype).max * one // highest for one in levels]


def test_a_grey_key_has_no_more_bits_than_a_sample() -> None:
    clear = png_chunk(b"tRNS", b"\xff\xf1")
    data = png(4, 1, 2, 0, b"\0" + bytes([0b00011011]), clear)
    assert decode(data, Mode.COLOUR)[0, :, 0].tolist() == [0, 255, 170, 255]
