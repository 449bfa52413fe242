"""Encoded pictures to pixels: upright, of eight bits, and whole or refused."""

import io
import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, TypeAlias, overload

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from engines.core import exif, gif, jpeg, pillow, png, standard_error, tiff
from engines.core.errors import (
    PictureTooLarge,
    TruncatedPicture,
    UndecodablePicture,
)
from engines.core.media_type import media_type
from engines.core.transparency import BLACK, WHITE, laid

Pixels: TypeAlias = NDArray[np.uint8]

MAX_SIDE = 1_000_000
"""Pixels; libpng's limit, which holds here for every format."""

FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/gif": "GIF",
    "image/bmp": "BMP",
    "image/tiff": "TIFF",
}
"""Pillow's names of what can be decoded, by media type."""
USUAL = ("image/jpeg", "image/png", "image/gif")
"""What is accepted where nothing else is said."""


class Mode(Enum):
    """What a picture is decoded to."""

    COLOUR = "colour"
    GREY = "grey"
    ALPHA = "alpha"
    PARTIAL = "partial"
    MASK = "mask"
    ORIGINAL = "original"


@dataclass(frozen=True, slots=True, eq=False)
class PartialImage:
    """A picture of which perhaps only the upper rows could be decoded."""

    pixels: Pixels
    is_truncated: bool


