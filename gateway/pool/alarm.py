"""A deadline that moves with every job, without a timer of the event loop for every job."""

import asyncio
from collections.abc import Callable
from math import inf


class Alarm:
    """Calls back at its time, of the loop's clock; once for each time that was set.

    Its timer stays armed when the time is moved to later, and looks again when it fires.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self.time = inf
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, time: float) -> None:
        """Ring at this time instead of another; at `inf` not at all."""
        self.time = time
        if self._timer is not None and time < self._timer.when():
            self._disarm()
        if self._timer is None and time < inf:
            self._timer = asyncio.get_running_loop().call_at(time, self._look)

    def stop(self) -> None:
        """Ring no more, and hold no timer."""
        self.time = inf
        self._disarm()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        time, self._timer = self.time, None
        if time > asyncio.get_running_loop().time():
            self.set(time)
        else:
            self.time = inf
            self._ring()
