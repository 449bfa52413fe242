"""Small networks whose answers are known, as ONNX files with a description beside them.

Written field by field (onnx.proto), for the package `onnx` is no dependency.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Shape: TypeAlias = Sequence[int | str]
TYPES = {"float32": 1, "uint8": 2, "int64": 7, "float16": 10}
OPSET, IR = 13, 8
CELL = 8
"""Side of what a segmenter of ours tells of as one, px."""
AS_SEEN = "range = [0, 255]"
"""The description of a network that is shown levels as they are."""


def placed(folder: Path, network: bytes, description: str, name: str = "own") -> Path:
    """The file of a network, with its description beside it."""
    file = folder / f"{name}.onnx"
    file.write_bytes(network)
    file.with_suffix(".toml").write_text(description)
    return file


def borrowed(folder: Path, file: Path, description: str) -> Path:
    """Another's file, with a description beside it."""
    own = folder / file.name
    own.symlink_to(file)
    own.with_suffix(".toml").write_text(description)
    return own


def means(takes: Shape, *, layout: str = "NCHW", type_: str = "float32") -> bytes:
    """A classifier that gives the mean of each channel."""
    order = [0, 3, 1, 2] if layout == "NHWC" else [0, 1, 2, 3]
    steps = [
        _node("Cast", ["images"], "floats", to=TYPES["float32"]),
        _node("Transpose", ["floats"], "ordered", perm=order),
        _node("GlobalAveragePool", ["ordered"], "pooled"),
        _node("Flatten", ["pooled"], "probs"),
    ]
    return _model(steps, {"images": takes}, {"probs": ("N", "C")}, type_=type_)


def colour_segmenter(channels: int = 2) -> bytes:
    """A segmenter that takes what is red for a person and what is blue for a vehicle."""
    weights = np.zeros((channels, 3, 1, 1), np.float32)
    weights[0, 0] = weights[-1, 2] = 1 / 255
    steps = [
        _node("AveragePool", ["images"], "means", kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        _node("Conv", ["means", "colours"], "masks"),
    ]
    takes, gives = ("N", 3, "H", "W"), ("N", channels, "h", "w")
    return _model(steps, {"images": takes}, {"masks": gives}, {"colours": weights})


def always(answer: Any, takes: Shape, **more: Any) -> bytes:
    """A network that gives the same for every picture, and more outputs if any."""
    return constant({"output0": answer} | more, takes)


def constant(outputs: Mapping[str, Any], takes: Shape, *, whole: Collection[str] = ()) -> bytes:
    """A network that gives the same for every picture.

    Args:
        whole: the outputs that are whole numbers.
    """
    types = {name: "int64" if name in whole else "float32" for name in outputs}
    told = {name: np.array(one, types[name]) for name, one in outputs.items()}
    steps = [_node("Identity", [f"{name} told"], name) for name in told]
    constants = {f"{name} told": one for name, one in told.items()}
    shapes = {name: [f"{name}{side}" for side in range(one.ndim)] for name, one in told.items()}
    return _model(steps, {"images": takes}, shapes, constants, given=types)


def weighed(box: Sequence[float], takes: Shape) -> bytes:
    """A detector of one box of class 0, whose score is the mean of the first channel."""
    constants: dict[str, NDArray[Any]] = {
        "box": np.array([[box]], np.float32),
        "kind": np.zeros((1, 1, 1), np.float32),
        "first": np.zeros(1, np.int64),
        "flat": np.array([1, 1, 1], np.int64),
    }
    steps = [
        _node("GlobalAveragePool", ["images"], "pooled"),
        _node("Gather", ["pooled", "first"], "red", axis=1),
        _node("Reshape", ["red", "flat"], "score"),
        _node("Concat", ["box", "score", "kind"], "detections", axis=2),
    ]
    return _model(steps, {"images": takes}, {"detections": (1, "K", 6)}, constants)


def columns(takes: Shape, metadata: Mapping[str, str] | None = None) -> bytes:
    """A recogniser of three classes, which are as likely as each column has of each channel."""
    steps = [
        _node("ReduceMean", ["lines"], "levels", axes=[2], keepdims=0),
        _node("Transpose", ["levels"], "beliefs", perm=[0, 2, 1]),
    ]
    return _model(steps, {"lines": takes}, {"beliefs": (takes[0], "T", 3)}, metadata=metadata)


def _model(
    nodes: list[bytes],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape],
    constants: Mapping[str, NDArray[Any]] | None = None,
    *,
    type_: str = "float32",
    given: Mapping[str, str] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> bytes:
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, "network")
    for name, array in (constants or {}).items():
        graph += _field(5, _tensor(name, array))
    graph += b"".join(_field(11, _value(name, one, type_)) for name, one in inputs.items())
    for name, one in outputs.items():
        graph += _field(12, _value(name, one, (given or {}).get(name, "float32")))
    told = (_field(1, key) + _field(2, text) for key, text in (metadata or {}).items())
    properties = b"".join(_field(14, one) for one in told)
    return _field(1, IR) + _field(7, graph) + _field(8, _field(2, OPSET)) + properties


def _node(kind: str, inputs: list[str], output: str, **attributes: int | list[int]) -> bytes:
    message = b"".join(_field(1, name) for name in inputs) + _field(2, output) + _field(4, kind)
    for name, told in attributes.items():
        if isinstance(told, int):
            value = _field(3, told) + _field(20, 2)
        else:
            value = b"".join(_field(8, one) for one in told) + _field(20, 7)
        message += _field(5, _field(1, name) + value)
    return message


def _tensor(name: str, array: NDArray[Any]) -> bytes:
    sides = b"".join(_field(1, side) for side in array.shape)
    return sides + _field(2, TYPES[array.dtype.name]) + _field(8, name) + _field(9, array.tobytes())


def _value(name: str, shape: Shape, type_: str) -> bytes:
    sides = b"".join(
        _field(1, _field(1, side) if isinstance(side, int) else _field(2, side)) for side in shape
    )
    return _field(1, name) + _field(2, _field(1, _field(1, TYPES[type_]) + _field(2, sides)))


def _field(number: int, value: int | str | bytes) -> bytes:
    """A field of a protocol buffer: a whole number, or bytes with their length before them."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    told = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(told)) + told


def _varint(value: int) -> bytes:
    groups = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
