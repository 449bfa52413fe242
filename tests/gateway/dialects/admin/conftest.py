"""Two callers of two gateway workers: one with the scope `admin`, one with all others."""

import secrets
from collections.abc import Iterator

import httpx
import pytest

from auth.api_keys import ApiKeys
from auth.scopes import ADMIN
from auth.users import Users
from gateway.settings import Settings
from gateway.store.database import Database, open_database
from tests.auth.workers import Workers, each_worker
from tests.serving import Served


@pytest.fixture(scope="module")
def rows(served: Served) -> Iterator[Database]:
    """The database of the service."""
    database = open_database(Settings(data=served.log.parent).database_url)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def boss(rows: Database) -> str:
    """An account that may administer, and nothing else."""
    name = f"boss-{secrets.token_hex(4)}"
    Users(rows).add(name, secrets.token_urlsafe(12), scopes=frozenset({ADMIN}))
    return name


@pytest.fixture(scope="module")
def workers(served: Served, rows: Database, boss: str) -> Iterator[Workers]:
    """A client of each worker, with the admin's key."""
    key = ApiKeys(rows).add(boss, scopes=frozenset({ADMIN}))
    with each_worker(served) as clients:
        for client in clients:
            client.headers["X-API-Key"] = key
        yield clients


@pytest.fixture(scope="module")
def admin(workers: Workers) -> httpx.Client:
    return workers[0]


@pytest.fixture(scope="module")
def caller(served: Served) -> Iterator[httpx.Client]:
    """The demo account, which may use every service."""
    with served.client() as client:
        yield client
