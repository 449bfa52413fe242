"""Counts of requests in the database, so that all workers share them; a storage of `limits`."""

import time
from collections.abc import Callable
from typing import cast

from limits.aio.storage import Storage
from limits.storage import storage_from_string
from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from auth.threads import Threads
from gateway.store.database import Database
from gateway.store.tables import request_counts

COUNTING_THREADS = 4
SILENCE_SECONDS = 2
"""How long Redis may take for anything, where its URL has no `socket_timeout`."""


def open_rate_limit_storage(url: str, database: Database) -> Storage:
    """Where a URL of `limits` points, or the database without one."""
    return (
        # Of the clients that `limits` knows it takes no current version of the other, coredis.
        cast(
            Storage,
            storage_from_string(
                f"async+{url}",
                implementation="redispy",
                wrap_exceptions=True,
                socket_timeout=SILENCE_SECONDS,
                socket_connect_timeout=SILENCE_SECONDS,
            ),
        )
        if url
        else DatabaseRateLimitStorage(database)
    )


class DatabaseRateLimitStorage(Storage):
    """A row for each key, forgotten once its window is over."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(wrap_exceptions=True)
        self._database = database
        self._reads = database.execution_options(reads_only=True)
        self._clock = clock
        self._threads = Threads(COUNTING_THREADS)

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a count and answer it; one transaction, so that workers miss none."""
        return await self._threads.run(self._add, key, expiry, amount)

    async def get(self, key: str) -> int:
        count, _ = await self._threads.run(self._find, key)
        return count

    async def get_expiry(self, key: str) -> float:
        _, ends_at = await self._threads.run(self._find, key)
        return ends_at

    async def check(self) -> bool:
        await self._threads.run(self._find, "")
        return True

    async def reset(self) -> None:
        await self._threads.run(self._forget, None)

    async def clear(self, key: str) -> None:
        await self._threads.run(self._forget, key)

    def _add(self, key: str, expiry: int, amount: int) -> int:
        now = self._clock()
        is_postgresql = self._database.dialect.name == "postgresql"
        insert = postgresql.insert if is_postgresql else sqlite.insert
        is_over = request_counts.c.ends_at <= now
        more = {"requests": request_counts.c.requests + amount}
        adding = insert(request_counts).values(key=key, requests=amount, ends_at=now + expiry)
        adding = adding.on_conflict_do_update(index_elements=["key"], set_=more)
        with self._database.begin() as connection:
            connection.execute(delete(request_counts).where(is_over))
            count = connection.execute(adding.returning(request_counts.c.requests)).scalar_one()
        return int(count)

    def _find(self, key: str) -> tuple[int, float]:
        now = self._clock()
        query = select(request_counts.c.requests, request_counts.c.ends_at).where(
            request_counts.c.key == key, request_counts.c.ends_at > now
        )
        with self._reads.connect() as connection:
            row = connection.execute(query).one_or_none()
        return (0, now) if row is None else (row.requests, row.ends_at)

    def _forget(self, key: str | None) -> None:
        every = delete(request_counts)
        with self._database.begin() as connection:
            connection.execute(every if key is None else every.where(request_counts.c.key == key))
