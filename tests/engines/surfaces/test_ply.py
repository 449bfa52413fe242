"""PLY files: every form is read alike, and hostile ones are refused before they cost anything."""

import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.decoders import Decoder
from engines.core.errors import UndecodableInput
from engines.surfaces.ply import MOST_HEADER_BYTES, MOST_POINTS, PlyDecoder
from tests.clouds import pebble, ply

PLY = PlyDecoder()
CLOUD = pebble(20)
TRIANGLE = "element face 2\nproperty list uchar int vertex_indices\n"
VERTEX = "element vertex 2\nproperty float x\nproperty float y\nproperty float z\n"


def head(*lines: str, form: str = "ascii") -> bytes:
    return f"ply\nformat {form} 1.0\n{''.join(lines)}end_header\n".encode()


def test_it_is_a_decoder_of_ply() -> None:
    assert isinstance(PLY, Decoder)
    assert PLY.accepts == ("model/ply",)


@pytest.mark.parametrize("kind", ["float", "double"])
@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_every_form_gives_the_same_points(form: str, kind: str) -> None:
    cloud = PLY.decode(ply(CLOUD, form=form, kind=kind))
    assert cloud.normals is not None
    assert np.allclose(np.hstack([cloud.points, cloud.normals]), CLOUD, atol=1e-6)


def test_it_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(ply(CLOUD))
    assert len(PLY.decode(tmp_path / "a").points) == 20


def test_a_file_without_normals_has_none() -> None:
    assert PLY.decode(ply(CLOUD[:, :3])).normals is None


@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b"\r"])
def test_text_has_any_ends_of_lines(ending: bytes) -> None:
    cloud = PLY.decode(ply(CLOUD, form="ascii").replace(b"\n", ending))
    assert np.allclose(cloud.points, CLOUD[:, :3])


def test_properties_come_in_any_order_and_type_beside_others() -> None:
    lines = "comment made by hand\nobj_info x\nelement vertex 2\nproperty uchar red\n"
    lines += "property short z\nproperty double x\nproperty float y\n"
    rows = struct.pack(">Bhdf", 9, -3, 1, 2) * 2
    cloud = PLY.decode(head(lines, form="binary_big_endian") + rows)
    assert cloud.points.tolist() == [[1, 2, -3]] * 2


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian"])
def test_lists_before_the_vertices_are_skipped(form: str) -> None:
    if form == "ascii":
        rows = b"3 0 1 1\n4 0 1 1 0\n1 2 3\n4 5 6\n"
    else:
        rows = struct.pack("<B3iB4i6f", 3, 0, 1, 1, 4, 0, 1, 1, 0, 1, 2, 3, 4, 5, 6)
    assert PLY.decode(head(TRIANGLE, VERTEX, form=form) + rows).points.tolist() == [
        [1, 2, 3],
        [4, 5, 6],
    ]


def test_what_comes_after_the_vertices_is_not_read() -> None:
    assert len(PLY.decode(head(VERTEX, TRIANGLE) + b"1 2 3\n4 5 6\n9 nothing\n").points) == 2


