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
from PIL import ExifTags, Image

from engines.core import pixels
from engines.core.errors import (
    EngineError,
    PictureTooLarge,
    TruncatedPicture,
    UndecodablePicture,
)
from engines.core.pixels import USUAL, Limits, Mode, Pixels, decode
from tests.pictures import png, png_chunk

ORIENTATION = 0x0112
ALL = (*USUAL, "image/bmp", "image/tiff")
COMPRESSIONS = ("raw", "packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg")


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
    decoded = decode(saved(picture(rgb), kind, **options), Mode.COLOUR)
    assert decoded.shape == rgb.shape
    assert difference(decoded, rgb[..., ::-1]) < (6 if kind == "GIF" else 3)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_a_grey_picture_read_as_grey_is_itself(rgb: Pixels, kind: str) -> None:
    data = saved(picture(rgb[..., 0]), kind, **({"quality": 95} if kind == "JPEG" else {}))
    expected = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert np.array_equal(decode(data, Mode.GREY), expected)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_grey_is_rec_601_luma(rgb: Pixels, kind: str) -> None:
    data = saved(picture(rgb), kind)
    expected = decode(data, Mode.COLOUR) @ np.array([0.114, 0.587, 0.299])
    assert difference(decode(data, Mode.GREY), expected) < 1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("mode", [Mode.COLOUR, Mode.GREY, Mode.MASK])
