"""Forgets finished tasks when their time is over, and files that no task has."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from gateway.errors import StateUnreachable
from gateway.store.database import persistently
from gateway.store.storage import Storage
from gateway.tasks.queue import TaskQueue
from gateway.tasks.task import TASKS, folder

SWEEP_SECONDS = 600
MOST_AT_ONCE = 500


class Sweeper:
    """Sweeps for all gateways; several at once do no harm.

    Args:
        keep_seconds: how long a task is kept after its end.
    """

    def __init__(
        self,
        queue: TaskQueue,
        storage: Storage,
        *,
        keep_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._queue = queue
        self._storage = storage
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._strays = set[str]()

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            with suppress(StateUnreachable):  # It was logged.
                await self.sweep()
            await asyncio.sleep(SWEEP_SECONDS)

    async def sweep(self) -> None:
        """Sweep once."""
        ended_before = self._clock() - self._keep_seconds
        while expired := await persistently(self._queue.expired, ended_before, MOST_AT_ONCE):
            for id in expired:
                await self._storage.delete(folder(id))
        # What a killed gateway has left: files are stored before their task, and deleted after.
        strays = await self._without_task(await self._storage.children(TASKS))
        for id in strays & self._strays:
            await self._storage.delete(folder(id))
        self._strays = strays

    async def _without_task(self, ids: list[str]) -> set[str]:
        known = set[str]()
        for start in range(0, len(ids), MOST_AT_ONCE):
            some = ids[start : start + MOST_AT_ONCE]
            known |= (await persistently(self._queue.versions, some)).keys()
        return {*ids} - known
