"""Requests counted in the database."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from limits.errors import StorageError
from sqlalchemy import Engine, func, select

from gateway.limits import rate_limit_storage
from gateway.limits.rate_limit_storage import DatabaseRateLimitStorage, open_rate_limit_storage
from gateway.store.tables import request_counts
from tests.auth.conftest import Clock
from tests.serving import WAIT_SECONDS

pytestmark = pytest.mark.anyio

Open = Callable[[], DatabaseRateLimitStorage]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker(database: Engine, clock: Clock) -> Open:
    """Each call is another worker."""
    return lambda: DatabaseRateLimitStorage(database, clock=clock)


async def test_workers_count_together_and_miss_none(worker: Open) -> None:
    counts = await asyncio.gather(*(worker().incr("ada", 60) for _ in range(20)))
    assert sorted(counts) == [*range(1, 21)]
    assert await worker().get("ada") == 20


async def test_callers_are_counted_apart(worker: Open) -> None:
    await worker().incr("ada", 60)
    assert await worker().incr("bob", 60) == 1


async def test_a_window_begins_with_its_first_request(worker: Open, clock: Clock) -> None:
    storage, began = worker(), clock()
    await storage.incr("ada", 60)
    clock.turn(59)
    assert await storage.incr("ada", 60) == 2
    assert await storage.get_expiry("ada") == began + 60


async def test_a_new_window_begins_with_nothing(worker: Open, clock: Clock) -> None:
    storage = worker()
    await storage.incr("ada", 60)
    clock.turn(60)
    assert await storage.get("ada") == 0
    assert await storage.incr("ada", 60) == 1


async def test_rows_of_past_windows_are_swept(worker: Open, clock: Clock, database: Engine) -> None:
    for name in ("ada", "bob", "eve"):
        await worker().incr(name, 60)
    clock.turn(61)
    await worker().incr("ada", 60)
    with database.connect() as connection:
        assert connection.execute(select(func.count()).select_from(request_counts)).scalar() == 1


async def test_a_count_can_be_cleared(worker: Open) -> None:
    storage = worker()
    await storage.incr("ada", 60)
    await storage.incr("bob", 60)
    await storage.clear("ada")
    assert (await storage.get("ada"), await storage.get("bob")) == (0, 1)
    await storage.reset()
    assert await storage.get("bob") == 0


async def test_a_url_names_another_place(database: Engine) -> None:
    assert isinstance(open_rate_limit_storage("", database), DatabaseRateLimitStorage)
    assert await open_rate_limit_storage("memory://", database).incr("ada", 60) == 1
    assert await open_rate_limit_storage("", database).get("ada") == 0


async def test_counts_that_are_never_answered_are_given_up(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit_storage, "SILENCE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        counts = open_rate_limit_storage(url, sqlite)
        with pytest.raises(StorageError):
            await asyncio.wait_for(counts.incr("ada", 60), WAIT_SECONDS)
