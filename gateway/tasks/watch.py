"""Waiting for tasks to change, whichever gateway changes them."""

import asyncio
from collections import Counter
from collections.abc import Callable
from math import inf

from gateway.store.database import persistently
from gateway.tasks.bell import Bell
from gateway.tasks.queue import TaskQueue

LOOK_SECONDS = 0.1


class Watch:
    """Looks for all who wait at once, and not at all while nobody does.

    Args:
        is_ending: whether this gateway ends, and nobody may wait any longer.
    """

    def __init__(self, queue: TaskQueue, bell: Bell, is_ending: Callable[[], bool]) -> None:
        self._queue = queue
        self._bell = bell
        self.is_ending = is_ending
        self._waiting = Counter[str]()
        self._versions = dict[str, float]()
        self._looked = asyncio.Condition()
        self._looking: asyncio.Task[None] | None = None

    async def changed(self, id: str, version: float, seconds: float) -> None:
        """Return when a task has another version or is gone, or after so long."""
        self._waiting[id] += 1
        self._versions.pop(id, None)  # what was seen for others may be older than this version
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(seconds), self._looked:
                await self._looked.wait_for(
                    lambda: self._versions.get(id, version) != version or self.is_ending()
                )
        except TimeoutError:
            return
        finally:
            self._waiting[id] -= 1
            if not self._waiting[id]:
                del self._waiting[id]

    async def _look(self) -> None:
        try:
            while self._waiting:
                rung, ids = self._bell.rung, list(self._waiting)
                found = await persistently(self._queue.versions, ids)
                async with self._looked:
                    self._versions = {id: found.get(id, inf) for id in ids}
                    self._looked.notify_all()
                await self._bell.wait(rung, LOOK_SECONDS)
        finally:
            self._looking = None
