"""Pixels: formats, modes and orientations decode right; what is damaged is refused."""

import io
import resource
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from engines.core import pixels
from engines.core.errors import (
    EngineError,
    PictureTooLarge,
    TruncatedPicture,
    UndecodablePicture,
)
from engines.core.pixels import Limits, decode
from engines.core.shapes import Pixels, Reading

ORIENTATION = 0x0112


@pytest.fixture
def rgb() -> Pixels:
    """A gradient that no turn or mirroring leaves alike; 64 × 48."""
    y, x = np.mgrid[:48, :64]
    return np.dstack([x * 4, y * 5, x + y]).astype(np.uint8)


@pytest.fixture
def limited() -> Iterator[None]:
    pixels.configure(Limits(max_pixels=5000, max_frames=3))
    yield
    pixels.configure(Limits())


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture(samples: Pixels) -> Image.Image:
    return Image.fromarray(samples)


def png(width: int, height: int, depth: int, colour_type: int, rows: bytes) -> bytes:
    """A PNG of the samples given, each row beginning with its filter."""

    def chunk(name: bytes, data: bytes) -> bytes:
        check = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one.astype(float) - other).mean())


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("GIF", {}),
    ],
)
def test_each_format_gives_the_picture(rgb: Pixels, kind: str, options: dict[str, Any]) -> None:
    decoded = decode(saved(picture(rgb), kind, **options), Reading.COLOUR)
    assert decoded.shape == rgb.shape
    assert difference(decoded, rgb[..., ::-1]) < (6 if kind == "GIF" else 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_grey_picture_read_as_grey_is_itself(rgb: Pixels, kind: str) -> None:
    data = saved(picture(rgb[..., 0]), kind, **({"quality": 95} if kind == "JPEG" else {}))
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert np.array_equal(decode(data, Reading.GREY), expected)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_grey_is_rec_601_luma(rgb: Pixels, kind: str) -> None:
    data = saved(picture(rgb), kind)
    expected = decode(data, Reading.COLOUR) @ np.array([0.114, 0.587, 0.299])
    assert difference(decode(data, Reading.GREY), expected) < 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("reading", [Reading.COLOUR, Reading.GREY, Reading.MASK])
def test_pictures_are_turned_upright_once(
    rgb: Pixels, kind: str, orientation: int, reading: Reading
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    ways = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # Pillow's transpositions
    upright = picture(rgb)
    expected = upright.transpose(ways[orientation]) if orientation > 1 else upright  # type: ignore[arg-type]
    turned = decode(saved(upright, kind, exif=exif), reading)
    straight = decode(saved(expected, kind), reading)
    assert isinstance(turned, np.ndarray)
    assert isinstance(straight, np.ndarray)
    assert turned.shape == straight.shape
    assert difference(turned.astype(np.uint8), straight.astype(np.uint8)) < 1


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\0"])
def test_broken_exif_turns_nothing(rgb: Pixels, exif: bytes) -> None:
    assert decode(saved(picture(rgb), "JPEG", exif=exif), Reading.GREY).shape == (48, 64)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_pixels_lie_on_white(rgb: Pixels, mode: str) -> None:
    image = picture(rgb).convert("RGBA")
    image.putalpha(picture(rgb[..., 0]))
    image = image.convert("LA") if mode == "LA" else image
    data = saved(image.quantize(64) if mode == "PA" else image, "PNG")
    opened = Image.open(io.BytesIO(data)).convert("RGBA")
    expected = Image.alpha_composite(Image.new("RGBA", opened.size, "white"), opened)
    found = decode(data, Reading.COLOUR)[..., ::-1].astype(int)
    assert np.abs(found - np.asarray(expected)[..., :3]).max() <= 1


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_a_transparent_colour_becomes_white(rgb: Pixels, mode: str) -> None:
    image = picture(rgb).quantize(16) if mode == "P" else picture(rgb).convert(mode)
    key = image.getpixel((20, 20))
    found = decode(saved(image, "PNG", transparency=key), Reading.COLOUR)
    assert found[20, 20].tolist() == [255, 255, 255]
    assert found[0, 0].tolist() != [255, 255, 255]


def test_a_gif_keeps_its_first_frame_on_white(rgb: Pixels) -> None:
    frame = picture(rgb).quantize(32)
    key = frame.getpixel((20, 20))
    data = saved(frame, "GIF", transparency=key, save_all=True, append_images=[frame.rotate(180)])
    found = decode(data, Reading.COLOUR)
    assert found[20, 20].tolist() == [255, 255, 255]
    assert difference(found[24:, :], rgb[24:, :, ::-1]) < 10


def test_a_gif_frame_smaller_than_its_canvas_has_white_around_it(rgb: Pixels) -> None:
    data = bytearray(saved(picture(rgb[..., 0]), "GIF"))
    data[6:10] = struct.pack("<HH", 80, 90)
    found = decode(bytes(data), Reading.GREY)
    assert found.shape == (90, 80)
    assert np.array_equal(found[:48, :64], rgb[..., 0])
    assert (found[48:] == 255).all()
    assert (found[:, 64:] == 255).all()


@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_of_sixteen_bits_the_upper_eight_count(colour_type: int, channels: int) -> None:
    samples = [0x1280, 0x34FF, 0x5600, 0xFFFF][4 - channels :]
    data = png(2, 1, 16, colour_type, b"\0" + struct.pack(f">{channels}H", *samples) * 2)
    colours = {0: [255], 2: [0x34, 0x56, 255], 4: [0x56], 6: [0x12, 0x34, 0x56]}[colour_type]
    expected = colours[::-1] * (3 // len(colours))
    assert decode(data, Reading.COLOUR)[0, 0].tolist() == expected


@pytest.mark.parametrize(("depth", "levels"), [(1, [0, 255]), (2, [0, 85]), (4, [17, 187])])
def test_few_bits_are_spread_over_all_levels(depth: int, levels: list[int]) -> None:
    data = png(2, 1, depth, 0, b"\0" + bytes([{1: 0b01000000, 2: 0b00010000, 4: 0x1B}[depth]]))
    assert decode(data, Reading.GREY)[0].tolist() == levels


def test_cmyk_is_converted(rgb: Pixels) -> None:
    data = saved(picture(rgb).convert("CMYK"), "JPEG", quality=95)
    assert difference(decode(data, Reading.COLOUR), rgb[..., ::-1]) < 4
    assert difference(decode(data, Reading.GREY), np.asarray(picture(rgb).convert("L"))) < 3


def test_the_first_of_several_pictures_in_a_jpeg_is_read(rgb: Pixels) -> None:
    image = picture(rgb)
    data = saved(image, "MPO", save_all=True, append_images=[image.rotate(180)])
    assert difference(decode(data, Reading.COLOUR), rgb[..., ::-1]) < 6


def test_an_interlaced_png_is_read() -> None:
    # Adam7 of 2 × 2: one pixel each in passes 1 and 6, two in pass 7.
    rows = b"\0\x0a" + b"\0\x14" + b"\0\x1e\x28"
    data = bytearray(png(2, 2, 8, 0, rows))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert decode(bytes(data), Reading.GREY).tolist() == [[10, 20], [30, 40]]


@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000), (20_000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_extreme_shapes_are_read(kind: str, shape: tuple[int, int]) -> None:
    data = saved(picture(np.full(shape, 100, np.uint8)), kind)
    assert decode(data, Reading.COLOUR).shape == (*shape, 3)
    assert (decode(data, Reading.GREY) == 100).all()


def test_bytes_after_the_end_are_ignored(rgb: Pixels) -> None:
    data = saved(picture(rgb), "JPEG")
    expected = decode(data, Reading.COLOUR)
    assert np.array_equal(decode(data + b"\0garbage" * 99, Reading.COLOUR), expected)


@pytest.mark.parametrize(
    ("value", "alpha", "is_set"), [(1, 255, True), (0, 255, False), (1, 0, False), (1, 1, True)]
)
def test_a_mask_is_what_is_neither_zero_nor_transparent(
    value: int, alpha: int, is_set: bool
) -> None:
    data = saved(picture(np.array([[[0, 0, value, alpha]]], np.uint8)), "PNG")
    assert decode(data, Reading.MASK).tolist() == [[is_set]]


def test_every_bit_of_a_mask_counts() -> None:
    mask = np.array([[0, 1, 255, 256]], np.uint16)
    data = saved(Image.fromarray(mask), "PNG")
    assert decode(data, Reading.MASK).tolist() == [[False, True, True, True]]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "no bytes"),
        (b"hello", "text/plain"),
        (b"<!DOCTYPE html><p>", "text/html"),
        (b'<?xml version="1.0"?><svg/>', "image/svg+xml"),
        (b"%PDF-1.7", "application/pdf"),
        (b"\0\1\2\3\4", "application/octet-stream"),
        (b"\0\0\0\x1cftypavif", "image/avif"),
        (b"\0\0\0\x1cftypheic", "image/heic"),
    ],
)
def test_other_files_are_refused_by_name(data: bytes, found: str) -> None:
    with pytest.raises(UndecodablePicture) as refusal:
        decode(data, Reading.COLOUR)
    expected = f"cannot decode the picture ({found}, expected JPEG, PNG or GIF)"
    assert refusal.value.message == expected


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "WEBP"])
def test_pictures_of_other_formats_are_refused(rgb: Pixels, kind: str) -> None:
    with pytest.raises(UndecodablePicture, match=f"image/{kind.lower()}"):
        decode(saved(picture(rgb), kind), Reading.COLOUR)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("reading", [Reading.COLOUR, Reading.GREY, Reading.MASK])
