"""The command line on data of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway.__main__ import main
from tests.gateway.pool.running import LoopClock
from tests.serving import settings_environment

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`pixelgate …`, with what is typed."""
    runner = CliRunner(env=settings_environment({"data": tmp_path}))
    return lambda *words, typed="": runner.invoke(main, words, input=typed)


@pytest.fixture
def ada(run: Run) -> str:
    """An account."""
    assert run("users", "add", "ada", "--password-stdin", typed="correct horse\n").exit_code == 0
    return "ada"


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> LoopClock:
    """The event loop's clock, for the length of a test."""
    return LoopClock(monkeypatch)
