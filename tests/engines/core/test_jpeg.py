"""JPEG: kinds are decoded or refused by name; what lacks its end marker alone is whole."""

from typing import Any

import cv2
import numpy as np
import pytest

from engines.core.errors import TruncatedPicture, UndecodablePicture
from engines.core.jpeg import has_all_scans, has_end
from engines.core.pixels import Mode, decode
from engines.core.shapes import Pixels
from tests.pictures import encoded, jpeg_segment, lossless_jpeg

KINDS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "progressive": {"progressive": True},
    "with restarts": {"restart_marker_rows": 1},
    "of halved colours": {"subsampling": 2},
}


def soft(height: int = 60, width: int = 90) -> Pixels:
    """Random colours without edges; no side is a multiple of a block's."""
    small = np.random.default_rng(1).integers(0, 256, (6, 9, 3), np.uint8)
    return np.asarray(cv2.resize(small, (width, height)), np.uint8)


def of_kind(marker: int, bits: int = 8) -> bytes:
    """A baseline file whose header says that it is of another kind."""
    data = bytearray(encoded("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = marker, bits
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (of_kind(0xC1, 12), "12-bit JPEG"),
        (lossless_jpeg(1, 16), "16-bit lossless JPEG"),
        (of_kind(0xC5), "hierarchical JPEG"),
        (of_kind(0xCB), "lossless arithmetic-coded JPEG"),
        (of_kind(0xF7), "JPEG-LS"),
    ],
)
@pytest.mark.parametrize("mode", [Mode.COLOUR, Mode.PARTIAL])
def test_a_kind_that_is_not_decoded_is_refused_by_name(data: bytes, name: str, mode: Mode) -> None:
    with pytest.raises(UndecodablePicture) as refusal:
        decode(data, mode)
    assert refusal.value.message == f"cannot decode the picture ({name})"


@pytest.mark.parametrize("components", [1, 3])
@pytest.mark.parametrize("mode", [Mode.COLOUR, Mode.GREY])
def test_a_lossless_jpeg_of_eight_bits_is_decoded(components: int, mode: Mode) -> None:
    found = decode(lossless_jpeg(components), mode)
    assert isinstance(found, np.ndarray)
    assert found.shape[:2] == (16, 16)
    assert (found == 128).all()


@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_jpeg_without_its_end_marker_is_whole(options: dict[str, Any], lost: int) -> None:
    data = encoded("JPEG", soft(), **options)
    for mode in (Mode.COLOUR, Mode.GREY):
        assert np.array_equal(decode(data[:-lost], mode), decode(data, mode))
    assert not decode(data[:-lost], Mode.PARTIAL).is_truncated


@pytest.mark.parametrize("share", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_jpeg_that_lacks_rows_is_refused(options: dict[str, Any], share: float) -> None:
    data = encoded("JPEG", soft(), **options)
    cut = data[: round(len(data) * share)]
    for filled in (cut, cut + bytes(100), cut + bytes(len(data)), cut + b"\xff\xff"):
        with pytest.raises(TruncatedPicture):
            decode(filled, Mode.COLOUR)


def test_a_jpeg_that_ends_between_restarts_lacks_rows() -> None:
    data = encoded("JPEG", soft(), restart_marker_rows=1)
    cut = data[: data.index(b"\xff\xd2")]
    for ended in (cut, cut + b"\xff\xd9"):
        assert decode(ended, Mode.PARTIAL).is_truncated


def test_a_progressive_jpeg_that_lacks_whole_scans_is_refused() -> None:
    data = encoded("JPEG", soft(), progressive=True)
    scans = [at for at in range(len(data)) if data[at : at + 2] == b"\xff\xda"]
    tables = data.rindex(b"\xff\xc4", 0, scans[-1])
    assert not has_all_scans(data[:tables])
    with pytest.raises(TruncatedPicture):
        decode(data[:tables], Mode.COLOUR)


def test_a_jpeg_that_lacks_the_scan_of_a_component_is_refused() -> None:
    data = encoded("JPEG", soft())
    scan = data.index(b"\xff\xda")
    one = jpeg_segment(0xDA, bytes([1, 1, 0, 0, 63, 0]))
    assert has_all_scans(data)
    assert not has_all_scans(data[:scan] + one)


def test_where_arithmetic_coded_data_end_nothing_tells() -> None:
    data = of_kind(0xC9)
    assert decode(data, Mode.COLOUR).shape == (64, 96, 3)
    with pytest.raises(TruncatedPicture):
        decode(data[:-2], Mode.COLOUR)


def test_the_end_of_a_thumbnail_is_not_the_end() -> None:
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + encoded("JPEG")
    data = encoded("JPEG", exif=exif)
    assert has_end(data)
    assert has_end(data + b"garbage")
    assert not has_end(data[:-2])
