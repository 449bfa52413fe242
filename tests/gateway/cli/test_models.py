"""The learned models, listed and looked at before a start."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from pydantic import ValidationError
from structlog.testing import capture_logs

from engines.models import runtime, weights
from engines.models.catalogue import ENTRIES
from engines.models.weights import ModelFiles
from gateway.cli.doctor import State, _onnxruntime, examine
from gateway.cli.models import models, print_all
from gateway.pool.model_check import check_models
from gateway.settings import Settings
from tests.engines.models.networks import always, placed


@pytest.fixture(autouse=True)
def _own_models_afterwards() -> Iterator[None]:
    """A process keeps the models that it was told of."""
    yield
    weights.configure({})


def test_every_model_is_listed_with_its_licence_and_loads() -> None:
    said: list[str] = []
    print_all(Settings(), said.append)
    assert [line.split()[0] for line in said] == [entry.name for entry in ENTRIES]
    assert all("loads, on " in line for line in said)
    assert "Apache-2.0" in said[0]


def test_a_model_that_cannot_be_used_is_listed_with_the_reason(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    said: list[str] = []
    print_all(Settings(models={"detector": ModelFiles(broken)}), said.append)
    line = next(line for line in said if line.startswith("detector"))
    assert "broken" in line
    assert "loads, on " not in line


def test_a_broken_model_is_logged_before_the_start(tmp_path: Path) -> None:
    settings = Settings(models={"classifier": ModelFiles(tmp_path / "absent.onnx")})
    with capture_logs() as logged:
        check_models(settings)
    assert [(one["event"], one["model"]) for one in logged] == [
        ("model cannot be used", "classifier")
    ]


@pytest.fixture
def _lost_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose GPU onnxruntime knows and cannot use."""
    monkeypatch.setattr(runtime, "_on_gpu", lambda begin: (None, "CUDA fails"))


@pytest.mark.usefixtures("_lost_gpu")
def test_a_gpu_that_cannot_be_used_is_named_with_each_model() -> None:
    said: list[str] = []
    print_all(Settings(), said.append)
    assert all("loads, on CPU, for CUDA fails; " in line for line in said)


@pytest.mark.usefixtures("_lost_gpu")
def test_the_doctor_tells_of_a_gpu_that_cannot_be_used() -> None:
    finding = _onnxruntime(Settings())
    assert finding.state is State.OPTIONAL
    assert finding.text.startswith("CUDA fails; models run on the CPU")


@pytest.mark.usefixtures("_lost_gpu")
def test_the_doctor_misses_no_gpu_that_is_not_wanted() -> None:
    finding = _onnxruntime(Settings(device="cpu"))
    assert (finding.state, finding.text) == (State.FINE, "models run on the CPU")


def test_without_models_of_the_users_nothing_is_loaded() -> None:
    with capture_logs() as logged:
        check_models(Settings())
    assert logged == []


@pytest.mark.parametrize(
    ("key", "said"),
    [("lables", "did you mean labels"), ("range", "expected one of file, labels, sha256")],
)
def test_an_unknown_key_of_a_model_is_refused(key: str, said: str) -> None:
    with pytest.raises(ValidationError, match=f"of detector, {key} is no key; {said}"):
        Settings.model_validate({"models": {"detector": {"file": "own.onnx", key: "x"}}})


def test_a_model_is_listed_with_how_it_is_used(tmp_path: Path) -> None:
    said: list[str] = []
    settings = Settings(models={"detector": ModelFiles(_yolo(tmp_path))})
    print_all(settings, said.append)
    line = next(line for line in said if line.startswith("detector"))
    assert line.endswith('on CPU; range = [0.0, 1.0], size = [64, 64], row = "box, scores", '
                         'boxes = "cxcywh", threshold = 0.4')  # fmt: skip


def _yolo(folder: Path, places: int = 100) -> Path:
    """A small export with 80 classes, and its description."""
    seen = np.full((1, 84, places), 1e-5)
    seen[:, :4] = 32
    described = 'range = [0, 1]\nrow = "box, scores"\nboxes = "cxcywh"\nthreshold = 0.4'
    return placed(folder, always(seen, (1, 3, 64, 64)), described)


def test_a_file_can_be_checked_before_any_setting_names_it(tmp_path: Path) -> None:
    found = CliRunner().invoke(models, ["check", "detector", str(_yolo(tmp_path))])
    assert found.exit_code == 0
    assert "own (the user's; setting): loads, on CPU" in found.output


def test_a_file_that_cannot_be_used_makes_the_check_fail(tmp_path: Path) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text('["Cat"]')
    told = ["check", "detector", str(_yolo(tmp_path)), "--labels", str(labels)]
    found = CliRunner().invoke(models, told)
    assert found.exit_code == 1
    assert "its output is [1, 84, 100]; expected [1, *, 5] or [1, 5, *]" in found.output


def test_the_doctor_tells_of_the_users_models_and_tries_the_engines_with_ours(
    tmp_path: Path,
) -> None:
    settings = Settings(
        models={
            "detector": ModelFiles(_yolo(tmp_path)),
            "classifier": ModelFiles(tmp_path / "absent.onnx"),
        }
    )
    found = {one.subject: one for one in examine(settings)}
    assert found["detector"].state is State.FINE
    assert found["detector"].text.startswith("own, range = [0.0, 1.0]")
    assert found["classifier"].state is State.WRONG
    assert found["objectDetection"].state is found["classification"].state is State.FINE


@pytest.mark.parametrize("told", [{"preload": "nothing"}, {"models": {"nothing": {"file": "x"}}}])
def test_an_unknown_model_is_named(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="there is no model nothing; expected classifier"):
        Settings(**told)
