"""What the doctor finds on a machine, and what it finds wrong."""

from pathlib import Path
from typing import Any

import pytest

from engines.core.registry import catalogue
from gateway.cli import doctor
from gateway.cli.doctor import State, differences
from gateway.dialects.ltu import examples
from gateway.settings import Settings
from tests.serving import free_port


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path, port=free_port())


def test_a_sound_machine_has_nothing_wrong(settings: Settings) -> None:
    said: list[str] = []
    assert doctor.report(settings, said.append) == 0
    assert said[-1] == "Nothing is wrong."
    assert sum("the known answer" in line for line in said) == len(catalogue())


def test_an_engine_that_answers_otherwise_is_wrong(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    edges = catalogue()["edges"]
    known = examples.of("edges")
    known = known | {"details": known["details"] | {"message": "No edges found."}}
    monkeypatch.setattr(examples, "of", lambda service: known)
    finding = doctor._engine(edges)
    assert finding.state is State.WRONG
    assert "details.message is 'Edges found.', expected 'No edges found.'" in finding.text


def test_a_database_that_does_not_answer_is_wrong(settings: Settings) -> None:
    address = "postgresql://ada:hush@127.0.0.1:1/rows"
    finding = doctor._database(settings.model_copy(update={"database": address}))
    assert (finding.state, "Connection refused" in finding.text) == (State.WRONG, True)
    assert "hush" not in finding.text


def test_a_database_that_is_damaged_is_wrong(settings: Settings) -> None:
    (settings.data / "pixelgate.db").write_bytes(b"no rows" * 1000)
    finding = doctor._database(settings)
    assert (finding.state, "file is not a database" in finding.text) == (State.WRONG, True)


def test_a_look_at_the_database_makes_none(settings: Settings) -> None:
    assert doctor._database(settings).state is State.FINE
    assert not any(settings.data.iterdir())


def test_a_program_that_is_missing_comes_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    finding = doctor._program("tesseract", "reading", "tesseract-ocr")
    assert (finding.state, finding.text) == (
        State.OPTIONAL,
        "only for reading: apt-get install tesseract-ocr",
    )


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ([1], [1, 2]),
        (0.9, 0.85),
        (100, 105),
        ("a", "b"),
        (1, None),
        ({"a": [{"b": 1.0}]}, {"a": [{"b": 2.0}]}),
    ],
)
def test_answers_that_differ_are_told_apart(known: Any, found: Any) -> None:
    assert list(differences(known, found))


@pytest.mark.parametrize(("known", "found"), [(0.9, 0.91), (100, 102), (3, 5), ("a", "a")])
def test_rounding_is_no_difference(known: Any, found: Any) -> None:
    assert not list(differences(known, found))
