"""Stopped projects: rows, so that every worker knows them, until the operator starts them again."""

import time
from collections.abc import Callable
from contextlib import suppress

import structlog
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from auth.threads import Threads
from gateway.store.database import Database
from gateway.store.tables import stopped_projects

log = structlog.get_logger()

REREAD_SECONDS = 1.0


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
    """What one worker knows of them: read again when it was not looked at for a second."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._threads = Threads(1)
        self._read_at = clock()
        self._names = stopped_names(database)

    async def has(self, name: str) -> bool:
        now = self._clock()
        if now - self._read_at >= REREAD_SECONDS:
            # Before the reading, so that only one of many requests waits for it.
            self._read_at = now
            try:
                self._names = await self._threads.run(stopped_names, self._database)
            except SQLAlchemyError:
                log.warning("stopped projects cannot be read", exc_info=True)
        return name in self._names

    async def add(self, name: str) -> None:
        await self._threads.run(stop, self._database, name)
        self._names |= {name}
