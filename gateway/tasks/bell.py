"""A bell that wakes whoever waits for something to happen to tasks."""

import asyncio


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
            try:
                await asyncio.wait_for(self._next.wait(), seconds)
            except TimeoutError:
                return
