"""The learned models, listed and looked at before a start."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from structlog.testing import capture_logs

from engines.models import weights
from engines.models.catalogue import ENTRIES
from engines.models.weights import ModelFiles
from gateway.cli.models import print_all
from gateway.pool.model_check import check_models
from gateway.settings import Settings


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


def test_without_models_of_the_users_nothing_is_loaded() -> None:
    with capture_logs() as logged:
        check_models(Settings())
    assert logged == []


@pytest.mark.parametrize("told", [{"preload": "nothing"}, {"models": {"nothing": {"file": "x"}}}])
def test_an_unknown_model_is_named(told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="there is no model nothing; expected classifier"):
        Settings(**told)
