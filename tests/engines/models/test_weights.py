"""Models are checked before they are used, and one that fails harms no other."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.classification import Params, classification
from engines.core.errors import ModelUnavailable
from engines.core.shapes import Box
from engines.models import runtime, weights
from engines.models.catalogue import ENTRIES, LABELS, Entry, Shape
from engines.models.descriptions import Description
from engines.models.misfit import Misfit
from engines.models.runtime import CPU, GPU
from engines.models.scores import Form, probabilities
from engines.models.weights import FOLDER, Check, ModelFiles
from engines.object_detection import Params as ObjectParams
from engines.object_detection import object_detection
from tests.engines.models.networks import always, borrowed, constant, means, placed
from tests.needs import ROOT

onnxruntime: Any = runtime.onnxruntime()
GREY = np.full((64, 64, 3), 128, np.uint8)
CLASSIFIER = FOLDER / "efficientnet_lite0_fp16w.onnx"
DETECTOR = FOLDER / "PP-OCRv6_det_small.onnx"
RECOGNIZER = FOLDER / "PP-OCRv6_rec_small.onnx"
LINES = 'range = [-1, 1]\ncolour = "BGR"'


@pytest.fixture(autouse=True)
def _ours_again() -> Iterator[None]:
    yield
    weights.configure({})


@pytest.fixture
def names(tmp_path: Path) -> Path:
    """Labels of a user's own for ImageNet's classes."""
    file = tmp_path / "labels.json"
    file.write_text(json.dumps([f"Thing {place}" for place in range(1000)]))
    return file


@pytest.fixture
def classifier(tmp_path: Path) -> Path:
    """Our classifier as a user's own."""
    return borrowed(tmp_path, CLASSIFIER, "range = [0, 255]")


@pytest.fixture
def detector(tmp_path: Path) -> Path:
    """Our detector of lines as a user's own."""
    return borrowed(tmp_path, DETECTOR, LINES)


