"""Small ONNX files, written as protocol buffers, since the package that writes them is large."""

from pathlib import Path

import numpy as np

FLOAT, INTEGERS = 1, 7
"""ONNX's numbers of types, of tensors and of attributes."""
CELL = 8


def colour_segmenter(file: Path, channels: int = 2) -> Path:
    """A network that takes what is red for a person and what is blue for a vehicle."""
    weights = np.zeros((channels, 3, 1, 1), np.float32)
    weights[0, 0] = weights[-1, 2] = 1 / 255
    square = b"".join(_field(8, CELL) for _ in range(2))
    nodes = [
        _node("AveragePool", ["images"], "means", kernel_shape=square, strides=square),
        _node("Conv", ["means", "weights"], "masks"),
    ]
    graph = b"".join(
        [
            *(_field(1, node) for node in nodes),
            _field(2, b"colours"),
            _field(5, _tensor("weights", weights)),
            _field(11, _value("images", ("N", 3, "H", "W"))),
            _field(12, _value("masks", ("N", channels, "h", "w"))),
        ]
    )
    file.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(2, 13)))
    return file


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + _varint(value >> 7)


def _node(kind: str, inputs: list[str], output: str, **attributes: bytes) -> bytes:
    names = b"".join(_field(1, name.encode()) for name in inputs)
    told = b"".join(
        _field(5, _field(1, name.encode()) + value + _field(20, INTEGERS))
        for name, value in attributes.items()
    )
    return names + _field(2, output.encode()) + _field(4, kind.encode()) + told


def _tensor(name: str, values: np.ndarray) -> bytes:
    sides = b"".join(_field(1, side) for side in values.shape)
    return sides + _field(2, FLOAT) + _field(8, name.encode()) + _field(9, values.tobytes())


def _value(name: str, shape: tuple[int | str, ...]) -> bytes:
    sides = b"".join(
        _field(1, _field(1, side) if isinstance(side, int) else _field(2, side.encode()))
        for side in shape
    )
    return _field(1, name.encode()) + _field(2, _field(1, _field(1, FLOAT) + _field(2, sides)))
