"""What `pixelgate serve` says before it serves."""

import pytest

from gateway.http import server
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


@pytest.mark.parametrize(
    ("setting", "value"), [("ISSUER", "https://id.example.com"), ("OPEN_DIALECTS", "ltu")]
)
def test_where_no_account_is_needed_none_is_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(f"PIXELGATE_{setting}", value)
    assert run("serve").output == ""
