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
    monkeypatch.setattr(server, "serve", lambda *told: None)


def test_a_start_without_any_account_says_how_to_make_one(run: Run) -> None:
    started = run("serve")
    assert started.exit_code == 0
    assert started.stderr.endswith(f"\n{NO_ACCOUNT}")


def test_a_start_with_an_account_says_nothing(run: Run, ada: str) -> None:
    assert run("serve").output == ""


@pytest.fixture
def projects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Two of them; the first has a port."""
    files = [tmp_path / "plates.toml", tmp_path / "labels.toml"]
    for file in files:
        file.write_text('[[module]]\nuse = "image_quality"\n')
    monkeypatch.setenv("PIXELGATE_PEKAT_PROJECTS", f"{files[0]}:8101,{files[1]}")
    return files


def test_a_start_says_where_each_project_is_served(
    run: Run, ada: str, projects: list[Path]
) -> None:
    assert run("serve").stderr.splitlines() == [
        "Project plates: http://127.0.0.1:8000/pekat/plates/, and on port 8101",
        "Project labels: http://127.0.0.1:8000/pekat/labels/",
    ]


def test_a_start_says_which_project_is_stopped_and_how_to_start_it(
    run: Run, ada: str, projects: list[Path], tmp_path: Path
) -> None:
    database = open_database(Settings(data=tmp_path).database_url)
    stopping.stop(database, "labels")
    database.dispose()
    assert run("serve").stderr.splitlines()[2:] == [
        "Project labels is stopped; `pixelgate projects start labels` lets it answer again."
    ]


def test_a_project_that_cannot_be_read_is_one_sentence_and_the_end(
    run: Run, projects: list[Path]
) -> None:
    projects[1].write_text('[[module]]\nuse = "sharpness"\n')
    started = run("serve")
    assert started.exit_code == 1
    (said,) = started.output.splitlines()
    assert said.startswith(f"{projects[1]}, line 2: use is 'sharpness'; expected one of crop")


@pytest.mark.parametrize(
    ("setting", "value"), [("ISSUER", "https://id.example.com"), ("OPEN_DIALECTS", "ltu")]
)
def test_where_no_account_is_needed_none_is_asked_for(
    run: Run, monkeypatch: pytest.MonkeyPatch, setting: str, value: str
) -> None:
    monkeypatch.setenv(f"PIXELGATE_{setting}", value)
    assert run("serve").output == ""
