"""The document keeps its word: schemathesis finds nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from auth.scopes import ADMIN
from auth.users import Users
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.fuzz.service import fuzz
from tests.serving import Served, serving


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("fuzzed"), access_seconds=3600) as served:
        yield served


def test_schemathesis_finds_nothing(fuzzed: Served, tmp_path: Path) -> None:
    done = fuzz(fuzzed, tmp_path, "--max-examples=20", "--seed=1")
    assert done.returncode == 0, done.stdout[-20_000:]


def test_it_finds_nothing_as_an_admin(fuzzed: Served, tmp_path: Path) -> None:
    fuzzed.user, fuzzed.password = "grace", "correct horse"
    database = open_database(Settings(data=fuzzed.log.parent).database_url)
    Users(database).add(fuzzed.user, fuzzed.password, scopes=frozenset({ADMIN}))
    database.dispose()
    only = "--include-path-regex=^/v2/admin/"
    done = fuzz(fuzzed, tmp_path, only, "--max-examples=10", "--seed=1")
    assert done.returncode == 0, done.stdout[-20_000:]