def test_a_cut_picture_is_refused_at_every_length(rgb: Pixels, kind: str, reading: Reading) -> None:
    data = saved(picture(rgb), kind)
    whole = len(data) - (2 if kind == "GIF" else 0)  # a GIF's first frame ends before that
    for length in range(0, whole, 7):
        with pytest.raises(UndecodablePicture):
            decode(data[:length], reading)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_a_cut_picture_is_said_to_be_cut_off(rgb: Pixels, kind: str) -> None:
    data = saved(picture(rgb), kind)
    with pytest.raises(TruncatedPicture, match=f"cut off .image/{kind.lower()}"):
        decode(data[: len(data) * 9 // 10], Reading.COLOUR)


def test_a_cut_jpeg_that_was_given_an_end_is_refused(rgb: Pixels) -> None:
    data = saved(picture(rgb), "JPEG")
    with pytest.raises(TruncatedPicture):
        decode(data[: len(data) * 9 // 10] + b"\xff\xd9", Reading.COLOUR)


def test_the_thumbnail_of_a_cut_jpeg_does_not_pass_for_its_end(rgb: Pixels) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + saved(picture(rgb), "JPEG")
    data = saved(picture(rgb), "JPEG", exif=exif)
    with pytest.raises(TruncatedPicture):
        decode(data[: len(data) - 90], Reading.COLOUR)


def test_a_changed_byte_in_a_png_is_noticed(rgb: Pixels) -> None:
    data = bytearray(saved(picture(rgb), "PNG"))
    data[len(data) // 2] ^= 1
    with pytest.raises(UndecodablePicture, match="image/png, damaged"):
        decode(bytes(data), Reading.COLOUR)


def test_what_a_png_chunk_claims_is_not_allocated(rgb: Pixels) -> None:
    data = bytearray(saved(picture(rgb), "PNG"))
    at = data.index(b"IDAT") - 4
    data[at : at + 4] = struct.pack(">I", 0xF0000000)
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TruncatedPicture):
        decode(bytes(data), Reading.COLOUR)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < highest + 100_000


def test_a_png_with_too_few_rows_is_refused() -> None:
    with pytest.raises(UndecodablePicture):
        decode(png(4, 4, 8, 0, b"\0\1\2\3\4" * 2), Reading.COLOUR)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_the_upper_rows_of_a_cut_picture_are_its_own(rgb: Pixels, kind: str) -> None:
    interlace = {"interlace": 0} if kind == "GIF" else {}
    data = saved(picture(np.tile(rgb, (4, 4, 1))), kind, **interlace)
    whole = decode(data, Reading.COLOUR)
    decode(saved(Image.new("RGB", (256, 192), "red"), kind), Reading.COLOUR)
    partial = decode(data[: len(data) // 2], Reading.PARTIAL)
    assert partial.is_truncated
    assert 40 < len(partial.pixels) < 160
    assert np.array_equal(partial.pixels, whole[: len(partial.pixels)])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_a_whole_picture_is_not_partial(rgb: Pixels, kind: str) -> None:
    data = saved(picture(rgb), kind)
    partial = decode(data, Reading.PARTIAL)
    assert not partial.is_truncated
    assert np.array_equal(partial.pixels, decode(data, Reading.COLOUR))


def test_the_rows_of_a_cut_picture_are_turned_upright(rgb: Pixels) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = saved(picture(np.tile(rgb, (4, 4, 1))), "JPEG", exif=exif)
    partial = decode(data[: len(data) // 2], Reading.PARTIAL)
    whole = decode(data, Reading.COLOUR)
    width = partial.pixels.shape[1]
    assert partial.pixels.shape[0] == 256
    assert np.array_equal(partial.pixels, whole[:, -width:])


def test_a_picture_without_a_whole_row_is_refused(rgb: Pixels) -> None:
    data = saved(picture(rgb), "JPEG")
    with pytest.raises(TruncatedPicture):
        decode(data[: data.index(b"\xff\xda") + 20], Reading.PARTIAL)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_a_picture_above_the_pixel_limit_is_refused(kind: str) -> None:
    inside = saved(Image.new("L", (50, 100)), kind)
    outside = saved(Image.new("L", (50, 101)), kind)
    assert decode(inside, Reading.GREY).size == 5000
    with pytest.raises(PictureTooLarge, match="more than 5,000 pixels"):
        decode(outside, Reading.GREY)


@pytest.mark.usefixtures("limited")
def test_a_size_that_only_the_header_claims_is_refused() -> None:
    with pytest.raises(PictureTooLarge):
        decode(png(60_000, 60_000, 8, 0, b"\0"), Reading.COLOUR)


def test_a_side_that_no_decoder_takes_is_refused() -> None:
    with pytest.raises(PictureTooLarge, match="at most 1,000,000 px a side"):
        decode(png(1_000_001, 1, 1, 0, b"\0"), Reading.COLOUR)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_too_many_frames_are_refused(kind: str) -> None:
    frames = [Image.new("L", (9, 9), level) for level in (0, 60, 120, 180)]
    three = saved(frames[0], kind, save_all=True, append_images=frames[1:3])
    four = saved(frames[0], kind, save_all=True, append_images=frames[1:])
    assert decode(three, Reading.GREY).max() == 0
    with pytest.raises(PictureTooLarge, match="more than 3 frames"):
        decode(four, Reading.GREY)


def test_a_text_that_grows_when_decompressed_is_refused(rgb: Pixels) -> None:
    data = saved(picture(rgb), "PNG")
    body = b"zTXt" + b"Comment\0\0" + zlib.compress(bytes(50_000_000))
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    with pytest.raises(UndecodablePicture):
        decode(data[:33] + chunk + data[33:], Reading.COLOUR)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_random_damage_raises_no_other_error(rgb: Pixels, kind: str) -> None:
    random = np.random.default_rng(3)
    data = np.frombuffer(saved(picture(rgb), kind), np.uint8)
    for _ in range(100):
        damaged = data.copy()
        damaged[random.integers(len(data), size=4)] = random.integers(256, size=4)
        for reading in Reading:
            with suppress(EngineError):
                decode(damaged.tobytes(), reading)


def test_damaged_pictures_write_nothing_to_the_log(
    rgb: Pixels, capfd: pytest.CaptureFixture[str]
) -> None:
    for kind in ("JPEG", "PNG"):
        data = saved(picture(rgb), kind)
        with pytest.raises(UndecodablePicture):
            decode(data[: len(data) // 2], Reading.COLOUR)
    assert capfd.readouterr().err == ""


def test_lack_of_memory_is_left_to_the_caller(rgb: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    error = cv2.error("Insufficient memory")
    error.code = cv2.Error.StsNoMem

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(cv2, "imdecode", fail)
    with pytest.raises(cv2.error):
        decode(saved(picture(rgb), "PNG"), Reading.COLOUR)
