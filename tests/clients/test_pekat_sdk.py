"""The vendor's own SDK, both lines of it, attached to the service with two workers."""

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from engines.core.shapes import Box, Pixels
from engines.vision.boxes import iou
from gateway.dialects.pekat import stopping
from gateway.dialects.pekat.projects import sha256_of
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.keys import api_key
from tests.needs import lack
from tests.plates import PROJECT, SCRATCH, plate, png, scratched
from tests.serving import WAIT_SECONDS, Served, free_port, running, wait_until

FOLDER = Path(__file__).parent / "pekat_sdk"
STOP_KEY = "pg_stop_0123456789"
DATA = "Los 7, Größe L"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compares with the good plate; the plates lie beside it."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "good.png").write_bytes(png(plate()))
    (folder / "scratched.png").write_bytes(png(scratched()))
    path = folder / "project.toml"
    path.write_text(PROJECT)
    return path


@pytest.fixture(scope="module")
def own_port() -> int:
    """Of a second project, which looks at the quality of pictures."""
    return free_port()


@pytest.fixture(scope="module")
def opened(
    tmp_path_factory: pytest.TempPathFactory, project: Path, own_port: int
) -> Iterator[Served]:
    """The service, which needs no key."""
    folder = tmp_path_factory.mktemp("opened")
    quality = folder / "quality.toml"
    stop_key = f"stop_key_sha256 = '{sha256_of(STOP_KEY)}'\n"
    quality.write_text(f'{stop_key}[[module]]\nuse = "image_quality"\n')
    projects = f"{project},{quality}:{own_port}"
    told = {"slots": 1, "pekat_projects": projects, "open_dialects": "pekat"}
    with running(folder, "gateway", "serve", **told) as started:
        yield started


@pytest.fixture(scope="module")
def sharing(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Served]:
    """The same, which reads shared memory besides."""
    folder = tmp_path_factory.mktemp("sharing")
    told = {"slots": 1, "pekat_projects": project, "open_dialects": "pekat"}
    with running(folder, "gateway", "serve", **told, pekat_shared_memory=True) as started:
        yield started


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK asks by requests, which heeds the environment."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def old() -> ModuleType:
    return sdk("1.4.4")


@pytest.fixture(scope="module")
def new() -> ModuleType:
    return sdk("2.3.3")


def sdk(version: str) -> ModuleType:
    """One version of the SDK; it is installed if it is missing, in a folder of its own."""
    folder = FOLDER / "installed" / version
    if not folder.is_dir():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        told = ["--no-deps", "--target", str(folder), "-r", str(FOLDER / f"{version}.txt")]
        if subprocess.run([*pip, *told], timeout=600, check=False).returncode:
            lack(f"pip could not install pekat-vision-sdk {version}")
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module("PekatVisionSDK")
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == "PekatVisionSDK"]:
            del sys.modules[name]  # the other version has the same name


def attached(sdk: ModuleType, served: Served, port: int | None = None, **told: Any) -> Any:
    own = port or served.port
    return sdk.Instance(host="127.0.0.1", port=own, already_running=True, **told)


def check(context: dict[str, Any]) -> None:
    """The scratch is found."""
    assert context["result"] is False
    (found,) = context["detectedRectangles"]
    x, y = found["x"], found["y"]
    assert iou(Box(x, y, x + found["width"], y + found["height"]), SCRATCH) > 0.5
    assert found["classNames"][0]["label"] == "difference"


def check_picture(kind: str, shown: Pixels) -> None:
    """What was asked for is to be seen."""
    assert shown.shape == scratched().shape
    if kind == "heatmap":
        assert shown[210, 340].max() > 200
        assert shown[:150].max() == 0
    else:
        assert (shown == scratched()).all() == (kind == "image")


@pytest.mark.parametrize("in_body", [True, False])
@pytest.mark.parametrize("sent", ["file", "bytes", "array"])
@pytest.mark.parametrize("kind", ["context", "image", "annotated_image", "heatmap"])
def test_the_new_sdk_analyses_everything_that_it_can_send(
    new: ModuleType, opened: Served, project: Path, kind: str, sent: str, in_body: bool
) -> None:
    file = project.with_name("scratched.png")
    image = {"file": file, "bytes": file.read_bytes(), "array": scratched()}[sent]
    instance = attached(new, opened, context_in_body=in_body)
    result = instance.analyze(image, response_type=kind, data=DATA)
    check(result.context)
    assert result.context["data"] == DATA
    if kind == "context":
        assert result.image_bytes is None
    else:
        check_picture(kind, result.get_decoded_image())


