"""The command line on data of its own, and a database of each kind."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine

from gateway.__main__ import main
from gateway.store.database import open_database
from tests import servers
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


@contextmanager
def no_file_beyond(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to write more into a file, as it does on a full disk (setrlimit(2))."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> LoopClock:
    """The event loop's clock, for the length of a test."""
    return LoopClock(monkeypatch)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'rows.sqlite'}"
    return servers.new_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """An empty database of the kind that needs no server."""
    database = open_database(f"sqlite:///{tmp_path / 'rows.sqlite'}")
    yield database
    database.dispose()


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """The same, opened."""
    database = open_database(database_url)
    yield database
    database.dispose()
