"""`pixelgate projects`: checked and tried without a server."""

from pathlib import Path

import cv2
import orjson
import pytest

from gateway.dialects.pekat import stopping
from gateway.dialects.pekat.projects import read_project
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.gateway.conftest import Run
from tests.plates import PROJECT, SCRATCH, plate, png, scratched


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A project that compares with the good plate."""
    (tmp_path / "good.png").write_bytes(png(plate()))
    path = tmp_path / "project.toml"
    path.write_text(f'[[module]]\nuse = "grey"\n\n{PROJECT}')
    return path


def test_a_project_is_told_module_by_module(run: Run, file: Path) -> None:
    done = run("projects", "check", str(file))
    assert (done.exit_code, done.stdout.splitlines()) == (
        0,
        ["project: project", "preprocessing: grey", "module: differences", "conditions: 1"],
    )


def test_without_a_file_the_projects_of_the_settings_are_checked(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = file.with_name("other.toml")
    other.write_text("a = 1")
    monkeypatch.setenv("PIXELGATE_PEKAT_PROJECTS", f"{file}:8101,{other}")
    done = run("projects", "check")
    assert done.exit_code == 1
    assert done.output.startswith("project: project\n")
    assert f"{other}, line 1: a is unknown" in done.output


def test_a_project_that_is_switched_off_is_told_so(run: Run, file: Path) -> None:
    file.write_text(f"processing = false\n{file.read_text()}")
    assert run("projects", "check", str(file)).stdout.startswith("project: project, switched off\n")


def test_a_stop_key_is_made_with_the_line_for_the_file(run: Run, file: Path) -> None:
    key, line = run("projects", "stopkey").stdout.splitlines()
    file.write_text(f"{line}\n{file.read_text()}")
    assert read_project(file).is_stopped_by(key)
    assert run("projects", "stopkey").stdout.splitlines()[0] != key


def test_a_project_is_started_once_it_was_stopped(run: Run, tmp_path: Path) -> None:
    database = open_database(Settings(data=tmp_path).database_url)
    stopping.stop(database, "plates")
    assert run("projects", "start", "plates").exit_code == 0
    assert stopping.stopped_names(database) == set()
    database.dispose()
    again = run("projects", "start", "plates")
    assert (again.exit_code, again.output) == (1, "There is no stopped project plates.\n")


def test_what_is_wrong_with_a_project_is_said(run: Run, file: Path) -> None:
    file.write_text('[[module]]\nuse = "gray"\n')
    done = run("projects", "check", str(file))
    assert done.exit_code == 1
    assert f"{file}, line 2: use is 'gray'" in done.output


def test_a_project_is_tried_on_a_picture(run: Run, file: Path, tmp_path: Path) -> None:
    (tmp_path / "part.png").write_bytes(png(scratched()))
    done = run("projects", "try", str(file), str(tmp_path / "part.png"))
    context = orjson.loads(done.stdout)
    assert context["result"] is False
    assert context["detectedRectangles"][0]["x"] == pytest.approx(SCRATCH.left, abs=6)
    shown = cv2.imread(str(tmp_path / "part.png.annotated.png"))
    assert shown is not None
    assert shown.shape == (320, 480, 3)


def test_a_file_that_is_no_picture_is_refused(run: Run, file: Path) -> None:
    done = run("projects", "try", str(file), str(file))
    assert done.exit_code == 1
    assert "cannot decode the picture" in done.output


def test_where_no_project_is_named_none_is_said_to_be_right(run: Run) -> None:
    refused = run("projects", "check")
    assert (refused.exit_code, "PIXELGATE_PEKAT_PROJECTS names none" in refused.output) == (2, True)