@dataclass(frozen=True, slots=True, eq=False)
class OriginalImage:
    """A picture as it is stored, and what its file says besides.

    Args:
        samples: uint8 or uint16, (H, W), (H, W, 3) BGR or (H, W, 4) BGRA; upright.
        media_type: of the file.
        exif: of a JPEG or PNG, without its thumbnail, which shows what an engine may hide, and
            with the orientation of the samples; empty if there is none that can be read.
        icc_profile: of the samples' colours; empty if there is none.
    """

    samples: NDArray[Any]
    media_type: str
    exif: bytes
    icc_profile: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be decoded at most: pixels of a picture, and frames that it may claim to have."""

    max_pixels: int = 100_000_000
    max_frames: int = 10_000


_COLOUR_FLAGS = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
"""By the part of its size that a JPEG is decoded at."""

Decoded: TypeAlias = Pixels | PartialImage | OriginalImage | NDArray[np.bool_]

_limits = Limits()


def configure(limits: Limits) -> None:
    """Set the limits of this process."""
    global _limits
    _limits = limits
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    logging.getLogger("PIL").setLevel(logging.CRITICAL)


configure(_limits)


@overload
def decode(
    data: bytes,
    mode: Literal[Mode.COLOUR, Mode.GREY, Mode.ALPHA],
    accepts: Sequence[str] = USUAL,
    enough_pixels: int | None = None,
) -> Pixels: ...
@overload
def decode(
    data: bytes, mode: Literal[Mode.PARTIAL], accepts: Sequence[str] = USUAL
) -> PartialImage: ...
@overload
def decode(
    data: bytes, mode: Literal[Mode.MASK], accepts: Sequence[str] = USUAL
) -> NDArray[np.bool_]: ...
@overload
def decode(
    data: bytes, mode: Literal[Mode.ORIGINAL], accepts: Sequence[str] = USUAL
) -> OriginalImage: ...
@overload
def decode(
    data: bytes, mode: Mode, accepts: Sequence[str] = USUAL, enough_pixels: int | None = None
) -> Decoded: ...
def decode(
    data: bytes, mode: Mode, accepts: Sequence[str] = USUAL, enough_pixels: int | None = None
) -> Decoded:
    """Decode the first frame or page of a picture, turned upright.

    Transparent pixels lie on white, and of GREY on the ground that the visible ones stand out
    from; ALPHA keeps them, if there are any, and in a mask they are false. Of sixteen bits the
    upper eight are kept, but in a mask every bit counts, and an original has them all; colours
    of sixteen bits in a TIFF have eight from the start.

    Args:
        accepts: media types, of those in `FORMATS`.
        enough_pixels: a JPEG in COLOUR that has four times as many is decoded at half its size,
            or a quarter or an eighth, which takes a third of the time and less.

    Raises:
        UndecodablePicture: not of an accepted format, or damaged.
        TruncatedPicture: pixels are missing, and the mode is not PARTIAL; of a BMP or TIFF that
            is not told from other damage.
        PictureTooLarge: more pixels or frames than the limits allow.
    """
    found = media_type(data)
    if found not in accepts:
        expected = " or ".join(", ".join(FORMATS[one] for one in accepts).rsplit(", ", 1))
        raise UndecodablePicture(f"cannot decode the picture ({found}, expected {expected})")
    if found == "image/png":
        data = png.still_image(data)
    header = _read_header(data)
    if mode is Mode.PARTIAL:
        return _partial(data, header)
    samples = _decode_whole(data, header, mode, enough_pixels)
    if mode is Mode.ORIGINAL:
        return _original(exif.upright(samples, header), header, found)
    if mode is Mode.MASK:
        return exif.upright(_mask(samples), header)
    pixels = eight_bits(samples)
    if mode is Mode.GREY:
        return exif.upright(_grey(laid(pixels)), header)
    is_kept = mode is Mode.ALPHA and is_transparent(pixels)
    return exif.upright(pixels if is_kept else _colour(laid(pixels, WHITE)), header)


def refuse_more_pixels(width: int, height: int) -> None:
    """See that a picture without a header may be decoded.

    Raises:
        PictureTooLarge: it has more pixels than the limits allow.
    """
    if width * height > _limits.max_pixels:
        raise _too_many_pixels()


def _too_many_pixels() -> PictureTooLarge:
    return PictureTooLarge(f"the picture has more than {_limits.max_pixels:,} pixels")


def _read_header(data: bytes) -> ImageFile.ImageFile:
    kind = FORMATS[media_type(data)]
    if kind == "JPEG" and (name := jpeg.undecoded_kind(data)):
        raise UndecodablePicture(f"cannot decode the picture ({name})")
    if kind == "TIFF":
        tiff.check_pieces(data, _limits.max_pixels)
    with pillow.no_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            header = Image.open(io.BytesIO(data), formats=[kind])
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            raise _too_many_pixels() from None
        except pillow.ERRORS:
            raise _undecodable(data) from None
    _check_extent(data, header)
    return header


def _undecodable(data: bytes) -> UndecodablePicture:
    return UndecodablePicture(f"cannot decode the picture ({media_type(data)}, damaged)")


def _check_extent(data: bytes, header: ImageFile.ImageFile) -> None:
    if min(header.size) < 1:
        raise UndecodablePicture("the picture has no pixels")
    if max(header.size) > MAX_SIDE:
        raise PictureTooLarge(
            f"the picture is {header.width} x {header.height} px; at most {MAX_SIDE:,} px a side"
        )
    most = _limits.max_frames
    if _count_frames(data, header, most) > most:
        raise PictureTooLarge(f"the picture has more than {most:,} frames")


def _count_frames(data: bytes, header: ImageFile.ImageFile, most: int) -> int:
    """Count frames up to one more than `most`."""
    if header.format == "GIF":
        return gif.count_frames(data, most)
    if header.format == "TIFF":
        return tiff.count_pages(data, most)
    return int(getattr(header, "n_frames", 1))


def _decode_whole(
    data: bytes, header: ImageFile.ImageFile, mode: Mode, enough_pixels: int | None = None
) -> NDArray[Any]:
    """Samples as stored: uint8 or uint16, (H, W), (H, W, 3) BGR or (H, W, 4) BGRA."""
    if header.format == "GIF":
        return _decode_gif(data, header)
    if header.format == "TIFF":
        return _decode_tiff(data, header)
    if header.format == "PNG" and png.is_cut(data):
        raise _truncated(data)
    part = 1
    if header.format in ("PNG", "BMP") or mode is Mode.ORIGINAL or jpeg.is_lossless(data):
        flags = cv2.IMREAD_UNCHANGED
    elif mode is Mode.GREY and header.mode != "CMYK":
        flags = cv2.IMREAD_GRAYSCALE
    else:
        part = _part(header, enough_pixels)
        flags = _COLOUR_FLAGS[part]
    samples = _decode_by_opencv(data, flags | cv2.IMREAD_IGNORE_ORIENTATION)
    if samples.shape[1::-1] != (-(-header.width // part), -(-header.height // part)):
        raise _undecodable(data)
    return _with_colour_key(samples, data, header)


def _part(header: ImageFile.ImageFile, enough_pixels: int | None) -> int:
    """As which part of its size a picture is decoded: 1 whole, 2 half and so on."""
    pixels = header.width * header.height
    if enough_pixels is None:
        return 1
    return max(part for part in _COLOUR_FLAGS if part == 1 or pixels >= enough_pixels * part**2)


def _decode_by_opencv(data: bytes, flags: int) -> NDArray[Any]:
    is_jpeg = media_type(data) == "image/jpeg"
    given = data + jpeg.END if is_jpeg else data  # without one, no JPEG decodes
    with standard_error.caught() as caught:
        try:
            samples = cv2.imdecode(np.frombuffer(given, np.uint8), flags)
        except cv2.error as error:
            if error.code == cv2.Error.StsNoMem:
                raise
            samples = None
    said = caught().lower()
    if is_jpeg and _lacks_data(data, said, samples):
        raise _truncated(data)
    if samples is None or b"huffman" in said:
        raise _undecodable(data)
    return samples


def _lacks_data(data: bytes, said: bytes, samples: NDArray[Any] | None) -> bool:
    """Whether a JPEG ends early: libjpeg said so, or there is no end and not all is in order."""
    if b"premature end" in said or b"0xd9 instead of rst" in said:
        return True
    if jpeg.has_end(data):  # asked first: nearly all have one, at the very end
        return False
    return samples is None or bool(said) or not jpeg.has_all_scans(data)


def _truncated(data: bytes) -> TruncatedPicture:
    return TruncatedPicture(f"the picture is cut off ({media_type(data)})")


def _with_colour_key(
    samples: NDArray[Any], data: bytes, header: ImageFile.ImageFile
) -> NDArray[Any]:
    """Add the alpha channel of a grey PNG that names one value as transparent.

    OpenCV leaves only this one out. The value is one of the file's, not yet spread over all levels.
    """
    key = header.info.get("transparency")
    if samples.ndim != 2 or not isinstance(key, int):
        return samples
    opaque, highest = np.iinfo(samples.dtype).max, (1 << png.sample_bits(data)) - 1
    is_clear = samples == (key & highest) * opaque // highest
    alpha = np.where(is_clear, 0, opaque).astype(samples.dtype)
    return cv2.merge([samples, samples, samples, alpha])


def _decode_gif(data: bytes, header: ImageFile.ImageFile) -> Pixels:
    """BGRA; what the first frame leaves of the canvas is transparent."""
    extent = header.tile[0].extents
    try:
        frame = header.convert("RGBA")
    except pillow.ERRORS:
        raise _truncated(data) from None
    canvas = Image.new("RGBA", header.size)
    canvas.paste(frame.crop(extent), extent)
    return _convert(np.asarray(canvas), cv2.COLOR_RGBA2BGRA)


def _decode_tiff(data: bytes, header: ImageFile.ImageFile) -> NDArray[Any]:
    """By Pillow, which turns it upright; OpenCV takes CMYK and Lab for colours of its own."""
    with pillow.no_warnings(), standard_error.caught():
        try:
            header.load()
        except pillow.ERRORS:
            raise _undecodable(data) from None
    if header.mode.startswith("I;16"):
        return np.asarray(header).astype(np.uint16)
    if header.mode in ("1", "L"):
        return np.asarray(header.convert("L"))
    if header.mode in ("LA", "PA", "RGBA"):
        return _convert(np.asarray(header.convert("RGBA")), cv2.COLOR_RGBA2BGRA)
    if header.mode in ("P", "RGB", "RGBX", "CMYK"):
        return _convert(np.asarray(header.convert("RGB")), cv2.COLOR_RGB2BGR)
    raise UndecodablePicture(f"cannot decode the picture (image/tiff of mode {header.mode})")


def eight_bits(samples: NDArray[Any]) -> Pixels:
    """The upper eight bits of samples of eight or sixteen."""
    return (samples >> 8).astype(np.uint8) if samples.dtype == np.uint16 else samples


def is_transparent(pixels: Pixels) -> bool:
    """Whether any pixel is not opaque."""
    return pixels.ndim == 3 and pixels.shape[2] == 4 and bool((pixels[..., 3] < 255).any())


def _mask(samples: NDArray[Any]) -> NDArray[np.bool_]:
    is_set = samples.astype(np.bool_)
    if is_set.ndim == 2:
        return is_set
    return np.logical_and(is_set[..., :3].any(axis=2), is_set[..., 3:].all(axis=2))


def _grey(pixels: Pixels) -> Pixels:
    return pixels if pixels.ndim == 2 else _convert(pixels, cv2.COLOR_BGR2GRAY)


def _colour(pixels: Pixels) -> Pixels:
    return _convert(pixels, cv2.COLOR_GRAY2BGR) if pixels.ndim == 2 else pixels


def _convert(pixels: Pixels, code: int) -> Pixels:
    converted: NDArray[Any] = cv2.cvtColor(pixels, code)
    return converted


def _original(samples: NDArray[Any], header: ImageFile.ImageFile, media_type: str) -> OriginalImage:
    is_converted = header.mode == "CMYK"
    profile = b"" if is_converted else header.info.get("icc_profile") or b""
    return OriginalImage(
        samples, media_type, exif.turned_upright(header.info.get("exif", b"")), profile
    )


def _partial(data: bytes, header: ImageFile.ImageFile) -> PartialImage:
    try:
        samples, is_truncated = _decode_whole(data, header, Mode.PARTIAL), False
    except TruncatedPicture:
        samples, is_truncated = _decode_upper_rows(data), True
    opaque = _colour(laid(eight_bits(samples), WHITE))
    return PartialImage(exif.upright(opaque, header), is_truncated)


def _decode_upper_rows(data: bytes) -> Pixels:
    """BGRA rows that two decodings over different backgrounds agree on.

    Pillow decodes what there is before it refuses the rest, but does not say how far it came.
    """
    dark, bright = _decode_over(data, BLACK), _decode_over(data, WHITE)
    try:
        is_same = np.asarray(dark) == np.asarray(bright)
        samples = np.asarray(dark.convert("RGBA"))
    except pillow.ERRORS:
        raise _undecodable(data) from None
    is_decoded = is_same.reshape(dark.height, -1).all(axis=1)
    rows = dark.height if is_decoded.all() else int(is_decoded.argmin())
    if rows == 0:
        raise _truncated(data) from None
    return _convert(samples[:rows], cv2.COLOR_RGBA2BGRA)


def _decode_over(data: bytes, background: int) -> ImageFile.ImageFile:
    image = _read_header(data)
    colour = (background,) * len(image.getbands())
    image.im = Image.new(image.mode, image.size, colour if len(colour) > 1 else background).im
    try:
        image.load()
    except pillow.ERRORS:
        image.tile = []
    return image
