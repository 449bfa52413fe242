"""Imports point one way, and presenters need no web library."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"gateway", "engines", "auth", "tests", "benchmarks"}
MAY_IMPORT = {"engines": {"engines"}, "auth": {"auth"}, "gateway": {"gateway", "engines", "auth"}}
STATE = {"sqlalchemy", "fsspec", "structlog"}
WEB = {"starlette", "uvicorn", "gunicorn", "httpx", "anyio", "jose"}


FLOORS = {
    "gateway": (
        *("__main__", "cli", "simulation", "app", "console", "http", "dialects", "openapi"),
        *("flow", "tasks"),
        *(
            "metrics",
            "tracing",
            "write_behind",
            "cache",
            "intake",
            "pool",
            "limits",
            "receipts",
            "gateways",
            "issuer",
            "store",
            "errors",
            "settings",
        ),
        "version",
    ),
    "engines": (
        "inspection",
        "process",
        "videos",
        "anonymization",
        "models",
        "surfaces",
        "copies",
        "palette",
        "vision",
        "core",
    ),
}
"""The rooms of a package, the upper ones first; a room imports only from those below it."""


def module(path: Path) -> str:
    """The dotted name of a file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module(path): path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py")}


def imported(path: Path) -> set[str]:
    """The full names of what a file imports, wherever in it; a name in a string counts."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= {node.module} | members & MODULES.keys()
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= {node.value.partition(":")[0]} & MODULES.keys() - OURS
    return names


def room(name: str) -> str:
    """The part of a module's name below its package."""
    return f"{name}.".split(".")[1]


def top(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_lies_below_it(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert top(imported(path)) & OURS <= MAY_IMPORT[package], path


@pytest.mark.parametrize("package", FLOORS)
def test_no_import_runs_back_up(package: str) -> None:
    floors = FLOORS[package]
    arrows = {
        (name, other)
        for name, path in MODULES.items()
        for other in imported(path) & MODULES.keys()
        if name.startswith(f"{package}.") and other.startswith(f"{package}.")
    }
    placed = [(one, other) for one, other in arrows if {room(one), room(other)} <= {*floors}]
    assert len(placed) > 20
    assert not [
        arrow for arrow in placed if floors.index(room(arrow[0])) > floors.index(room(arrow[1]))
    ]
    assert package == "engines" or len(placed) == len(arrows), "a room without a floor"


def test_no_imports_go_in_a_circle() -> None:
    graph = {name: (imported(path) & MODULES.keys()) - {name} for name, path in MODULES.items()}
    list(TopologicalSorter(graph).static_order())  # it raises the circle that it finds


def test_engines_import_no_web_library() -> None:
    for path in (ROOT / "engines").rglob("*.py"):
        assert not top(imported(path)) & WEB, path


def test_no_dialect_imports_another() -> None:
    folders = [path for path in (ROOT / "gateway" / "dialects").iterdir() if path.is_dir()]
    for folder in folders:
        others = {f"gateway.dialects.{one.name}" for one in folders if one != folder}
        for path in folder.rglob("*.py"):
            assert not any(name.startswith(tuple(others)) for name in imported(path)), path


@pytest.mark.parametrize(
    "path",
    [*(ROOT / "gateway" / "dialects").glob("*/present.py")],
    ids=lambda path: path.parent.name,
)
def test_a_presenter_loads_no_web_library_and_no_database(path: Path) -> None:
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    code = f"import sys, {module}; print(*sorted({WEB | STATE!r} & set(sys.modules)))"
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
