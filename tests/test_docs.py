"""The documents say what the code does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from engines.core.registry import Engine, catalogue
from gateway.cli import settings

ROOT = Path(__file__).parent.parent


def test_the_page_of_settings_is_fresh() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert page == settings.page(), "run `make spec` and commit what it wrote"


@pytest.mark.parametrize("engine", [*catalogue().values()], ids=lambda engine: engine.name)
def test_every_service_has_its_section(engine: Engine) -> None:
    pages = "".join(path.read_text() for path in (ROOT / "docs").glob("*.md"))
    assert f"## {engine.service}\n" in pages


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


@pytest.mark.parametrize(
    "page",
    [
        *("README.md", "CONTRIBUTING.md", "docs/ltu.md", "docs/pekat.md", "docs/aerovision.md"),
        *("docs/anonymizing.md", "docs/celantur.md", "docs/architecture.md"),
        *("docs/deploying.md", "docs/monitoring.md", "SECURITY.md"),
    ],
)
def test_links_between_documents_lead_somewhere(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


def test_the_engine_of_the_guide_works() -> None:
    guide = (ROOT / "docs" / "adding-an-engine.md").read_text()
    written = re.search(r"```python\n(.*?)```", guide, re.DOTALL)
    assert written is not None
    check = """
flat = numpy.zeros((9, 9), numpy.uint8)
print(sharpness(flat, params=Params.from_text({"radius": "1"})).score)
try:
    sharpness(flat[:2], params=Params())
except PictureTooSmall as error:
    print(error.message)
"""
    done = subprocess.run(
        [sys.executable, "-c", f"{written[1]}import numpy\n{check}"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.splitlines() == [
        "0.0",
        "The picture is 9 x 2 px; radius 1 needs 3 px a side.",
    ]