def hashed(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def refusal(name: str, files: ModelFiles) -> str:
    weights.configure({name: files})
    with pytest.raises(ModelUnavailable) as caught:
        weights.model(name)
    return caught.value.message


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_each_committed_file_is_the_one_that_is_declared(entry: Entry) -> None:
    assert hashed(FOLDER / entry.file) == entry.sha256


def test_the_committed_files_stay_below_sixty_megabytes() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 60_000_000


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_notice_names_each_model(entry: Entry) -> None:
    notice = (FOLDER / "NOTICE").read_text("utf-8")
    assert entry.file in notice
    assert entry.sha256 in notice


def test_all_models_load() -> None:
    checks = weights.check_all()
    assert [check.name for check in checks] == [entry.name for entry in ENTRIES]
    assert [check.fault for check in checks] == [""] * len(ENTRIES)
    assert all(check.device and check.licence and check.source for check in checks)


def test_a_list_tells_of_a_users_file_in_place_of_ours_without_loading_it(tmp_path: Path) -> None:
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(b"no model")
    listed = {one.name: one for one in weights.listed({"classifier": ModelFiles(mine)})}
    assert [name for name, one in listed.items() if one.licence == "the user's"] == ["classifier"]
    assert (listed["classifier"].title, listed["classifier"].bytes) == ("mine", 8)
    assert listed["classifier"].sha256 == hashlib.sha256(b"no model").hexdigest()
    mine.unlink()
    (gone,) = (one for one in weights.listed({"classifier": ModelFiles(mine)}) if not one.bytes)
    assert (gone.name, gone.sha256) == ("classifier", "")


def test_a_model_is_loaded_once() -> None:
    assert weights.model("text_angle") is weights.model("text_angle")


def test_an_unknown_name_is_refused_where_it_is_configured() -> None:
    with pytest.raises(ModelUnavailable, match="no model 'cat'; expected one of classifier"):
        weights.configure({}, preload=["cat"])


@pytest.mark.parametrize("name", ["", "Classifier"])
def test_a_user_cannot_replace_a_model_that_there_is_not(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="There is no model"):
        weights.configure({name: ModelFiles(CLASSIFIER)})


def test_a_refused_configuration_leaves_the_one_before() -> None:
    weights.configure({"classifier": ModelFiles(CLASSIFIER)})
    with pytest.raises(ModelUnavailable):
        weights.configure({}, preload=["cat"])
    assert weights.check_all()[0].licence == "the user's"


def test_preloading_tells_what_fails_and_goes_on(tmp_path: Path) -> None:
    absent = {"classifier": ModelFiles(tmp_path / "absent.onnx")}
    checks = weights.configure(absent, preload=["classifier", "text_angle"])
    assert "No such file" in checks[0].fault
    assert checks[1].fault == ""


def test_a_damaged_default_file_is_refused_by_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    (tmp_path / CLASSIFIER.name).write_bytes(CLASSIFIER.read_bytes()[:-1])
    weights.configure({})
    with pytest.raises(ModelUnavailable, match=r"SHA-256 begins .*; expected eb75572a286c"):
        weights.model("classifier")


def test_a_file_that_is_no_model_is_refused_without_its_path(tmp_path: Path) -> None:
    file = tmp_path / "secret-place.onnx"
    file.write_bytes(b"not a model")
    message = refusal("classifier", ModelFiles(file))
    assert "no ONNX model that loads" in message
    assert "secret" not in message


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    message = refusal("detector", ModelFiles(tmp_path / "absent.onnx"))
    assert message == (
        "The model 'detector' cannot be used: its file cannot be read (No such file or directory)."
    )


def test_another_hash_than_the_user_gave_is_refused() -> None:
    assert "expected 000000000000" in refusal("classifier", ModelFiles(CLASSIFIER, sha256="0" * 64))


def test_a_model_of_another_size_is_refused(tmp_path: Path) -> None:
    file = borrowed(tmp_path, RECOGNIZER, "range = [0, 1]\nsize = [64, 224]")
    message = refusal("classifier", ModelFiles(file))
    assert message.endswith("its input is [*, 3, 48, *]; expected [*, 3, 224, 64].")


def test_a_model_without_the_expected_output_is_refused(classifier: Path) -> None:
    message = refusal("detector", ModelFiles(classifier))
    assert message.endswith(
        "none of its outputs is called detections; they are probs, logits, features; "
        "output = one of them, or a list of those that make up a row."
    )


@pytest.fixture
def two_outputs(monkeypatch: pytest.MonkeyPatch) -> Entry:
    """The classifier under a contract of two of its three outputs."""
    gives: dict[str, Shape] = {"features": ("N", 1280), "probs": ("N", LABELS)}
    described = Description(range=(0, 255))
    entry = replace(ENTRIES[0], gives=gives, description=described, scores="probs")
    monkeypatch.setattr(weights, "ENTRIES", (entry,))
    return entry


def test_a_model_may_have_several_outputs(two_outputs: Entry, classifier: Path) -> None:
    weights.configure({two_outputs.name: ModelFiles(classifier)})
    found = weights.model(two_outputs.name).run_all(np.zeros((1, 224, 224, 3), np.uint8))
    assert {name: output.shape for name, output in found.items()} == {
        "features": (1, 1280),
        "probs": (1, 1000),
    }


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        (
            {"probs": ("N", 1000), "boxes": ("N", 4)},
            "none of its outputs is called boxes; they are probs, logits, features.",
        ),
        (
            {"probs": ("N", 1000), "logits": ("N", 9)},
            "its output logits is [*, 1000]; expected [*, 9].",
        ),
    ],
)
def test_each_of_several_outputs_is_checked(
    two_outputs: Entry,
    classifier: Path,
    monkeypatch: pytest.MonkeyPatch,
    gives: Any,
    said: str,
) -> None:
    monkeypatch.setattr(weights, "ENTRIES", (replace(two_outputs, gives=gives),))
    assert refusal(two_outputs.name, ModelFiles(classifier)).endswith(said)


