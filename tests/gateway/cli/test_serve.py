"""What `pixelgate serve` says before it serves."""

from pathlib import Path

import pytest

from gateway.dialects.pekat import stopping
from gateway.http import server
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.gateway.conftest import Run

NO_ACCOUNT = "There is no account yet; `pixelgate users add NAME` makes one.\n"


@pytest.fixture(autouse=True)
def _nothing_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "serve", lambda settings, build: None)


def test_a_start_without_any_account_says_how_to_make_one(run: Run) -> None:
    started = run("serve")
    assert (started.exit_code, started.stderr) == (0, NO_ACCOUNT)


def test_a_start_with_an_account_says_nothing(run: Run, ada: str) -> None:
    assert run("serve").output == ""


def test_a_start_says_where_each_project_is_served(
    run: Run, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELGATE_PEKAT_PROJECTS", "a/plates.toml:8101,labels.toml")
    assert run("serve").stderr.splitlines() == [
        "Project plates: http://127.0.0.1:8000/pekat/plates/, and on port 8101",
        "Project labels: http://127.0.0.1:8000/pekat/labels/",
    ]


def test_a_start_says_which_project_is_stopped_and_how_to_start_it(
    run: Run, ada: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    database = open_database(Settings(data=tmp_path).database_url)
    stopping.stop(database, "labels")
    database.dispose()
    monkeypatch.setenv("PIXELGATE_PEKAT_PROJECTS", "plates.toml,labels.toml")
    said = run("serve").stderr.splitlines()
    assert said[2:] == [
        "Project labels is stopped; `pixelgate projects start labels` lets it answer again."
    ]


@pytest.mark.parametrize(
    ("setting", "value"), [("ISSUER", "https://id.example.com"), ("OPEN_DIALECTS", "ltu")]
)
def test_where_no_account_is_needed_none_is_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(f"PIXELGATE_{setting}", value)
    assert run("serve").output == ""
