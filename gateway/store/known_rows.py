"""Rows that a worker keeps in memory, for they are asked for at each request."""

from collections.abc import Callable
from math import inf
from typing import Generic, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from auth.threads import Threads

log = structlog.get_logger()

REREAD_SECONDS = 1.0

T = TypeVar("T")


class KnownRows(Generic[T]):
    """Read again when they were not looked at for a second; as they were if that fails.

    Args:
        name: of the rows, for the log.
        read: what the database has, in a thread.
        known: until they are read.
        read_at: when `known` was read, if it was.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], T],
        known: T,
        *,
        threads: Threads,
        clock: Callable[[], float],
        read_at: float = -inf,
    ) -> None:
        self.known = known
        self._name = name
        self._read = read
        self._threads = threads
        self._clock = clock
        self._read_at = read_at

    async def now(self) -> T:
        """As they are, or were a second ago."""
        now = self._clock()
        if abs(now - self._read_at) >= REREAD_SECONDS:
            # Before the reading, so that only one of many requests waits for it.
            self._read_at = now
            try:
                self.known = await self._threads.run(self._read)
            except SQLAlchemyError:
                log.warning("rows cannot be read", rows=self._name, exc_info=True)
        return self.known