@pytest.mark.parametrize("name", ["features", "probs"])
def test_each_of_several_outputs_is_tried(
    two_outputs: Entry, classifier: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_all = weights.Model.run_all

    def spoiled(self: weights.Model[Any], inputs: Any) -> dict[str, Any]:
        found = run_all(self, inputs)
        found[name][0, -1] = np.nan
        return found

    monkeypatch.setattr(weights.Model, "run_all", spoiled)
    message = refusal(two_outputs.name, ModelFiles(classifier))
    assert message.endswith(f"its output {name} on a black picture is not finite.")


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (
            {"gives": {"fetch_name_0": ("N", 1, "H", 7)}},
            "is [1, 1, 64, 64]; expected [1, 1, *, 7].",
        ),
        (
            {"trial": (2, 60, 64)},
            "shown 2 of 64 x 60 px at once, it fails (Fail); batch = 1 shows them one by one.",
        ),
    ],
)
def test_what_a_users_file_does_not_declare_is_found_by_trying_it(
    detector: Path, monkeypatch: pytest.MonkeyPatch, contract: Any, said: str
) -> None:
    entry = next(one for one in ENTRIES if one.name == "text_detector")
    monkeypatch.setattr(weights, "ENTRIES", (replace(entry, **contract),))
    weights.configure({})
    assert weights.check_all()[0].fault == ""
    assert refusal("text_detector", ModelFiles(detector)).endswith(said)


