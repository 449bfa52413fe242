"""PLY: the vertices of a file, as text or binary, and nothing else of it."""

import io
import re
import struct
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, TypeAlias

import numpy as np

from engines.core.errors import UndecodableInput
from engines.surfaces.cloud import Array

MOST_POINTS = 1_000_000
MOST_HEADER_BYTES = 16 * 1024
MOST_LIST_ROWS = 2_000_000
"""Rows with a list before the vertices; each is read to know how long it is."""
LARGEST = float(np.finfo(np.float32).max)
_TYPES = {
    name: kind
    for names, kind in {
        ("char", "int8"): "i1",
        ("uchar", "uint8"): "u1",
        ("short", "int16"): "i2",
        ("ushort", "uint16"): "u2",
        ("int", "int32"): "i4",
        ("uint", "uint32"): "u4",
        ("float", "float32"): "f4",
        ("double", "float64"): "f8",
    }.items()
    for name in names
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_END = re.compile(rb"[\r\n]end_header(?:\r\n|\n|\r)")
_PLACE, NORMAL = ("x", "y", "z"), ("nx", "ny", "nz")


@dataclass(frozen=True, slots=True, eq=False)
class PointCloud:
    """Points, and normals if the file has them: float64 (N, 3) each, finite."""

    points: Array
    normals: Array | None


@dataclass(slots=True)
class _Element:
    """A kind of row. A property has a type; a list has two, of its length and its items."""

    name: str
    count: int
    properties: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def has_lists(self) -> bool:
        return any(len(types) > 1 for types in self.properties.values())

    def row(self, order: str) -> np.dtype[np.void]:
        """A binary row without lists."""
        return np.dtype([(name, order + types[0]) for name, types in self.properties.items()])


@dataclass(frozen=True, slots=True)
class PlyDecoder:
    """Reads x, y, z and nx, ny, nz of the vertices."""

    accepts: tuple[str, ...] = ("model/ply",)

    def decode(self, sent: bytes | Path) -> PointCloud:
        """Read the vertices.

        Raises:
            UndecodableInput: it is no PLY, damaged, larger than is taken, or not finite.
        """
        data = sent.read_bytes() if isinstance(sent, Path) else sent
        order, elements, start = _header(data)
        vertex = _vertex(elements)
        before = elements[: elements.index(vertex)]
        if order:
            columns = _binary(memoryview(data)[start:], order, before, vertex)
        else:
            columns = _text(data[start:], before, vertex)
        if not (np.abs(columns) <= LARGEST).all():
            raise _refused("a vertex has a value that is not finite, expected numbers")
        normals = columns[:, 3:] if columns.shape[1] > 3 else None
        return PointCloud(columns[:, :3], normals)


Cloud: TypeAlias = Annotated[PointCloud, PlyDecoder()]
"""Points of a PLY file, and their normals if it has them."""


def vertex_properties(data: bytes) -> tuple[str, ...]:
    """What a file's header, and nothing but that, says that its vertices have.

    Raises:
        UndecodableInput: it is no PLY, or has no vertices that could be read.
    """
    _, elements, _ = _header(data)
    return tuple(_vertex(elements).properties)


def _refused(why: str) -> UndecodableInput:
    return UndecodableInput(f"cannot decode the point cloud ({why})")


def _header(data: bytes) -> tuple[str, list[_Element], int]:
    """The order of bytes, empty for text; the elements; and where the rows start."""
    if data[:3] != b"ply" or data[3:4] not in (b"\n", b"\r"):
        raise _refused("it does not begin as a PLY file does")
    end = _END.search(data, 0, MOST_HEADER_BYTES)
    if end is None:
        raise _refused(f"its header does not end within {MOST_HEADER_BYTES:,} bytes")
    lines = data[3 : end.start()].decode("latin-1").replace("\r", "\n").split("\n")
    order, elements = None, list[_Element]()
    for words in (line.split() for line in lines):
        match words:
            case [] | ["comment" | "obj_info", *_]:
                pass
            case ["format", name, "1.0"] if name in _ORDERS and order is None:
                order = _ORDERS[name]
            case ["element", name, count] if count.isascii() and count.isdecimal():
                elements.append(_Element(name, int(count[:18])))
            case ["property", kind, name] if kind in _TYPES and _is_new(elements, name):
                elements[-1].properties[name] = (_TYPES[kind],)
            case ["property", "list", size, kind, name] if (
                _TYPES.get(size, "f")[0] != "f" and kind in _TYPES and _is_new(elements, name)
            ):
                elements[-1].properties[name] = (_TYPES[size], _TYPES[kind])
            case _:
                raise _refused(f"its header has a line that means nothing: {_quoted(words)}")
    if order is None:
        raise _refused("its header names no format that is known")
    return order, elements, end.end()


def _is_new(elements: list[_Element], name: str) -> bool:
    return bool(elements) and name not in elements[-1].properties


def _quoted(words: list[str]) -> str:
    text = " ".join(words)
    return ascii(text if len(text) <= 40 else text[:37] + "...")


def _vertex(elements: list[_Element]) -> _Element:
    found = [one for one in elements if one.name == "vertex"]
    if len(found) != 1:
        raise _refused(f"it has {len(found)} elements called vertex, expected one")
    (vertex,) = found
    if missing := [name for name in _PLACE if name not in vertex.properties]:
        raise _refused(f"its vertices have no {missing[0]}")
    if vertex.has_lists:
        raise _refused("its vertices have lists, expected numbers alone")
    if not 1 <= vertex.count <= MOST_POINTS:
        raise _refused(f"it has {vertex.count:,} vertices, expected 1 to {MOST_POINTS:,}")
    return vertex


def _wanted(vertex: _Element) -> tuple[str, ...]:
    has_normals = all(name in vertex.properties for name in NORMAL)
    return _PLACE + NORMAL if has_normals else _PLACE


def _text(rows: bytes, before: list[_Element], vertex: _Element) -> Array:
    """The columns wanted, of text; a row is a line."""
    names = [*vertex.properties]
    columns = [names.index(name) for name in _wanted(vertex)]
    skipped = sum(one.count for one in before)
    if len(rows) < 2 * (skipped + vertex.count * len(names)) - 1:
        raise _cut_short(vertex)
    lines = io.BytesIO(rows.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
    for _ in range(skipped):
        lines.readline()
    if not rows[lines.tell() :].strip():
        raise _cut_short(vertex)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Of empty lines, which are no rows.
        try:
            found = np.loadtxt(
                lines, np.float64, comments=None, usecols=columns, max_rows=vertex.count, ndmin=2
            )
        except ValueError:
            raise _refused("a vertex is no row of numbers") from None
    if len(found) < vertex.count:
        raise _cut_short(vertex)
    return found


def _binary(rows: memoryview, order: str, before: list[_Element], vertex: _Element) -> Array:
    """The columns wanted, of binary rows."""
    start = 0
    for one in before:
        start = _end_of(rows, start, order, one)
    kind = vertex.row(order)
    if start + vertex.count * kind.itemsize > len(rows):
        raise _cut_short(vertex)
    found = np.frombuffer(rows, kind, vertex.count, start)
    with np.errstate(invalid="ignore"):  # of a signalling NaN, which is refused later
        return np.stack([found[name].astype(np.float64) for name in _wanted(vertex)], axis=1)


def _end_of(rows: memoryview, start: int, order: str, element: _Element) -> int:
    """Where an element's rows end that come before the vertices."""
    if not element.has_lists:
        return start + element.count * element.row(order).itemsize
    if element.count > MOST_LIST_ROWS:
        raise _refused(f"it has {element.count:,} lists, expected up to {MOST_LIST_ROWS:,}")
    parts = [
        (np.dtype(types[-1]).itemsize, struct.Struct(order + np.dtype(types[0]).char))
        if len(types) > 1
        else (np.dtype(types[0]).itemsize, None)
        for types in element.properties.values()
    ]
    for _ in range(element.count):
        for size, length in parts:
            if length is None:
                start += size
                continue
            if start + length.size > len(rows):
                raise _cut_short(element)
            (items,) = length.unpack_from(rows, start)
            if items < 0:
                raise _refused("it has a list of negative length")
            start += length.size + items * size
    return start


def _cut_short(element: _Element) -> UndecodableInput:
    return _refused(f"it ends before its {element.count:,} rows of {element.name}")
