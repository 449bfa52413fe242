"""A bell that wakes whoever waits for something to happen to tasks."""

import asyncio
from contextlib import suppress


class Bell:
    """Rung in the event loop; nobody who asks `rung` before looking misses it."""

    def __init__(self) -> None:
        self.rung = 0
        self._next = asyncio.Event()

    def ring(self) -> None:
        self.rung += 1
        self._next.set()
        self._next = asyncio.Event()

    async def wait(self, rung: int, seconds: float) -> None:
        """Return when it has been rung more often than `rung`, or after so long."""
        if self.rung == rung:
            # Python 3.11's wait_for may swallow a cancellation that comes with the ring.
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._next.wait()