def test_pictures_are_turned_upright_once(
    rgb: Pixels, kind: str, orientation: int, mode: Mode
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    ways = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # Pillow's transpositions
    upright = picture(rgb)
    expected = upright.transpose(ways[orientation]) if orientation > 1 else upright  # type: ignore[arg-type]
    turned = decode(saved(upright, kind, exif=exif), mode)
    straight = decode(saved(expected, kind), mode)
    assert isinstance(turned, np.ndarray)
    assert isinstance(straight, np.ndarray)
    assert turned.shape == straight.shape
    assert difference(turned.astype(np.uint8), straight.astype(np.uint8)) < 1


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\xff", b"\0"])
def test_broken_exif_turns_nothing(rgb: Pixels, exif: bytes) -> None:
    assert decode(saved(picture(rgb), "JPEG", exif=exif), Mode.GREY).shape == (48, 64)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_pixels_lie_on_white(rgb: Pixels, mode: str) -> None:
    image = picture(rgb).convert("RGBA")
    image.putalpha(picture(rgb[..., 0]))
    image = image.convert("LA") if mode == "LA" else image
    data = saved(image.quantize(64) if mode == "PA" else image, "PNG")
    opened = Image.open(io.BytesIO(data)).convert("RGBA")
    expected = Image.alpha_composite(Image.new("RGBA", opened.size, "white"), opened)
    found = decode(data, Mode.COLOUR)[..., ::-1].astype(int)
    assert np.abs(found - np.asarray(expected)[..., :3]).max() <= 1


@pytest.mark.parametrize("level", [0, 255])
def test_transparent_pixels_of_a_grey_picture_lie_on_what_the_others_stand_out_from(
    level: int,
) -> None:
    samples = np.zeros((9, 9, 2), np.uint8)
    samples[3:6, 3:6] = level, 255
    found = decode(saved(picture(samples), "PNG"), Mode.GREY)
    assert found[4, 4] == level
    assert found[0, 0] == 255 - level


def test_alpha_is_kept_where_something_is_transparent(rgb: Pixels) -> None:
    alpha = np.full((48, 64, 1), 255, np.uint8)
    opaque = decode(saved(picture(np.dstack([rgb, alpha])), "PNG"), Mode.ALPHA)
    assert np.array_equal(opaque, rgb[..., ::-1])
    alpha[0] = 7
    clear = decode(saved(picture(np.dstack([rgb, alpha])), "PNG"), Mode.ALPHA)
    assert np.array_equal(clear, np.dstack([rgb[..., ::-1], alpha]))


@pytest.mark.parametrize("mode", ["RGB", "L", "P"])
def test_a_transparent_colour_becomes_white(rgb: Pixels, mode: str) -> None:
    image = picture(rgb).quantize(16) if mode == "P" else picture(rgb).convert(mode)
    key = image.getpixel((20, 20))
    found = decode(saved(image, "PNG", transparency=key), Mode.COLOUR)
    assert found[20, 20].tolist() == [255, 255, 255]
    assert found[0, 0].tolist() != [255, 255, 255]


def test_a_gif_keeps_its_first_frame_on_white(rgb: Pixels) -> None:
    frame = picture(rgb).quantize(32)
    key = frame.getpixel((20, 20))
    data = saved(frame, "GIF", transparency=key, save_all=True, append_images=[frame.rotate(180)])
    found = decode(data, Mode.COLOUR)
    assert found[20, 20].tolist() == [255, 255, 255]
    assert difference(found[24:, :], rgb[24:, :, ::-1]) < 10


def test_a_gif_frame_smaller_than_its_canvas_has_white_around_it(rgb: Pixels) -> None:
    data = bytearray(saved(picture(rgb[..., 0]), "GIF"))
    data[6:10] = struct.pack("<HH", 80, 90)
    found = decode(bytes(data), Mode.COLOUR)
    assert found.shape == (90, 80, 3)
    assert np.array_equal(found[:48, :64, 0], rgb[..., 0])
    assert (found[48:] == 255).all()
    assert (found[:, 64:] == 255).all()


@pytest.mark.parametrize(("colour_type", "channels"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_of_sixteen_bits_the_upper_eight_count(colour_type: int, channels: int) -> None:
    samples = [0x1280, 0x34FF, 0x5600, 0xFFFF][4 - channels :]
    data = png(2, 1, 16, colour_type, b"\0" + struct.pack(f">{channels}H", *samples) * 2)
    colours = {0: [255], 2: [0x34, 0x56, 255], 4: [0x56], 6: [0x12, 0x34, 0x56]}[colour_type]
    expected = colours[::-1] * (3 // len(colours))
    assert decode(data, Mode.COLOUR)[0, 0].tolist() == expected


@pytest.mark.parametrize(("depth", "levels"), [(1, [0, 255]), (2, [0, 85]), (4, [17, 187])])
def test_few_bits_are_spread_over_all_levels(depth: int, levels: list[int]) -> None:
    data = png(2, 1, depth, 0, b"\0" + bytes([{1: 0b01000000, 2: 0b00010000, 4: 0x1B}[depth]]))
    assert decode(data, Mode.GREY)[0].tolist() == levels


def test_cmyk_is_converted(rgb: Pixels) -> None:
    data = saved(picture(rgb).convert("CMYK"), "JPEG", quality=95)
    assert difference(decode(data, Mode.COLOUR), rgb[..., ::-1]) < 4
    assert difference(decode(data, Mode.GREY), np.asarray(picture(rgb).convert("L"))) < 3


def test_the_first_of_several_pictures_in_a_jpeg_is_read(rgb: Pixels) -> None:
    image = picture(rgb)
    data = saved(image, "MPO", save_all=True, append_images=[image.rotate(180)])
    assert difference(decode(data, Mode.COLOUR), rgb[..., ::-1]) < 6


def test_an_interlaced_png_is_read() -> None:
    # Adam7 of 2 × 2: one pixel each in passes 1 and 6, two in pass 7.
    rows = b"\0\x0a" + b"\0\x14" + b"\0\x1e\x28"
    data = bytearray(png(2, 2, 8, 0, rows))
    data[28] = 1
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    assert decode(bytes(data), Mode.GREY).tolist() == [[10, 20], [30, 40]]


@pytest.mark.parametrize("shape", [(1, 1), (1, 20_000), (20_000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_extreme_shapes_are_read(kind: str, shape: tuple[int, int]) -> None:
    data = saved(picture(np.full(shape, 100, np.uint8)), kind)
    assert decode(data, Mode.COLOUR).shape == (*shape, 3)
    assert (decode(data, Mode.GREY) == 100).all()


def test_bytes_after_the_end_are_ignored(rgb: Pixels) -> None:
    data = saved(picture(rgb), "JPEG")
    expected = decode(data, Mode.COLOUR)
    assert np.array_equal(decode(data + b"\0garbage" * 99, Mode.COLOUR), expected)


@pytest.mark.parametrize(
    ("value", "alpha", "is_set"), [(1, 255, True), (0, 255, False), (1, 0, False), (1, 1, True)]
)
def test_a_mask_is_what_is_neither_zero_nor_transparent(
    value: int, alpha: int, is_set: bool
) -> None:
    data = saved(picture(np.array([[[0, 0, value, alpha]]], np.uint8)), "PNG")
    assert decode(data, Mode.MASK).tolist() == [[is_set]]


def test_every_bit_of_a_mask_counts() -> None:
    mask = np.array([[0, 1, 255, 256]], np.uint16)
    data = saved(Image.fromarray(mask), "PNG")
    assert decode(data, Mode.MASK).tolist() == [[False, True, True, True]]


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
        (b"\0\0\0\x14ftypheic\0\0\0\0mif1", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0miafavif", "image/avif"),
        (b"\0\0\0\x14ftypmif1\0\0\0\0mif1heic", "image/heif"),  # outside of its box
        (b"\0\0\0\x14ftypmsf1\0\0\0\0hevc", "image/heic-sequence"),
        (b"\0\0\0\x10ftypmsf1\0\0\0\0", "image/heif-sequence"),
        (b"\0\0\0\x14ftypcrx \0\0\0\1isom", "image/x-canon-cr3"),
        (b"\0\0\0\x14ftypisom\0\0\2\0qt  ", "video/mp4"),
    ],
)
def test_other_files_are_refused_by_name(data: bytes, found: str) -> None:
    with pytest.raises(UndecodablePicture) as refusal:
        decode(data, Mode.COLOUR)
    expected = f"cannot decode the picture ({found}, expected JPEG, PNG or GIF)"
    assert refusal.value.message == expected


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "WEBP"])
def test_pictures_of_other_formats_are_refused(rgb: Pixels, kind: str) -> None:
    with pytest.raises(UndecodablePicture, match=f"image/{kind.lower()}"):
        decode(saved(picture(rgb), kind), Mode.COLOUR)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
@pytest.mark.parametrize("mode", [Mode.COLOUR, Mode.GREY, Mode.MASK])
def test_a_cut_picture_is_refused_at_every_length(rgb: Pixels, kind: str, mode: Mode) -> None:
    data = saved(picture(rgb), kind)
    whole = len(data) - (2 if kind == "GIF" else 0)  # a GIF's first frame ends before that
    for length in range(0, whole, 7):
        with pytest.raises(UndecodablePicture):
            decode(data[:length], mode)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_a_cut_picture_is_said_to_be_cut_off(rgb: Pixels, kind: str) -> None:
    data = saved(picture(rgb), kind)
    with pytest.raises(TruncatedPicture, match=f"cut off .image/{kind.lower()}"):
        decode(data[: len(data) * 9 // 10], Mode.COLOUR)


def test_a_cut_jpeg_that_was_given_an_end_is_refused(rgb: Pixels) -> None:
    data = saved(picture(rgb), "JPEG")
    with pytest.raises(TruncatedPicture):
        decode(data[: len(data) * 9 // 10] + b"\xff\xd9", Mode.COLOUR)


@pytest.mark.parametrize(("enough", "part"), [(3120, 1), (780, 2), (100, 4), (1, 8)])
@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_jpeg_comes_at_a_part_of_its_size_that_has_enough_pixels(
    rgb: Pixels, enough: int, part: int, mode: str
) -> None:
    wide = np.concatenate([rgb, rgb[:, -1:]], axis=1)
    data = saved(picture(wide).convert(mode), "JPEG", quality=95)
    found = decode(data, Mode.COLOUR, enough_pixels=enough)
    assert found.shape == (48 // part, 64 // part + 1, 3)
    whole = decode(data, Mode.COLOUR)[:, :64]
    means = whole.reshape(48 // part, part, 64 // part, part, 3).mean(axis=(1, 3))
    assert np.abs(found[:, :-1] - means).mean() < 3


def test_a_png_is_decoded_whole_however_few_pixels_are_enough(rgb: Pixels) -> None:
    assert decode(saved(picture(rgb), "PNG"), Mode.COLOUR, enough_pixels=1).shape == rgb.shape


def test_a_cut_jpeg_is_refused_at_a_part_of_its_size_too(rgb: Pixels) -> None:
    data = saved(picture(rgb), "JPEG")
    with pytest.raises(TruncatedPicture):
        decode(data[: len(data) * 9 // 10], Mode.COLOUR, enough_pixels=100)


def test_the_thumbnail_of_a_cut_jpeg_does_not_pass_for_its_end(rgb: Pixels) -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + saved(picture(rgb), "JPEG")
    data = saved(picture(rgb), "JPEG", exif=exif)
    with pytest.raises(TruncatedPicture):
        decode(data[: len(data) - 90], Mode.COLOUR)


def test_a_changed_byte_in_a_png_is_noticed(rgb: Pixels) -> None:
    data = bytearray(saved(picture(rgb), "PNG"))
    data[len(data) // 2] ^= 1
    with pytest.raises(UndecodablePicture, match="image/png, damaged"):
        decode(bytes(data), Mode.COLOUR)


def test_what_a_png_chunk_claims_is_not_allocated(rgb: Pixels) -> None:
    data = bytearray(saved(picture(rgb), "PNG"))
    at = data.index(b"IDAT") - 4
    data[at : at + 4] = struct.pack(">I", 0xF0000000)
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(TruncatedPicture):
        decode(bytes(data), Mode.COLOUR)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < highest + 100_000


def test_a_png_with_too_few_rows_is_refused() -> None:
    with pytest.raises(UndecodablePicture):
        decode(png(4, 4, 8, 0, b"\0\1\2\3\4" * 2), Mode.COLOUR)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_the_upper_rows_of_a_cut_picture_are_its_own(rgb: Pixels, kind: str) -> None:
    interlace = {"interlace": 0} if kind == "GIF" else {}
    data = saved(picture(np.tile(rgb, (4, 4, 1))), kind, **interlace)
    whole = decode(data, Mode.COLOUR)
    decode(saved(Image.new("RGB", (256, 192), "red"), kind), Mode.COLOUR)
    partial = decode(data[: len(data) // 2], Mode.PARTIAL)
    assert partial.is_truncated
    assert 40 < len(partial.pixels) < 160
    assert np.array_equal(partial.pixels, whole[: len(partial.pixels)])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_a_whole_picture_is_not_partial(rgb: Pixels, kind: str) -> None:
    data = saved(picture(rgb), kind)
    partial = decode(data, Mode.PARTIAL)
    assert not partial.is_truncated
    assert np.array_equal(partial.pixels, decode(data, Mode.COLOUR))


def test_the_rows_of_a_cut_picture_are_turned_upright(rgb: Pixels) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = saved(picture(np.tile(rgb, (4, 4, 1))), "JPEG", exif=exif)
    partial = decode(data[: len(data) // 2], Mode.PARTIAL)
    whole = decode(data, Mode.COLOUR)
    width = partial.pixels.shape[1]
    assert partial.pixels.shape[0] == 256
    assert np.array_equal(partial.pixels, whole[:, -width:])


def test_a_picture_without_a_whole_row_is_refused(rgb: Pixels) -> None:
    data = saved(picture(rgb), "JPEG")
    with pytest.raises(TruncatedPicture):
        decode(data[: data.index(b"\xff\xda") + 20], Mode.PARTIAL)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_a_picture_above_the_pixel_limit_is_refused(kind: str) -> None:
    inside = saved(Image.new("L", (50, 100)), kind)
    outside = saved(Image.new("L", (50, 101)), kind)
    assert decode(inside, Mode.GREY).size == 5000
    with pytest.raises(PictureTooLarge, match="more than 5,000 pixels"):
        decode(outside, Mode.GREY)


@pytest.mark.usefixtures("limited")
def test_a_size_that_only_the_header_claims_is_refused() -> None:
    with pytest.raises(PictureTooLarge):
        decode(png(60_000, 60_000, 8, 0, b"\0"), Mode.COLOUR)


def test_a_side_that_no_decoder_takes_is_refused() -> None:
    with pytest.raises(PictureTooLarge, match="at most 1,000,000 px a side"):
        decode(png(1_000_001, 1, 1, 0, b"\0"), Mode.COLOUR)


@pytest.mark.usefixtures("limited")
def test_too_many_frames_are_refused() -> None:
    frames = [Image.new("L", (9, 9), level) for level in (0, 60, 120, 180)]
    three = saved(frames[0], "GIF", save_all=True, append_images=frames[1:3])
    four = saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert decode(three, Mode.GREY).max() == 0
    with pytest.raises(PictureTooLarge, match="more than 3 frames"):
        decode(four, Mode.GREY)


def test_a_profile_that_grows_when_decompressed_is_refused() -> None:
    profile = png_chunk(b"iCCP", b"profile\0\0" + zlib.compress(bytes(50_000_000)))
    with pytest.raises(UndecodablePicture):
        decode(png(1, 1, 8, 0, b"\0\1", profile), Mode.COLOUR)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_random_damage_raises_no_other_error(rgb: Pixels, kind: str) -> None:
    random = np.random.default_rng(3)
    data = np.frombuffer(saved(picture(rgb), kind), np.uint8)
    for _ in range(100):
        damaged = data.copy()
        damaged[random.integers(len(data), size=4)] = random.integers(256, size=4)
        for mode in Mode:
            with suppress(EngineError):
                decode(damaged.tobytes(), mode)


def test_damaged_pictures_write_nothing_to_the_log(
    rgb: Pixels, capfd: pytest.CaptureFixture[str]
) -> None:
    for kind in ("JPEG", "PNG"):
        data = saved(picture(rgb), kind)
        with pytest.raises(UndecodablePicture):
            decode(data[: len(data) // 2], Mode.COLOUR)
    assert capfd.readouterr().err == ""


def test_lack_of_memory_is_left_to_the_caller(rgb: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    error = cv2.error("Insufficient memory")
    error.code = cv2.Error.StsNoMem

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(cv2, "imdecode", fail)
    with pytest.raises(cv2.error):
        decode(saved(picture(rgb), "PNG"), Mode.COLOUR)


def tiff(*fields: tuple[int, int, int, int], next_at: int = 0) -> bytes:
    """A TIFF of one directory and its fields: tag, type, count and value."""
    packed = b"".join(struct.pack("<HHII", *field) for field in fields)
    return struct.pack("<4sIH", b"II*\0", 8, len(fields)) + packed + struct.pack("<I", next_at)


def rle_bmp(width: int, height: int, runs: bytes) -> bytes:
    """A grey BMP of eight bits, run-length encoded."""
    palette = b"".join(bytes([level, level, level, 0]) for level in range(256))
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    start = 14 + len(info) + len(palette)
    head = struct.pack("<2sIHHI", b"BM", start + len(runs), 0, 0, start)
    return head + info + palette + runs


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_tiff_is_read_however_it_is_compressed(rgb: Pixels, compression: str) -> None:
    data = saved(picture(rgb), "TIFF", compression=compression)
    decoded = decode(data, Mode.COLOUR, ALL)
    assert difference(decoded, rgb[..., ::-1]) < (6 if compression == "jpeg" else 0.01)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA"])
@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
def test_pictures_of_any_colours_are_as_a_png_has_them(rgb: Pixels, kind: str, mode: str) -> None:
    image = picture(rgb).convert(mode)
    data, same = saved(image, kind), saved(image, "PNG")
    assert np.array_equal(decode(data, Mode.COLOUR, ALL), decode(same, Mode.COLOUR))
    assert np.array_equal(decode(data, Mode.GREY, ALL), decode(same, Mode.GREY))


def test_transparent_pixels_of_a_tiff_lie_on_white(rgb: Pixels) -> None:
    image = picture(rgb).convert("RGBA")
    image.putalpha(picture(rgb[..., 0]))
    data, same = saved(image, "TIFF"), saved(image, "PNG")
    assert np.array_equal(decode(data, Mode.COLOUR, ALL), decode(same, Mode.COLOUR))


def test_the_cmyk_of_a_tiff_is_converted(rgb: Pixels) -> None:
    data = saved(picture(rgb).convert("CMYK"), "TIFF")
    assert difference(decode(data, Mode.COLOUR, ALL), rgb[..., ::-1]) < 4


def test_of_sixteen_bits_of_a_tiff_the_upper_eight_count_but_in_a_mask() -> None:
    data = saved(Image.fromarray(np.array([[0, 1, 0x12FF, 0xFFFF]], np.uint16)), "TIFF")
    assert decode(data, Mode.GREY, ALL).tolist() == [[0, 0, 0x12, 0xFF]]
    assert decode(data, Mode.MASK, ALL).tolist() == [[False, True, True, True]]


@pytest.mark.parametrize("mode", ["F", "I", "LAB"])
def test_a_tiff_that_is_no_picture_of_levels_or_colours_is_refused(rgb: Pixels, mode: str) -> None:
    image = picture(rgb) if mode == "LAB" else picture(rgb).convert(mode)
    data = saved(Image.merge("LAB", image.split()) if mode == "LAB" else image, "TIFF")
    with pytest.raises(UndecodablePicture, match=f"of mode {mode}"):
        decode(data, Mode.COLOUR, ALL)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw"])
def test_a_tiff_is_turned_upright_once(rgb: Pixels, compression: str, orientation: int) -> None:
    told = {"tiffinfo": {ORIENTATION: orientation}, "compression": compression}
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    turned = decode(saved(picture(rgb), "TIFF", **told), Mode.COLOUR, ALL)
    assert np.array_equal(turned, decode(saved(picture(rgb), "PNG", exif=exif), Mode.COLOUR))


def test_the_first_page_of_a_tiff_is_read(rgb: Pixels) -> None:
    pages = [picture(rgb), picture(rgb).rotate(180)]
    data = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert np.array_equal(decode(data, Mode.COLOUR, ALL), rgb[..., ::-1])


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_a_cut_tiff_is_refused_at_every_length(rgb: Pixels, compression: str) -> None:
    data = saved(picture(rgb), "TIFF", compression=compression)
    for length in range(0, len(data), 61):
        with pytest.raises(UndecodablePicture):
            decode(data[:length], Mode.COLOUR, ALL)


def test_a_cut_bmp_is_refused_at_every_length(rgb: Pixels) -> None:
    data = saved(picture(rgb), "BMP")
    for length in range(0, len(data), 61):
        with pytest.raises(UndecodablePicture):
            decode(data[:length], Mode.COLOUR, ALL)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
def test_a_bmp_or_tiff_above_the_pixel_limit_is_refused(kind: str) -> None:
    assert decode(saved(Image.new("L", (50, 100)), kind), Mode.GREY, ALL).size == 5000
    with pytest.raises(PictureTooLarge, match="more than 5,000 pixels"):
        decode(saved(Image.new("L", (50, 101)), kind), Mode.GREY, ALL)


@pytest.mark.usefixtures("limited")
def test_too_many_pages_are_refused() -> None:
    pages = [Image.new("L", (9, 9), level) for level in (0, 60, 120, 180)]
    three = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:3])
    four = saved(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    assert decode(three, Mode.GREY, ALL).max() == 0
    with pytest.raises(PictureTooLarge, match="more than 3 frames"):
        decode(four, Mode.GREY, ALL)


def test_pages_chained_in_a_circle_are_too_many() -> None:
    grey = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8)]
    with pytest.raises(PictureTooLarge, match="more than 10,000 frames"):
        decode(tiff(*grey, (279, 4, 1, 16), next_at=8), Mode.GREY, ALL)


def test_more_strips_than_anybody_writes_are_not_listed() -> None:
    claims = tiff((256, 3, 1, 1), (257, 4, 1, 200_000), (273, 4, 200_000, 8))
    with pytest.raises(PictureTooLarge, match="more than 100,000 strips or tiles"):
        decode(claims + bytes(800_000), Mode.GREY, ALL)


def test_a_tile_larger_than_any_picture_is_not_allocated() -> None:
    claims = tiff((256, 3, 1, 1), (257, 3, 1, 1), (322, 4, 1, 1 << 16), (323, 4, 1, 1 << 16))
    with pytest.raises(PictureTooLarge, match="a tile of the picture"):
        decode(claims, Mode.GREY, ALL)


def test_a_strip_that_no_file_can_hold_is_damage() -> None:
    grey = [(256, 3, 1, 4), (257, 3, 1, 4), (258, 3, 1, 8), (262, 3, 1, 1), (279, 4, 1, 16)]
    at = len(tiff(*grey)) + 12
    with pytest.raises(UndecodablePicture, match="damaged"):
        decode(tiff(*grey, (273, 16, 1, at)) + b"\xff" * 8, Mode.GREY, ALL)


def test_a_large_tiff_is_refused_as_not_accepted(rgb: Pixels) -> None:
    data = saved(picture(rgb), "TIFF", big_tiff=True)
    with pytest.raises(UndecodablePicture, match="application/octet-stream, expected"):
        decode(data, Mode.COLOUR, ALL)


def test_what_pillow_says_of_a_tiff_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UndecodablePicture):
        decode(tiff((256, 3, 1, 1), (257, 3, 1, 1), (277, 3, 1, 255)), Mode.GREY, ALL)
    assert caplog.records == []


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_random_damage_to_a_tiff_raises_no_other_error(
    rgb: Pixels, compression: str, capfd: pytest.CaptureFixture[str]
) -> None:
    random = np.random.default_rng(4)
    data = np.frombuffer(saved(picture(rgb), "TIFF", compression=compression), np.uint8)
    (start,) = struct.unpack_from("<I", data.data, 4)
    for count in range(300):
        damaged = data.copy()
        among = range(start, min(start + 200, len(data))) if count % 2 else range(8, len(data))
        damaged[random.choice(among, size=3)] = random.integers(256, size=3)
        with suppress(EngineError):
            decode(damaged.tobytes(), Mode.COLOUR, ALL)
    assert capfd.readouterr().err == ""


def test_a_run_length_encoded_bmp_is_read() -> None:
    data = rle_bmp(3, 2, b"\x03\x10\0\0" + b"\x01\x20\x02\x30\0\1")
    assert decode(data, Mode.GREY, ALL).tolist() == [[0x20, 0x30, 0x30], [0x10, 0x10, 0x10]]


@pytest.mark.parametrize("runs", [b"\0\1", b"\2\x10\0\1", b"\2\x10\0\2\1\1\0\1", b"\1\7\0\0\0\1"])
def test_what_a_bmp_leaves_out_shows_no_other_picture(runs: bytes) -> None:
    seen = []
    for level in (100, 200):
        decode(saved(Image.new("L", (400, 400), level), "BMP"), Mode.GREY, ALL)
        seen.append(decode(rle_bmp(400, 400, runs), Mode.GREY, ALL))
    assert np.array_equal(seen[0], seen[1])


def test_random_damage_to_a_bmp_raises_no_other_error(rgb: Pixels) -> None:
    random = np.random.default_rng(5)
    data = np.frombuffer(saved(picture(rgb), "BMP"), np.uint8)
    for _ in range(300):
        damaged = data.copy()
        damaged[random.integers(2, 60, size=3)] = random.integers(256, size=3)
        with suppress(EngineError):
            decode(damaged.tobytes(), Mode.COLOUR, ALL)


def test_an_original_has_its_alpha_and_all_its_bits(rgb: Pixels) -> None:
    clear = picture(np.dstack([rgb, rgb[..., 0]]))
    found = decode(saved(clear, "PNG"), Mode.ORIGINAL)
    assert np.array_equal(found.samples, np.asarray(clear)[..., [2, 1, 0, 3]])
    assert found.media_type == "image/png"
    deep = png(2, 1, 16, 0, b"\0" + struct.pack(">2H", 0x1234, 0xFFFF))
    assert decode(deep, Mode.ORIGINAL).samples.tolist() == [[0x1234, 0xFFFF]]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "BMP", "TIFF"])
def test_an_original_tells_its_media_type(rgb: Pixels, kind: str) -> None:
    found = decode(saved(picture(rgb[..., 0]), kind), Mode.ORIGINAL, ALL)
    assert found.media_type == f"image/{kind.lower()}"
    assert found.samples.shape[:2] == (48, 64)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_exif_of_an_original_says_that_it_is_upright(rgb: Pixels, kind: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[ExifTags.Base.Make] = 6, "Maker"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    found = decode(saved(picture(rgb), kind, exif=exif), Mode.ORIGINAL)
    kept = Image.Exif()
    kept.load(found.exif)
    assert found.samples.shape == (64, 48, 3)
    assert (kept[ORIENTATION], kept[ExifTags.Base.Make]) == (1, "Maker")
    assert kept.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"


def test_the_exif_of_an_original_has_no_thumbnail(rgb: Pixels) -> None:
    thumbnail = saved(picture(rgb), "JPEG")
    fields = struct.pack("<HHHIIHHII", 2, 0x0201, 4, 1, 44, 0x0202, 4, 1, len(thumbnail))
    main = b"II*\0\x08\0\0\0" + b"\0\0" + struct.pack("<I", 14) + fields + bytes(4)
    found = decode(saved(picture(rgb), "JPEG", exif=b"Exif\0\0" + main + thumbnail), Mode.ORIGINAL)
    assert found.exif
    assert thumbnail[:20] not in found.exif


def test_exif_that_cannot_be_read_is_left_out(rgb: Pixels) -> None:
    data = saved(picture(rgb), "JPEG", exif=b"Exif\0\0garbage")
    assert decode(data, Mode.ORIGINAL).exif == b""


def test_an_original_keeps_its_colour_profile_unless_its_colours_are_converted(
    rgb: Pixels,
) -> None:
    profile = b"a profile is not looked into"
    kept = saved(picture(rgb), "JPEG", icc_profile=profile)
    converted = saved(picture(rgb).convert("CMYK"), "JPEG", icc_profile=profile)
    assert decode(kept, Mode.ORIGINAL).icc_profile == profile
    assert decode(converted, Mode.ORIGINAL).icc_profile == b""