HUGE = 10**17
REFUSED = {
    "empty": (b"", "does not begin"),
    "a picture": (b"\x89PNG\r\n", "does not begin"),
    "no end": (b"ply\n" + b"comment a\n" * MOST_HEADER_BYTES, "does not end within"),
    "end in a comment": (b"ply\ncomment end_header\n", "does not end within"),
    "no format": (b"ply\n" + VERTEX.encode() + b"end_header\n1 2 3\n4 5 6", "no format"),
    "strange format": (b"ply\nformat binary 1.0\nend_header\n", "format binary"),
    "strange version": (b"ply\nformat ascii 2.0\nend_header\n", "format ascii 2.0"),
    "strange type": (head("element vertex 1\nproperty half x\n"), "property half x"),
    "strange word": (head("elephant vertex 1\n"), "elephant"),
    "bytes": (b"ply\nformat ascii 1.0\n\xff\xfe\nend_header\n", "xff"),
    "homeless property": (head("property float x\n"), "property float x"),
    "twice": (head("element vertex 1\n", "property float x\n" * 2), "property float x"),
    "negative count": (head("element vertex -1\n"), "element vertex -1"),
    "no vertices": (head(VERTEX.replace("2", "0")), "0 vertices"),
    "huge count": (head(VERTEX.replace("2", str(HUGE))), f"{HUGE:,} vertices"),
    "too many": (head(VERTEX.replace("2", str(MOST_POINTS + 1))), "expected 1 to 1,000,000"),
    "long count": (head(VERTEX.replace("2", "9" * 5000)), "vertices"),
    "no vertex": (head(TRIANGLE) + b"3 0 1 2\n", "0 elements called vertex"),
    "two vertex": (head(VERTEX, VERTEX), "2 elements called vertex"),
    "flat": (head("element vertex 1\nproperty float x\nproperty float y\n"), "no z"),
    "list of vertices": (head(VERTEX, "property list uchar int a\n"), "have lists"),
    "float length": (head(TRIANGLE.replace("uchar", "float"), VERTEX), "property list"),
    "text cut short": (head(VERTEX) + b"1 2 3\n", "ends before its 2 rows of vertex"),
    "only blanks": (head(VERTEX) + b" " * 99, "ends before"),
    "no numbers": (head(VERTEX) + b"1 2 3\n4 five 6\n", "no row of numbers"),
    "few columns": (head(VERTEX) + b"1 2 3\n4 5\n\n\n", "no row of numbers"),
    "nan": (head(VERTEX) + b"1 2 3\n4 nan 6\n", "not finite"),
    "infinite": (head(VERTEX) + b"1 2 3\n4 inf 6\n", "not finite"),
    "beyond float": (head(VERTEX) + b"1 2 3\n4 1e99 6\n", "not finite"),
    "binary nan": (ply(np.full((4, 3), np.nan)), "not finite"),
    "signalling nan": (
        head(VERTEX, form="binary_little_endian") + b"\0\0\xa0\x7f" * 6,
        "not finite",
    ),
    "binary cut short": (ply(CLOUD)[:-1], "ends before its 20 rows of vertex"),
    "huge rows before": (
        head(f"element a {HUGE}\nproperty double b\n", VERTEX, form="binary_little_endian"),
        "ends before",
    ),
    "huge text before": (head(f"element a {HUGE}\nproperty int b\n", VERTEX) + b"1\n", "ends"),
    "many lists": (
        head(TRIANGLE.replace("2", "999999999"), VERTEX, form="binary_little_endian"),
        "999,999,999 lists",
    ),
    "long list": (
        head(TRIANGLE.replace("uchar", "uint"), VERTEX, form="binary_little_endian") + b"\xff" * 90,
        "ends before its 2 rows of face",
    ),
    "negative list": (
        head(TRIANGLE.replace("uchar", "int"), VERTEX, form="binary_little_endian") + b"\xff" * 90,
        "negative length",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_sound_file_is_refused_in_a_sentence(kind: str) -> None:
    data, why = REFUSED[kind]
    with pytest.raises(UndecodableInput) as refused:
        PLY.decode(data)
    assert refused.value.message.startswith("cannot decode the point cloud (")
    assert why in refused.value.message
    assert len(refused.value.message) < 160


@pytest.mark.parametrize("kind", ["huge count", "too many", "huge rows before", "long list"])
def test_a_claim_of_many_rows_takes_no_memory(kind: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(UndecodableInput):
            PLY.decode(REFUSED[kind][0])
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


WORDS = st.sampled_from(
    [
        *("ply", "format", "ascii", "binary_little_endian", "1.0", "element", "vertex", "face"),
        *("2", "99999999999", "-1", "property", "list", "uchar", "int", "float", "x", "y", "z"),
        *("nx", "end_header", "comment", "\n", "\r", "\xff"),
    ]
)


@given(st.lists(WORDS, max_size=40), st.binary(max_size=60))
def test_no_header_does_worse_than_to_be_refused(words: list[str], rows: bytes) -> None:
    start = "ply\nformat binary_little_endian 1.0\n"
    data = (start + " ".join(words) + "\nend_header\n").encode("latin-1") + rows
    with suppress(UndecodableInput):
        assert np.isfinite(PLY.decode(data).points).all()


def test_empty_lines_between_vertices_are_passed_over() -> None:
    head, end, rows = ply(CLOUD, form="ascii").partition(b"end_header\n")
    spaced = head + end + rows.replace(b"\n", b"\n\n")
    assert np.array_equal(PLY.decode(spaced).points, PLY.decode(head + end + rows).points)


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian"])
@given(place=st.integers(0, 400), damage=st.binary(min_size=1, max_size=8))
def test_no_damage_does_worse_than_to_be_refused(form: str, place: int, damage: bytes) -> None:
    data = bytearray(ply(CLOUD, form=form))
    data[place : place + len(damage)] = damage
    with suppress(UndecodableInput):
        assert np.isfinite(PLY.decode(bytes(data)).points).all()
