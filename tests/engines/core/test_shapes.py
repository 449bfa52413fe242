"""The words that engines and dialects share: parameters from text, pictures and files as bytes."""

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.ExifTags import Base
from pydantic import AliasChoices, Field

from engines.core.errors import BadParameter
from engines.core.shapes import Details, EngineResult, File, Info, Parameters, Picture, ResultFile

EXIF = Image.Exif()
EXIF[Base.Make] = "Acme"
PLAIN = np.full((6, 9, 3), (10, 120, 240), np.uint8)


class Params(Parameters):
    """One of each kind."""

    count: int = Field(4, ge=1, le=9)
    share: float = Field(0.5, ge=0, le=1, validation_alias=AliasChoices("share", "shere"))
    is_drawn: bool = False
    word: str = ""


class Result(EngineResult[Info]):
    """A number."""

    count: int


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_what_a_form_leaves_out_has_its_default_and_what_nobody_asked_for_is_ignored() -> None:
    assert Params.from_text({"other": "1"}) == Params()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"count": "7"}, {"count": 7}),
        ({"count": "+07"}, {"count": 7}),
        ({"share": "1e-1"}, {"share": 0.1}),
        ({"share": ".25"}, {"share": 0.25}),
        ({"shere": "1"}, {"share": 1.0}),
        ({"share": "0", "shere": "1"}, {"share": 0.0}),
        ({"is_drawn": "TRUE"}, {"is_drawn": True}),
        ({"is_drawn": "0"}, {"is_drawn": False}),
        ({"word": " 7 "}, {"word": " 7 "}),
    ],
)
def test_text_becomes_values(fields: dict[str, str], expected: dict[str, Any]) -> None:
    assert Params.from_text(fields) == Params(**expected)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("count", text) for text in ("1_0", " 7 ", "7.0", "٧", "", "1" * 19, "0", "10")),
        *(("share", text) for text in ("NaN", "inf", "1,5", "1e999", "2")),
        *(("is_drawn", text) for text in ("yes", "", "2")),
    ],
)
def test_text_that_is_no_such_value_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=f"^{name} is .*; expected "):
        Params.from_text({name: text})


def test_every_fault_is_told_and_long_text_is_cut() -> None:
    with pytest.raises(BadParameter) as refusal:
        Params.from_text({"count": "0", "share": "2"})
    assert len(refusal.value.errors) == 2
    with pytest.raises(BadParameter) as refusal:
        Params.from_text({"count": "x" * 1000})
    assert len(refusal.value.message) < 100


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_picture_is_a_png_of_its_own_pixels(channels: int) -> None:
    pixels = np.dstack([PLAIN, PLAIN[..., 0]])[..., :channels].squeeze()
    found = opened(Picture(pixels).encoded())
    assert found.format == "PNG"
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[channels]
    assert np.array_equal(np.asarray(found).reshape(6, 9, -1), pixels.reshape(6, 9, -1)[..., order])


@pytest.mark.parametrize("shape", [(1, 1), (5, 8), (6, 9), (3, 17)])
def test_a_mask_is_a_png_of_one_bit_a_pixel(shape: tuple[int, int]) -> None:
    mask = np.random.default_rng(1).random(shape) > 0.5
    found = opened(Picture(mask).encoded())
    assert found.mode == "1"
    assert np.array_equal(np.asarray(found), mask)


@pytest.mark.parametrize("pixels", [PLAIN, PLAIN[..., 0], np.dstack([PLAIN, PLAIN[..., 0]])])
def test_a_picture_may_be_a_jpeg(pixels: NDArray[np.uint8]) -> None:
    found = opened(Picture(pixels, "image/jpeg").encoded())
    assert found.format == "JPEG"
    expected = pixels[..., 2::-1] if pixels.ndim == 3 else pixels
    assert np.abs(np.asarray(found).astype(int) - expected).max() <= 4


def test_a_mask_as_a_jpeg_is_black_and_white() -> None:
    found = np.asarray(opened(Picture(np.eye(16, dtype=bool), "image/jpeg", quality=100).encoded()))
    assert (found.max(), found.min()) == (255, 0)


def test_quality_makes_a_jpeg_larger() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    low, high = (Picture(noise, "image/jpeg", quality=one).encoded() for one in (30, 95))
    assert len(low) < len(high) / 2


@pytest.mark.parametrize("length", [1, 65519, 65520, 200_000])
def test_a_jpeg_has_its_profile_however_long(length: int) -> None:
    profile = bytes(np.random.default_rng(1).integers(0, 256, length, np.uint8))
    found = opened(Picture(PLAIN, "image/jpeg", exif=EXIF.tobytes(), icc_profile=profile).encoded())
    found.load()
    assert found.info["icc_profile"] == profile
    assert found.getexif()[Base.Make] == "Acme"


def test_a_profile_too_long_for_all_segments_is_left_out() -> None:
    profile = bytes(255 * 65519 + 1)
    found = opened(Picture(PLAIN, "image/jpeg", icc_profile=profile).encoded())
    assert "icc_profile" not in found.info


@pytest.mark.parametrize(
    ("media_type", "metadata"),
    [
        ("image/png", {"icc_profile": b"none"}),
        ("image/png", {"icc_profile": bytes(70_000)}),
        ("image/jpeg", {"exif": bytes(70_000)}),
    ],
)
def test_metadata_that_cannot_be_written_do_not_hinder_the_picture(
    media_type: str, metadata: dict[str, Any]
) -> None:
    found = opened(Picture(PLAIN, media_type, **metadata).encoded())
    assert np.abs(np.asarray(found).astype(int) - PLAIN[..., ::-1]).max() <= 4


def test_a_picture_of_a_kind_that_nothing_writes_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="image/webp"):
        Picture(PLAIN, "image/webp")


def test_a_file_beside_a_result_is_bytes_or_a_picture() -> None:
    picture = Picture(PLAIN, "image/jpeg")
    assert ResultFile("a.csv", b"x,y", "text/csv").encoded() == File("a.csv", "text/csv", b"x,y")
    assert ResultFile("a.jpg", picture).encoded() == File("a.jpg", "image/jpeg", picture.encoded())


def test_details_and_files_are_no_fields_of_a_result() -> None:
    files = (ResultFile("a.png", Picture(PLAIN)),)
    result = Result(count=3, details=Details(info=Info()), files=files)
    assert result.files[0] is files[0]
    assert result.model_dump() == {"count": 3}
    assert list(Result.model_json_schema(mode="serialization")["properties"]) == ["count"]
