"""Models are checked before they are used, and one that fails harms no other."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.classification import Params, classification
from engines.core.errors import ModelUnavailable
from engines.models import weights
from engines.models.weights import ENTRIES, FOLDER, ModelFiles
from tests.needs import ROOT

GREY = np.full((64, 64, 3), 128, np.uint8)
CLASSIFIER = FOLDER / "efficientnet_lite0_fp16w.onnx"


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


def hashed(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def refusal(name: str, files: ModelFiles) -> str:
    weights.configure({name: files})
    with pytest.raises(ModelUnavailable) as caught:
        weights.model(name)
    return caught.value.message


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_each_committed_file_is_the_one_that_is_declared(entry: weights.Entry) -> None:
    assert hashed(FOLDER / entry.file) == entry.sha256


def test_the_committed_files_stay_below_sixty_megabytes() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 60_000_000


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_the_notice_names_each_model(entry: weights.Entry) -> None:
    notice = (FOLDER / "NOTICE").read_text("utf-8")
    assert entry.file in notice
    assert entry.sha256 in notice


def test_all_models_load() -> None:
    checks = weights.check_all()
    assert [check.name for check in checks] == [entry.name for entry in ENTRIES]
    assert [check.fault for check in checks] == [""] * len(ENTRIES)
    assert all(check.device and check.licence and check.source for check in checks)


def test_a_model_is_loaded_once() -> None:
    assert weights.model("text_angle") is weights.model("text_angle")


def test_an_unknown_name_is_refused_where_it_is_configured() -> None:
    with pytest.raises(ModelUnavailable, match="no model 'cat'; expected one of classifier"):
        weights.configure({}, preload=["cat"])


@pytest.mark.parametrize("name", ["", "Classifier"])
def test_a_user_cannot_replace_a_model_that_there_is_not(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="There is no model"):
        weights.configure({name: ModelFiles(CLASSIFIER)})


def test_a_refused_configuration_leaves_the_one_before(names: Path) -> None:
    weights.configure({"classifier": ModelFiles(CLASSIFIER, names)})
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


def test_a_model_of_another_shape_is_refused() -> None:
    message = refusal("classifier", ModelFiles(FOLDER / "PP-OCRv6_rec_small.onnx"))
    assert message.endswith("its input is [*, 3, 48, *]; expected [*, 3, 224, 224].")


def test_a_model_of_another_number_of_sides_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    flat = replace(ENTRIES[0], takes=("N", 3 * 224 * 224))
    monkeypatch.setattr(weights, "ENTRIES", (flat,))
    message = refusal("classifier", ModelFiles(CLASSIFIER))
    assert message.endswith("its input is [*, 3, 224, 224]; expected [*, 150528].")


def test_a_model_without_the_expected_output_is_refused() -> None:
    message = refusal("detector", ModelFiles(CLASSIFIER))
    assert message.endswith("none of its 3 outputs is called detections.")


@pytest.fixture
def two_outputs(monkeypatch: pytest.MonkeyPatch) -> weights.Entry:
    """The classifier under a contract of two of its three outputs."""
    gives: dict[str, weights.Shape] = {"features": ("N", 1280), "probs": ("N", weights.LABELS)}
    entry = replace(ENTRIES[0], gives=gives)
    monkeypatch.setattr(weights, "ENTRIES", (entry,))
    return entry


def test_a_model_may_have_several_outputs(two_outputs: weights.Entry) -> None:
    weights.configure({two_outputs.name: ModelFiles(CLASSIFIER)})
    found = weights.model(two_outputs.name).run_all(np.zeros(two_outputs.trial, np.float32))
    assert {name: output.shape for name, output in found.items()} == {
        "features": (1, 1280),
        "probs": (1, 1000),
    }


@pytest.mark.parametrize(
    ("gives", "said"),
    [
        ({"probs": ("N", 1000), "boxes": ("N", 4)}, "none of its 3 outputs is called boxes."),
        (
            {"probs": ("N", 1000), "logits": ("N", 9)},
            "its output logits is [*, 1000]; expected [*, 9].",
        ),
    ],
)
def test_each_of_several_outputs_is_checked(
    two_outputs: weights.Entry, monkeypatch: pytest.MonkeyPatch, gives: Any, said: str
) -> None:
    monkeypatch.setattr(weights, "ENTRIES", (replace(two_outputs, gives=gives),))
    assert refusal(two_outputs.name, ModelFiles(CLASSIFIER)).endswith(said)


@pytest.mark.parametrize("name", ["features", "probs"])
def test_each_of_several_outputs_is_tried(
    two_outputs: weights.Entry, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_all = weights.Model.run_all

    def spoiled(self: weights.Model, inputs: Any) -> dict[str, Any]:
        found = run_all(self, inputs)
        found[name][0, -1] = np.nan
        return found

    monkeypatch.setattr(weights.Model, "run_all", spoiled)
    message = refusal(two_outputs.name, ModelFiles(CLASSIFIER))
    assert message.endswith(f"its output {name} on a black picture is not finite.")


DETECTOR = FOLDER / "PP-OCRv6_det_small.onnx"


@pytest.mark.parametrize(
    ("contract", "said"),
    [
        (
            {"gives": {"fetch_name_0": ("N", 1, "H", 7)}},
            "is [1, 1, 64, 64]; expected [*, 1, *, 7].",
        ),
        ({"trial": (1, 2, 64, 64)}, "it fails on a black picture (InvalidArgument)."),
    ],
)
def test_what_a_users_file_does_not_declare_is_found_by_trying_it(
    monkeypatch: pytest.MonkeyPatch, contract: Any, said: str
) -> None:
    entry = next(one for one in ENTRIES if one.name == "text_detector")
    monkeypatch.setattr(weights, "ENTRIES", (replace(entry, **contract),))
    weights.configure({})
    assert weights.check_all()[0].fault == ""
    assert refusal("text_detector", ModelFiles(DETECTOR)).endswith(said)


def test_a_lone_output_may_be_called_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = next(one for one in ENTRIES if one.name == "text_detector")
    renamed = replace(entry, gives={"heat": ("N", 1, "H", "W")})
    monkeypatch.setattr(weights, "ENTRIES", (renamed,))
    weights.configure({"text_detector": ModelFiles(DETECTOR)})
    outputs = weights.model("text_detector").run_all(np.zeros(entry.trial, np.float32))
    assert outputs["heat"].shape == (1, 1, 64, 64)


def test_a_hash_may_be_written_in_capitals() -> None:
    weights.configure({"text_detector": ModelFiles(DETECTOR, sha256=hashed(DETECTOR).upper())})
    assert weights.model("text_detector").title == "PP-OCRv6_det_small"


def test_a_recognisers_alphabet_has_nothing_before_it_and_a_space_behind(tmp_path: Path) -> None:
    ours = [label.name for label in weights.model("text_recognizer").labels]
    own = tmp_path / "alphabet.txt"
    own.write_text("\n".join(ours[-2:0:-1]) + "\n", "utf-8")
    file = FOLDER / "PP-OCRv6_rec_small.onnx"
    weights.configure({"text_recognizer": ModelFiles(file, own)})
    found = [label.name for label in weights.model("text_recognizer").labels]
    assert found == ["", *ours[-2:0:-1], " "]


def test_an_alphabet_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    own = tmp_path / "alphabet.txt"
    own.write_bytes(b"a\n\xff\n")
    message = refusal("text_recognizer", ModelFiles(FOLDER / "PP-OCRv6_rec_small.onnx", own))
    assert message.endswith("its labels are no readable UTF-8 text.")


def test_labels_of_another_number_are_refused(tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text('["Cat", "Dog"]')
    message = refusal("classifier", ModelFiles(CLASSIFIER, labels))
    assert message.endswith("its output is [*, 1000]; expected [*, 2].")


@pytest.mark.parametrize("text", ["{}", "[1, 2]", "not json"])
def test_labels_that_are_no_list_of_names_are_refused(tmp_path: Path, text: str) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text(text)
    assert "no JSON list of names" in refusal("classifier", ModelFiles(CLASSIFIER, labels))


def test_absent_labels_are_refused(tmp_path: Path) -> None:
    files = ModelFiles(CLASSIFIER, tmp_path / "absent.json")
    assert "its labels cannot be read" in refusal("classifier", files)


def test_a_swapped_model_answers_with_its_own_labels(tmp_path: Path, names: Path) -> None:
    own = shutil.copy(CLASSIFIER, tmp_path / "mine.onnx")
    weights.configure({"classifier": ModelFiles(Path(own), names)})
    result = classification(GREY, params=Params(min_score=0))
    assert result.details.info.model == "mine"
    assert all(label.description.startswith("Thing ") for label in result.labels)


def test_a_swapped_model_is_listed_as_the_users(names: Path) -> None:
    weights.configure({"classifier": ModelFiles(CLASSIFIER, names)})
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


def test_a_model_keeps_no_identity_of_the_machine_to_report_with(tmp_path: Path) -> None:
    code = (
        "from tests.engines.models.test_weights import GREY, Params, classification;"
        "classification(GREY, params=Params())"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=True)
    assert not list(tmp_path.rglob("*"))
