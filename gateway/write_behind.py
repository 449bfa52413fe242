"""Counts and log lines of many requests, written in one go."""

import asyncio
from collections import deque
from collections.abc import Callable

PAUSE_SECONDS = 0.1
"""A process that is killed loses what was added in the last so many seconds."""


class WriteBehind:
    """Does what nobody waits for a little later, in the order in which it was added.

    Between two requests an engine has had the core, and its caches with it. Then the line and the
    counts of one request cost several times what they cost right after those of another.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_due = False

    def add(self, write: Callable[[], None]) -> None:
        """Have it called within `PAUSE_SECONDS`; the event loop must run."""
        self._waiting.append(write)
        if not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_later(PAUSE_SECONDS, self._fall_due)

    def catch_up(self) -> None:
        """Call all that waits; after one that raises, the others wait for the next to be added."""
        while self._waiting:
            self._waiting.popleft()()

    def _fall_due(self) -> None:
        self._is_due = False
        self.catch_up()


async def caught_up() -> None:
    """Wait until every process of this machine has written what it added before."""
    await asyncio.sleep(2 * PAUSE_SECONDS)