def test_a_lone_output_may_be_called_as_it_likes(
    detector: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(one for one in ENTRIES if one.name == "text_detector")
    renamed = replace(entry, gives={"heat": ("N", 1, "H", "W")}, scores="heat")
    monkeypatch.setattr(weights, "ENTRIES", (renamed,))
    weights.configure({"text_detector": ModelFiles(detector)})
    outputs = weights.model("text_detector").run_all(np.zeros((1, 64, 64, 3), np.uint8))
    assert outputs["heat"].shape == (1, 1, 64, 64)


def test_a_hash_may_be_written_in_capitals(detector: Path) -> None:
    weights.configure({"text_detector": ModelFiles(detector, sha256=hashed(DETECTOR).upper())})
    assert weights.model("text_detector").title == "PP-OCRv6_det_small"


def test_a_recognisers_alphabet_has_nothing_before_it_and_a_space_behind(tmp_path: Path) -> None:
    ours = [label.name for label in weights.model("text_recognizer").labels]
    own = tmp_path / "alphabet.txt"
    own.write_text("\n".join(ours[-2:0:-1]) + "\n", "utf-8")
    file = borrowed(tmp_path, RECOGNIZER, LINES)
    weights.configure({"text_recognizer": ModelFiles(file, own)})
    found = [label.name for label in weights.model("text_recognizer").labels]
    assert found == ["", *ours[-2:0:-1], " "]


def test_an_alphabet_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "alphabet.txt"
    own.write_bytes(b"a\n\xff\n")
    file = borrowed(tmp_path, RECOGNIZER, LINES)
    message = refusal("text_recognizer", ModelFiles(file, own))
    assert message.endswith("its labels are no readable UTF-8 text.")


def test_labels_of_another_number_are_refused(classifier: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text('["Cat", "Dog"]')
    message = refusal("classifier", ModelFiles(classifier, labels))
    assert message.endswith("its output is [*, 1000]; expected [*, 2].")


def test_a_byte_order_mark_before_labels_is_none_of_them(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    names, alphabet = tmp_path / "names.json", tmp_path / "alphabet.txt"
    names.write_bytes(mark + b'["a", "b"]')
    alphabet.write_bytes(mark + b"a\nb")
    lines = always([[(0.5, 0.25, 0.25)]], (1, 3, 48, "W"))
    classifier = placed(tmp_path, always([(0.5, 0.5)], (1, 3, 16, 16)), "range = [0, 1]")
    recognizer = placed(tmp_path, lines, "range = [0, 1]\nspace = false", "lines")
    weights.configure(
        {
            "classifier": ModelFiles(classifier, names),
            "text_recognizer": ModelFiles(recognizer, alphabet),
        }
    )
    assert [one.name for one in weights.model("classifier").labels] == ["a", "b"]
    assert [one.name for one in weights.model("text_recognizer").labels] == ["", "a", "b"]


def test_no_labels_are_refused(classifier: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text("[]")
    assert "its labels are none" in refusal("classifier", ModelFiles(classifier, labels))


@pytest.mark.parametrize("side", [0, 8, 100_000])
@pytest.mark.parametrize("name", ["classifier", "detector", "text_recognizer", "face_detector"])
def test_a_file_that_takes_too_large_or_small_pictures_is_refused(
    tmp_path: Path, name: str, side: int
) -> None:
    own = placed(tmp_path, always([[0.5]], (1, 3, side, 64)), "range = [0, 1]")
    expected = f"its input is [1, 3, {side}, 64]; expected a height and width of 16 to 4096 px."
    assert refusal(name, ModelFiles(own)).endswith(expected)


@pytest.mark.parametrize("text", ["{}", "[1, 2]", "not json"])
def test_labels_that_are_no_list_of_names_are_refused(
    classifier: Path, tmp_path: Path, text: str
) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(text)
    assert "no JSON list of names" in refusal("classifier", ModelFiles(classifier, labels))


def test_absent_labels_are_refused(classifier: Path, tmp_path: Path) -> None:
    files = ModelFiles(classifier, tmp_path / "absent.json")
    assert "its labels cannot be read" in refusal("classifier", files)


def test_a_swapped_model_answers_with_its_own_labels(classifier: Path, names: Path) -> None:
    weights.configure({"classifier": ModelFiles(classifier, names)})
    result = classification(GREY, params=Params(min_score=0))
    assert result.details.info.model == CLASSIFIER.stem
    assert all(label.description.startswith("Thing ") for label in result.labels)


def test_a_swapped_model_is_listed_as_the_users(classifier: Path, names: Path) -> None:
    weights.configure({"classifier": ModelFiles(classifier, names)})
    assert weights.check_all()[0].licence == "the user's"


def test_a_broken_model_leaves_the_others_alone(tmp_path: Path) -> None:
    weights.configure({"classifier": ModelFiles(tmp_path / "absent.onnx")})
    with pytest.raises(ModelUnavailable):
        classification(GREY, params=Params())
    assert weights.model("text_angle").device in ("CPU", "GPU")


def test_without_onnxruntime_the_message_tells_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    weights.configure({})
    with pytest.raises(ModelUnavailable, match="pip install onnxruntime"):
        weights.model("classifier")


class Started(onnxruntime.InferenceSession):  # type: ignore[misc]
    """A session that computes on the CPU and takes itself for one on a GPU."""

    def get_providers(self) -> list[str]:
        return [GPU, CPU]


def _started(*args: Any, **how: Any) -> Any:
    return Started(*args, **how | {"providers": [CPU]})


def _left_out(*args: Any, **how: Any) -> Any:
    return onnxruntime.InferenceSession(*args, **how | {"providers": [CPU]})


def _failing(*args: Any, **how: Any) -> Any:
    raise RuntimeError("CUDA failure 35: /secret/place: driver version is insufficient")


def on_machine_with_gpu(monkeypatch: pytest.MonkeyPatch, begin: Callable[..., Any]) -> Check:
    """What is told of a model where onnxruntime knows a GPU and begins a session there."""
    there = onnxruntime.InferenceSession

    def begun(*args: Any, **how: Any) -> Any:
        on_gpu = GPU in how["providers"]
        with monkeypatch.context() as undone:
            undone.setattr(onnxruntime, "InferenceSession", there)
            return (begin if on_gpu else there)(*args, **how)

    known = [GPU, CPU]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: known)
    monkeypatch.setattr(onnxruntime, "InferenceSession", begun)
    (check,) = weights.configure({}, preload=["text_angle"])
    return check


def test_a_model_runs_on_a_gpu_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    check = on_machine_with_gpu(monkeypatch, _started)
    assert (check.device, check.passed_over, check.fault) == ("GPU", "", "")


@pytest.mark.parametrize(
    ("begin", "reason"),
    [
        (_failing, "CUDAExecutionProvider fails (RuntimeError)"),
        (_left_out, "CUDAExecutionProvider does not start"),
    ],
)
def test_a_gpu_that_does_not_start_leaves_the_cpu_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    begin: Callable[..., Any],
    reason: str,
) -> None:
    check = on_machine_with_gpu(monkeypatch, begin)
    assert (check.device, check.passed_over, check.fault) == ("CPU", reason, "")
    assert reason in caplog.text
    assert "secret" not in caplog.text
    shown = np.zeros((1, 48, 192, 3), np.uint8)
    assert weights.model("text_angle").run(shown).shape == (1, 2)


def test_a_gpu_is_left_alone_where_the_cpu_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    on_machine_with_gpu(monkeypatch, _started)
    (check,) = weights.configure({}, preload=["text_angle"], device="cpu")
    assert (check.device, check.passed_over) == ("CPU", "")


def test_a_file_that_is_no_model_is_refused_where_there_is_a_gpu_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_machine_with_gpu(monkeypatch, _failing)
    (tmp_path / "own.onnx").write_bytes(b"not a model")
    message = refusal("classifier", ModelFiles(tmp_path / "own.onnx"))
    assert "no ONNX model that loads" in message


def test_a_model_keeps_no_identity_of_the_machine_to_report_with(tmp_path: Path) -> None:
    code = "from engines.models import weights; weights.model('text_angle')"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
    assert not list(tmp_path.rglob("*"))


RGB = ["red", "green", "blue"]


def brought(
    folder: Path, name: str, network: bytes, description: str, labels: list[str] | None = None
) -> ModelFiles:
    """A small network as a user's own in place of the model of a name."""
    file = placed(folder, network, description)
    if labels is None:
        return ModelFiles(file)
    if name == "text_recognizer":
        file.with_suffix(".txt").write_text("\n".join(labels))
        return ModelFiles(file, file.with_suffix(".txt"))
    file.with_suffix(".json").write_text(json.dumps(labels))
    return ModelFiles(file, file.with_suffix(".json"))


def test_without_a_description_beside_it_a_users_file_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "own.onnx"
    own.symlink_to(CLASSIFIER)
    assert "at least range = [0, 1] or range = [0, 255]" in refusal("classifier", ModelFiles(own))


@pytest.mark.parametrize(
    ("network", "description", "said"),
    [
        (means((1, 3, 16, 16)), "range = [0, 255]", "as logits do; expected 0 to 1."),
        (means((1, 3, "H", "W")), "range = [0, 1]", "any size, and size is not told."),
        (means((4, 3, 16, 16)), "range = [0, 1]", "is [4, 3, 16, 16]; expected [1, 3, *, *]."),
        (means((1, 16, 16, 3)), "range = [0, 1]", "is [1, 16, 16, 3]; expected [1, 3, *, *]."),
        (means((1, 3, 16, 16)), "range = [0, 1]\ncolour = 'grey'", "expected [1, 1, *, *]."),
        (means((1, 3, 16, 16)), "range = [0, 1]\noutput = 'p'", "is called p; they are probs."),
        (means((1, 3, 16, 16)), "range = [0, 1]\nscores = 'logits'", "expected logits."),
        (
            means((1, 3, 16, 16), type_="uint8"),
            "range = [0, 1]",
            "is tensor(uint8); expected range = [0, 255] and no mean or std.",
        ),
        (always([[0.2, 0.8, 0.0]] * 2, (1, 3, 16, 16)), "range = [0, 1]", "is [2, 3]; expected"),
    ],
)
def test_a_classifier_that_is_not_as_described_is_refused(
    tmp_path: Path, network: bytes, description: str, said: str
) -> None:
    assert said in refusal("classifier", brought(tmp_path, "classifier", network, description, RGB))


YOLO = 'range = [0, 1]\nrow = "box, scores"\nboxes = "cxcywh"'


def yolo(labels: int = 80, places: int = 8400, score: float = 1e-5) -> NDArray[np.float32]:
    """What a YOLO says of a picture of nothing: (1, 4 + labels, places)."""
    centres = np.random.default_rng(1).uniform(0, 640, (1, 2, places))
    sizes = np.full((1, 2, places), 32.0)
    scores = np.full((1, labels, places), score)
    return np.concatenate([centres, sizes, scores], axis=1).astype(np.float32)


@pytest.mark.parametrize(
    ("description", "said"),
    [
        (
            "range = [0, 1]",
            "its output is [1, 84, 8400]; expected [1, *, 6], rows of 'box, score, class' for "
            "80 labels; row = 'box, scores' would fit.",
        ),
        (YOLO.replace("cxcywh", "xyxy"), "end before they begin; expected boxes = 'cxcywh' or"),
        (f"{YOLO}\nscores = 'logits'", "as probabilities do; expected logits."),
        (f"{YOLO}\nunits = 'shares'", "expected units = 'pixels'."),
        (f"{YOLO}\nsize = 320", "its input is [1, 3, 640, 640]; expected [1, 3, 320, 320]."),
        (f"{YOLO}\nsize = 640\nmultiple_of = 32", "one size only, so there is no multiple_of."),
    ],
)
def test_a_detector_that_is_not_as_described_is_refused(
    tmp_path: Path, description: str, said: str
) -> None:
    network = always(yolo(), (1, 3, 640, 640))
    assert said in refusal("detector", brought(tmp_path, "detector", network, description))


def test_a_detector_of_other_classes_is_refused_until_its_labels_are_given(tmp_path: Path) -> None:
    network = always(yolo(labels=3), (1, 3, 640, 640))
    said = refusal("detector", brought(tmp_path, "detector", network, YOLO))
    assert "its output is [1, 7, 8400]; expected [1, *, 84] or [1, 84, *]" in said
    weights.configure({"detector": brought(tmp_path, "detector", network, YOLO, RGB)})
    assert [label.name for label in weights.model("detector").labels] == RGB


def test_a_detector_is_not_read_with_our_labels_by_mistake(tmp_path: Path) -> None:
    network = always([[(0, 0, 600, 600, 0.5, 2)]], (1, 3, 640, 640))
    said = refusal("detector", brought(tmp_path, "detector", network, "range = [0, 1]"))
    assert said.endswith("expected labels given with it, or classes = 80 if it has those of ours.")
    said = refusal("detector", brought(tmp_path, "detector", network, "range=[0, 1]\nclasses = 3"))
    assert said.endswith("it has 3 classes; its labels are 80.")
    weights.configure({"detector": brought(tmp_path, "detector", network, "range = [0, 1]", RGB)})
    assert [label.name for label in weights.model("detector").labels] == RGB


def test_logits_of_a_detector_are_refused_unless_they_are_called_so(tmp_path: Path) -> None:
    network = always(yolo(score=-9), (1, 3, 640, 640))
    said = refusal("detector", brought(tmp_path, "detector", network, YOLO))
    assert "its scores reach from -9 to -9, as logits do; expected 0 to 1." in said
    weights.configure(
        {"detector": brought(tmp_path, "detector", network, f"{YOLO}\nscores='logits'")}
    )
    assert weights.model("detector").description.scores == "logits"


def test_of_several_outputs_one_is_named(tmp_path: Path) -> None:
    network = always(yolo(), (1, 3, 640, 640), masks=np.zeros((1, 32, 160, 160)))
    said = refusal("detector", brought(tmp_path, "detector", network, YOLO))
    assert "none of its outputs is called detections; they are output0, masks; output =" in said
    named = brought(tmp_path, "detector", network, f"{YOLO}\noutput = 'output0'")
    weights.configure({"detector": named})
    assert weights.model("detector").outputs == {"detections": "output0"}


SSD = """
range = [0, 1]
output = ["boxes", "scores"]
row = "box, scores"
units = "shares"
background = "first"
"""
DETR = """
range = [0, 1]
output = ["pred_boxes", "logits"]
row = "box, scores"
boxes = "cxcywh"
units = "shares"
scores = "exclusive logits"
background = "last"
"""
RT_DETR = """
range = [0, 1]
output = ["pred_boxes", "logits"]
row = "box, scores"
boxes = "cxcywh"
units = "shares"
scores = "logits"
"""
TORCHVISION = """
range = [0, 1]
layout = "CHW"
size = 64
output = ["boxes", "scores", "labels"]
background = "first"
"""
TENSORFLOW = """
range = [0, 255]
layout = "NHWC"
output = ["detection_boxes", "detection_scores", "detection_classes"]
boxes = "yxyx"
units = "shares"
background = "first"
"""
MMDEPLOY = """
range = [0, 1]
output = ["dets", "labels"]
"""
CORNERS = (16.0, 8.0, 48.0, 40.0)
SHARES = (0.25, 0.125, 0.75, 0.625)
CENTRE = (0.5, 0.375, 0.5, 0.5)
EXPORTS: dict[str, tuple[str, dict[str, Any]]] = {
    "SSD": (SSD, {"boxes": [[SHARES, SHARES]], "scores": [[(0.1, 0, 0, 0.9), (1, 0, 0, 0)]]}),
    "DETR": (DETR, {"logits": [[(-9, -9, 2.2, 0)]], "pred_boxes": [[CENTRE]]}),
    "RT-DETR": (RT_DETR, {"logits": [[(-9, -9, 2.2)]], "pred_boxes": [[CENTRE]]}),
    "torchvision": (TORCHVISION, {"boxes": [CORNERS], "labels": [3], "scores": [0.9]}),
    "TensorFlow": (
        TENSORFLOW,
        {
            "detection_boxes": [[(0.125, 0.25, 0.625, 0.75)] * 2],
            "detection_classes": [[3, 1]],
            "detection_scores": [[0.9, 0]],
            "num_detections": [1],
        },
    ),
    "mmdeploy": (MMDEPLOY, {"dets": [[(*CORNERS, 0.9)]], "labels": [[2]]}),
}
TAKES = {"torchvision": (3, "H", "W"), "TensorFlow": (1, 64, 64, 3)}


def exported(folder: Path, name: str, **changes: str) -> ModelFiles:
    """A detector, described as it should be but for some keys, of which empty ones are absent."""
    description, outputs = EXPORTS[name]
    takes = TAKES.get(name, (1, 3, 64, 64))
    for key, value in changes.items():
        told = re.compile(rf"^{key} = .*\n", re.MULTILINE)
        description = told.sub("", description) + (f"{key} = {value}\n" if value else "")
    network = constant(outputs, takes, whole=["labels"])
    return brought(folder, "detector", network, description, RGB)


@pytest.mark.parametrize("name", EXPORTS)
def test_a_detector_of_several_outputs_finds_what_it_says(tmp_path: Path, name: str) -> None:
    weights.configure({"detector": exported(tmp_path, name)})
    (found,) = object_detection(GREY, params=ObjectParams()).objects
    assert (found.name, found.box) == ("blue", Box(16, 8, 48, 40))
    assert found.score == pytest.approx(0.9, abs=0.005)


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("SSD", {"output": ""}, "called detections; they are boxes, scores; output = one of them"),
        ("SSD", {"output": '["boxes", "score"]'}, "is called score; they are boxes, scores"),
        ("SSD", {"output": '"boxes"'}, "its output is [1, 2, 4]; expected [1, *, 8] or [1, 8, *]"),
        ("SSD", {"background": ""}, "; row = 'box, objectness, scores' or background = 'first' or"),
        ("SSD", {"units": ""}, "its boxes reach to 0.75; expected units = 'shares'"),
        ("SSD", {"row": ""}, "its outputs are [1, 2, 4] and [1, 2, 4]; expected as many rows"),
        ("DETR", {"scores": ""}, "its scores reach from -9 to 2.2, as logits do; expected 0 to 1"),
        ("DETR", {"background": ""}, "need row = 'box, scores' and a background"),
        ("RT-DETR", {"scores": '"exclusive logits"'}, "need row = 'box, scores' and a background"),
        (
            "RT-DETR",
            {"scores": '"exclusive logits"', "background": '"last"'},
            "expected as many rows in each, of 4 + 4 columns",
        ),
        ("torchvision", {"background": ""}, "it gives class 3; its labels are 3"),
        ("torchvision", {"layout": ""}, "its input is [3, *, *]; expected [1, 3, 64, 64]"),
        ("torchvision", {"size": ""}, "it takes any size, and size is not told"),
        (
            "torchvision",
            {"output": '["boxes", "labels", "scores"]'},
            "its output labels is tensor(int64); expected score, no classes",
        ),
        ("torchvision", {"units": '"shares"'}, "boxes reach to 48; expected units = 'pixels'"),
        ("TensorFlow", {"units": ""}, "its boxes reach to 0.75; expected units = 'shares'"),
        (
            "TensorFlow",
            {"output": '["detection_boxes", "detection_classes", "detection_scores"]'},
            "its scores reach from 1 to 3, as logits do; expected 0 to 1",
        ),
        ("mmdeploy", {"output": '["labels", "dets"]'}, "its outputs are [1, 1] and [1, 1, 5]"),
        ("mmdeploy", {"row": '"box, class, score"'}, "its scores reach from 2 to 2, as logits do"),
    ],
)
def test_several_outputs_that_are_not_as_described_are_refused(
    tmp_path: Path, name: str, changes: dict[str, str], said: str
) -> None:
    assert said in refusal("detector", exported(tmp_path, name, **changes))


