"""The wheel alone is the whole service: models, pages, migrations, and no source tree near."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import httpx
import pytest

from tests.deploy.sources import copy_sources
from tests.needs import ROOT
from tests.serving import WAIT_SECONDS, free_port, settings_environment, wait_until

PICTURE = ROOT / "docs" / "pictures" / "colorPalette-coffee.jpg"
MOST_BYTES = 100_000_000
"""What PyPI takes."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built of a copy, so that nothing is left in the tree."""
    source = tmp_path_factory.mktemp("source")
    copy_sources(source)
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(source / "dist"), str(source))
    (built,) = (source / "dist").iterdir()
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`pixelgate` of an environment with the wheel, which borrows what it depends on."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    pip("--python", str(folder / "bin" / "python"), "install", str(wheel))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "pixelgate"


def test_it_is_small_enough_to_be_published(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES


def test_nothing_but_the_service_is_in_it(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {
        *("gateway", "engines", "auth", "pixelgate")
    }


def test_every_file_of_the_pages_is_in_it(wheel: Path) -> None:
    pages = (ROOT / "gateway" / "console" / "static").rglob("*")
    expected = {path.relative_to(ROOT).as_posix() for path in pages if path.is_file()}
    assert expected <= set(zipfile.ZipFile(wheel).namelist())


def test_models_and_their_weights_are_in_it(program: Path, tmp_path: Path) -> None:
    shutil.copy(PICTURE, tmp_path)
    told = run(program, tmp_path, "analyze", "textDetection", PICTURE.name)
    assert "1 computed, 0 failed" in told


def test_the_demo_answers_outside_the_source_tree(program: Path, tmp_path: Path) -> None:
    port = free_port()
    with (tmp_path / "log").open("w") as log:
        service = subprocess.Popen(
            [program, "serve", "--demo"],
            cwd=tmp_path,
            env=environment(tmp_path, port=port),
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: "edges: Edges found." in (tmp_path / "log").read_text())
        documents = ("/docs/deploying.html", "/docs/pictures/heatMap-after.jpg")
        for path in ("/swagger", "/openapi/core.json", "/favicon.ico", *documents):
            answer = httpx.get(
                f"http://127.0.0.1:{port}{path}", trust_env=False, timeout=WAIT_SECONDS
            )
            assert answer.status_code == 200
    finally:
        service.terminate()
        service.wait(WAIT_SECONDS)


def pip(*words: str) -> None:
    """Without what it would fetch."""
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
    subprocess.run([*command, "--no-deps", "--no-index"], check=True)


def run(program: Path, folder: Path, *words: str) -> str:
    done = subprocess.run(
        [program, *words], cwd=folder, env=environment(folder), capture_output=True, text=True
    )
    return done.stdout + done.stderr


def environment(folder: Path, **settings: object) -> dict[str, str]:
    """Without what leads to the source tree."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {**inherited, **settings_environment({"data": folder / "data", **settings})}
