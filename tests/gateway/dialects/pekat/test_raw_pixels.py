"""Raw pixels become a BGR picture; the length says what they are."""

import cv2
import numpy as np
import pytest

from engines.core import pixels
from engines.core.errors import PictureTooLarge, UndecodablePicture
from engines.core.pixels import Limits, Pixels
from gateway.dialects.pekat.raw_pixels import RawPixels
from tests.pictures import quarters

MOST_DELTA_E = 3.0


@pytest.fixture
def image() -> Pixels:
    """BGR, 97 x 64 px: rows that C# would pad by a byte."""
    return np.ascontiguousarray(quarters(97)[..., ::-1])


def mosaic(image: Pixels) -> Pixels:
    """What a sensor with a Bayer filter RG sees of it."""
    seen = image[..., 1].copy()
    seen[::2, ::2] = image[::2, ::2, 2]
    seen[1::2, 1::2] = image[1::2, 1::2, 0]
    return seen


def delta_e(one: Pixels, other: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """ΔE76 of each pixel."""
    unit = (np.asarray(each, np.float32) / 255 for each in (one, other))
    first, second = (cv2.cvtColor(each, cv2.COLOR_BGR2LAB) for each in unit)
    return np.asarray(np.linalg.norm(np.asarray(first) - np.asarray(second), axis=2), np.float64)


def test_bgr_is_taken_as_it_is(image: Pixels) -> None:
    assert (RawPixels(97, 64).decode(image.tobytes()) == image).all()


def test_alpha_is_dropped(image: Pixels) -> None:
    bgra = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
    assert (RawPixels(97, 64).decode(bgra.tobytes()) == image).all()


def test_one_byte_a_pixel_is_grey(image: Pixels) -> None:
    decoded = RawPixels(97, 64).decode(image[..., 0].tobytes())
    assert (decoded == image[..., :1]).all()
    assert decoded.shape == image.shape


@pytest.mark.parametrize("channels", [1, 3])
def test_rows_may_be_padded_to_four_bytes(image: Pixels, channels: int) -> None:
    rows = image[..., :channels].reshape(64, -1)
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)), constant_values=99)
    decoded = RawPixels(97, 64).decode(padded.tobytes())
    assert (decoded == image[..., :channels]).all()


def test_a_mosaic_gets_its_colours_back(image: Pixels) -> None:
    decoded = RawPixels(97, 64, is_bayer=True).decode(mosaic(image).tobytes())
    far = delta_e(decoded, image)
    is_flat = np.ones(far.shape, np.bool_)
    is_flat[30:34], is_flat[:, 46:50] = False, False
    assert far[is_flat].max() <= MOST_DELTA_E


@pytest.mark.parametrize(
    ("width", "height", "length", "expected"),
    [
        (97, 64, 97 * 64 * 3 - 1, "6,208 or 6,400 or 18,624 or 18,688 or 24,832"),
        (97, 64, 0, "the pixels have 0 bytes"),
        (1_000_000, 1_000_000, 3, "1,000,000,000,000"),
        (4, 4, 17, "16 or 48 or 64"),
    ],
)
def test_another_length_is_refused_before_anything_is_allocated(
    width: int, height: int, length: int, expected: str
) -> None:
    with pytest.raises(UndecodablePicture, match=expected):
        RawPixels(width, height).decode(bytes(length))


def test_a_mosaic_has_one_byte_a_pixel() -> None:
    with pytest.raises(UndecodablePicture, match=r"4 x 4 px of a Bayer mosaic have 16$"):
        RawPixels(4, 4, is_bayer=True).decode(bytes(48))


def test_a_mosaic_without_neighbours_is_refused() -> None:
    with pytest.raises(UndecodablePicture, match="the mosaic is 2 x 8 px"):
        RawPixels(2, 8, is_bayer=True).decode(bytes(16))


def test_the_limit_of_pixels_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixels, "_limits", Limits(max_pixels=99))
    with pytest.raises(PictureTooLarge, match="more than 99 pixels"):
        RawPixels(10, 10).decode(bytes(100))