@pytest.mark.parametrize("in_body", [True, False])
@pytest.mark.parametrize("kind", ["context", "image", "annotated_image", "heatmap"])
def test_the_new_sdk_puts_arrays_into_shared_memory(
    new: ModuleType, sharing: Served, kind: str, in_body: bool
) -> None:
    asked = sharing.logged_path("/analyze_image_shared_memory")
    instance = attached(new, sharing, context_in_body=in_body)
    for _ in range(2):  # the second lies in the block of the first
        result = instance.analyze(scratched(), response_type=kind, data=DATA)
        check(result.context)
        assert result.context["data"] == DATA
        if kind != "context":
            check_picture(kind, result.get_decoded_image())
    wait_until(lambda: sharing.logged_path("/analyze_image_shared_memory") == asked + 2)


def test_the_new_sdk_changes_the_size_of_its_block(new: ModuleType, sharing: Served) -> None:
    instance = attached(new, sharing)
    for image in (scratched(), plate()[:200, :300], plate()[..., 0], scratched()):
        shown = instance.analyze(image, response_type="image").get_decoded_image()
        assert (shown == image.reshape(*image.shape[:2], -1)).all()


@pytest.mark.parametrize("in_body", [True, False])
@pytest.mark.parametrize("sent", ["file", "array"])
@pytest.mark.parametrize("kind", ["context", "annotated_image", "heatmap"])
def test_the_old_sdk_analyses_everything_that_it_can_send(
    old: ModuleType, opened: Served, project: Path, kind: str, sent: str, in_body: bool
) -> None:
    image = project.with_name("scratched.png") if sent == "file" else scratched()
    instance = attached(old, opened, context_in_body=in_body)
    answer = instance.analyze(image, response_type=kind, data=DATA)
    shown, context = (None, answer) if kind == "context" else answer
    check(context)
    assert context["data"] == DATA
    if shown is not None:
        check_picture(kind, shown)


def test_without_data_the_context_has_none(new: ModuleType, opened: Served) -> None:
    assert "data" not in attached(new, opened).analyze(plate()).context


def test_grey_arrays_are_taken(new: ModuleType, opened: Served) -> None:
    grey = np.asarray(cv2.cvtColor(plate(), cv2.COLOR_BGR2GRAY), np.uint8)
    shown = attached(new, opened).analyze(grey, response_type="image").get_decoded_image()
    assert (shown == grey[..., np.newaxis]).all()


def test_both_find_the_service_by_its_ping(
    old: ModuleType, new: ModuleType, opened: Served
) -> None:
    assert attached(old, opened).ping().text == "OK"
    assert attached(new, opened).ping().text == "OK"


def test_both_reach_a_project_by_its_own_port(
    old: ModuleType, new: ModuleType, opened: Served, own_port: int
) -> None:
    context = attached(new, opened, own_port).analyze(plate()).context
    assert list(context["modules"]) == ["image_quality"]
    context = attached(old, opened, own_port).analyze(plate())
    assert list(context["modules"]) == ["image_quality"]
    assert attached(old, opened, own_port).ping().text == "OK"


def test_both_are_told_that_a_project_is_stopped_and_reach_the_other(
    old: ModuleType, new: ModuleType, opened: Served, own_port: int
) -> None:
    fresh, stale = attached(new, opened, own_port), attached(old, opened, own_port)
    database = open_database(Settings(data=opened.log.parent).database_url)
    url = f"http://127.0.0.1:{own_port}/stop"
    try:
        httpx.get(
            url, params={"key": STOP_KEY}, trust_env=False, timeout=WAIT_SECONDS
        ).raise_for_status()
        told = {"error": "The project quality is stopped.", "result": None}
        wait_until(lambda: fresh.analyze(plate()).context == told)
        wait_until(lambda: stale.analyze(plate()) == told)
        wait_until(lambda: stale.ping().status_code == 503)
        assert attached(new, opened).analyze(plate()).context["result"] is True
    finally:
        stopping.start(database, "quality")
        database.dispose()


def test_a_refusal_comes_back_as_the_context(
    old: ModuleType, new: ModuleType, opened: Served, project: Path
) -> None:
    instance = attached(new, opened)
    context = instance.analyze(project, response_type="annotated_image").context
    assert context["error"].startswith("image: cannot decode the picture")
    assert context["result"] is None
    assert attached(old, opened).analyze(project, response_type="heatmap") == context


def test_the_old_sdk_sends_an_api_key(old: ModuleType, served: Served, photograph: Path) -> None:
    context = attached(old, served, api_key=api_key(served)).analyze(photograph)
    assert [one["classNames"][0]["label"] for one in context["detectedRectangles"]] == ["Cup"]
    refused = attached(old, served, api_key="pg_0").analyze(photograph)
    assert set(refused) == {"error", "result"}


def test_a_default_project_has_no_heat_and_answers_its_context(
    old: ModuleType, served: Served, photograph: Path
) -> None:
    instance = attached(old, served, api_key=api_key(served))
    assert "detectedRectangles" in instance.analyze(photograph, response_type="heatmap")