def test_a_model_of_several_outputs_names_none(tmp_path: Path) -> None:
    file = borrowed(tmp_path, FOLDER / "centerface.onnx", "range = [0, 255]\noutput = 'heatmap'")
    said = refusal("face_detector", ModelFiles(file))
    assert said.endswith("expected none, for it has to give heatmap and scale and offset.")


def test_every_model_of_ours_could_be_brought_with_its_own_description(tmp_path: Path) -> None:
    described = {
        "classifier": "range = [0, 255]",
        "detector": "range = [0, 255]\nsize = 512\nclasses = 80",
        "face_detector": "range = [0, 255]",
        "plate_detector": "range = [0, 255]\nmean = [104, 117, 123]\ncolour = 'BGR'",
    }
    own = {
        entry.name: ModelFiles(
            borrowed(tmp_path, FOLDER / entry.file, described.get(entry.name, LINES))
        )
        for entry in ENTRIES
    }
    weights.configure(own)
    assert [check.fault for check in weights.check_all()] == [""] * len(ENTRIES)


@pytest.mark.parametrize("type_", ["float32", "float16", "uint8"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_a_network_is_shown_its_own_type_and_layout(
    tmp_path: Path, type_: str, layout: str
) -> None:
    takes = ("N", 3, 16, 16) if layout == "NCHW" else ("N", 16, 16, 3)
    described = f"range = [0, 255]\nlayout = '{layout}'\nscores = 'logits'"
    network = means(takes, layout=layout, type_=type_)
    weights.configure({"classifier": brought(tmp_path, "classifier", network, described, RGB)})
    blue = np.full((1, 16, 16, 3), (255, 51, 0), np.uint8)
    assert weights.model("classifier").run(blue)[0] == pytest.approx([0, 51, 255])


def test_a_network_that_does_not_say_that_it_takes_one_at_a_time_is_told_to(tmp_path: Path) -> None:
    network = always([[(0.5, 0.25, 0.25)] * 9], ("N", 3, 48, "W"))
    described = "range = [0, 1]\nspace = false"
    own = brought(tmp_path, "text_recognizer", network, described, ["a", "b"])
    assert "its output is [1, 9, 3]; expected [2, *, 3]" in refusal("text_recognizer", own)
    own = brought(tmp_path, "text_recognizer", network, f"{described}\nbatch = 1", ["a", "b"])
    weights.configure({"text_recognizer": own})
    assert len(weights.model("text_recognizer").run(np.zeros((3, 48, 64, 3), np.uint8))) == 3


def test_a_network_of_one_picture_at_a_time_is_shown_them_one_by_one(tmp_path: Path) -> None:
    own = brought(tmp_path, "classifier", means((1, 3, 16, 16)), "range = [0, 1]", RGB)
    weights.configure({"classifier": own})
    pictures = np.stack([np.full((16, 16, 3), level, np.uint8) for level in (0, 51, 255)])
    assert weights.model("classifier").run(pictures)[:, 0] == pytest.approx([0, 0.2, 1])


def test_a_users_network_that_fails_over_a_picture_is_unavailable_in_words(tmp_path: Path) -> None:
    own = brought(tmp_path, "classifier", means((1, 3, 16, 16)), "range = [0, 1]", RGB)
    weights.configure({"classifier": own})
    with pytest.raises(ModelUnavailable, match="shown 1 of 9 x 8 px at once, it fails"):
        weights.model("classifier").run(np.zeros((1, 8, 9, 3), np.uint8))


@pytest.mark.parametrize("form", ["probabilities", "logits", "independent logits"])
def test_scores_that_are_no_numbers_are_refused_whatever_their_form(form: Form) -> None:
    with pytest.raises(Misfit, match="from nan to nan, which are no numbers"):
        probabilities(np.array([[0.5, np.nan]], np.float32), form)
