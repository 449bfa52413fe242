"""Stopped projects: rows, so that every worker knows them, until the operator starts them again."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from auth.threads import Threads
from gateway.store.database import Database
from gateway.store.known_rows import KnownRows
from gateway.store.tables import stopped_projects


def stopped_names(database: Database) -> frozenset[str]:
    """Projects that do not answer."""
    with database.execution_options(reads_only=True).connect() as connection:
        return frozenset(connection.execute(select(stopped_projects.c.name)).scalars())


def stop(database: Database, name: str) -> None:
    """Let a project answer no more."""
    row = insert(stopped_projects).values(name=name, stopped_at=time.time())
    with suppress(IntegrityError), database.begin() as connection:
        connection.execute(row)


def start(database: Database, name: str) -> bool:
    """Let a project answer again; whether it was stopped."""
    named = stopped_projects.c.name == name
    with database.begin() as connection:
        return connection.execute(delete(stopped_projects).where(named)).rowcount > 0


class StoppedProjects:
    """What one worker knows of them."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._threads = Threads(1)
        self._names = KnownRows(
            stopped_projects.name,
            partial(stopped_names, database),
            stopped_names(database),
            threads=self._threads,
            clock=clock,
            read_at=clock(),
        )

    async def has(self, name: str) -> bool:
        return name in await self._names.now()

    async def add(self, name: str) -> None:
        await self._threads.run(stop, self._database, name)
        self._names.known |= {name}
