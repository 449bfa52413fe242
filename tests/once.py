"""What is made once in a run of the tests, by whichever of its processes needs it first."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from auth.private_files import locked


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that all processes of the run share; tests do not change it.

    Args:
        name: of the folder, another for each thing that is made.
        make: fills it, and asks for nothing else that is made once. Where it raises, the next who
            asks tries again.
    """
    run = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent  # of the folders of all processes
    shared = run / "once"
    shared.mkdir(exist_ok=True)
    with locked(shared):
        if not (shared / name).exists():
            draft = factory.mktemp(name)
            make(draft)
            draft.rename(shared / name)
    return shared / name
