"""Imports point one way, and presenters need no web library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"gateway", "engines", "auth", "tests", "benchmarks"}
MAY_IMPORT = {"engines": {"engines"}, "auth": {"auth"}, "gateway": {"gateway", "engines", "auth"}}
WEB = {"starlette", "uvicorn", "gunicorn", "httpx", "anyio", "jose"}


def imported(path: Path) -> set[str]:
    """The full names of the modules that a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def top(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert top(imported(path)) & OURS <= MAY_IMPORT[package], path


def test_engines_import_no_web_library() -> None:
    for path in (ROOT / "engines").rglob("*.py"):
        assert not top(imported(path)) & WEB, path


def test_no_dialect_imports_another() -> None:
    folders = [path for path in (ROOT / "gateway" / "dialects").iterdir() if path.is_dir()]
    for folder in folders:
        others = {f"gateway.dialects.{one.name}" for one in folders if one != folder}
        for path in folder.glob("*.py"):
            assert not any(name.startswith(tuple(others)) for name in imported(path)), path


@pytest.mark.parametrize(
    "path",
    [*(ROOT / "gateway" / "dialects").glob("*/present.py")],
    ids=lambda path: path.parent.name,
)
def test_a_presenter_loads_no_web_library(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    code = f"import sys, {module}; print(*sorted({WEB!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == ""


def test_only_the_settings_read_the_environment() -> None:
    for package in MAY_IMPORT:
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "settings.py":
                text = path.read_text()
                assert "os.environ.get" not in text, path
                assert "os.getenv" not in text, path


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = {"utils", "helpers", "common", "base", "manager", "misc"}
    names = {path.stem for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py")}
    assert not names & vague


def test_no_engine_imports_another() -> None:
    files = list((ROOT / "engines").glob("*.py"))
    engines = {f"engines.{path.stem}" for path in files}
    for path in files:
        assert not imported(path) & engines, path
