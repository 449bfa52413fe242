"""Programs that some tests need; without one they are skipped, but not where all must run."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

NOBODY = 65534
ROOT = Path(__file__).parent.parent
NODE_MODULES = ROOT / "tests" / "tools" / "node_modules"
NPM_TOOLS = NODE_MODULES / ".bin"
_NPM_REMEDY = "npm ci --prefix tests/tools"


def need(program: str, remedy: str, folders: str = "") -> str:
    """Where a program is; skips the test, saying why, if it is nowhere.

    Args:
        program: its name.
        remedy: the command that installs it.
        folders: where to look beside the path, separated by colons.
    """
    found = shutil.which(program) or shutil.which(program, path=f"{NPM_TOOLS}:{folders}")
    if found:
        return found
    lack(f"{program} is not installed: {remedy}")


def lack(missing: str) -> NoReturn:
    """Skip the test, saying what it would need; where all must run it fails."""
    if os.environ.get("TESTS_NEED_ALL"):
        pytest.fail(missing)
    pytest.skip(missing)


@contextmanager
def another_user() -> Iterator[int]:
    """Be another user for a while, whose id it gives; only root can."""
    if os.geteuid():
        lack("only root can become another user")
    os.seteuid(NOBODY)
    try:
        yield NOBODY
    finally:
        os.seteuid(0)


def need_npm_tool(program: str) -> str:
    """The same for what tests/tools/package.json names."""
    need("node", "apt-get install nodejs npm")
    return need(program, _NPM_REMEDY)


def need_npm_file(name: str) -> Path:
    """A file of a package that it names."""
    path = NODE_MODULES / name
    if not path.is_file():
        lack(f"{name} is not installed: {_NPM_REMEDY}")
    return path
