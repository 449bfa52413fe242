"""What dialects do with tasks: queue them, look at them, fetch their files, forget them."""

import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence

from engines.core.shapes import File
from gateway.errors import NothingStored
from gateway.limits.admission import Places
from gateway.store.scratch import DiskFile
from gateway.store.storage import Storage
from gateway.tasks.bell import Bell
from gateway.tasks.queue import TaskQueue
from gateway.tasks.task import (
    Asked,
    StoredFile,
    Task,
    derived_name,
    folder,
    input_name,
    result_folder,
    store,
)
from gateway.tasks.watch import Watch

MOST_STREAMS = 16


class Tasks:
    """Tasks of callers, seen by their own alone, who ask by the kinds of work that they may see.

    `streams` are the places of answers that go on until a task ends, in this gateway process.
    """

    def __init__(self, queue: TaskQueue, storage: Storage, bell: Bell, watch: Watch) -> None:
        self._queue = queue
        self._storage = storage
        self._bell = bell
        self.watch = watch
        self.streams = Places(MOST_STREAMS)

    async def add(self, asked: Asked, inputs: Sequence[File | DiskFile]) -> Task:
        """Store what was sent and queue the task, or answer the one of the same request key.

        Raises:
            TooManyTasks, RequestKeyReused: see `TaskQueue.add`.
        """
        if asked.request_key and (same := await self._queue.of_key(asked)):
            return same
        id, stored = str(uuid.uuid4()), [StoredFile.of(one) for one in inputs]
        # A caller without room is refused before gigabytes are copied.
        await self._queue.expect_room(asked.owner, sum(one.bytes for one in stored))
        try:
            for place, file in enumerate(inputs):
                await store(self._storage, input_name(id, place), file)
            task = await self._queue.add(id, asked, stored)
        except BaseException:
            # A row that was being written when its request was abandoned is there.
            if not await self._queue.versions([id]):
                await self._storage.delete(folder(id))
            raise
        if task.id != id:
            await self._storage.delete(folder(id))
        self._bell.ring()
        return task

    async def get(self, owner: str, works: Collection[str], id: str) -> Task:
        """See `TaskQueue.get`."""
        return await self._queue.get(owner, works, id)

    async def finished(self, task: Task, seconds: float) -> Task:
        """The task when it has ended, or as it is after so long."""
        until = time.monotonic() + seconds
        while not task.is_finished and not self.watch.is_ending():
            if (left := until - time.monotonic()) <= 0:
                break
            await self.watch.changed(task.id, task.updated_at, left)
            task = await self.get(task.owner, [task.work], task.id)
        return task

    async def page(
        self, owner: str, works: Collection[str], *, offset: int, limit: int
    ) -> tuple[int, list[Task]]:
        """See `TaskQueue.page`."""
        return await self._queue.page(owner, works, offset=offset, limit=limit)

    async def delete(self, owner: str, works: Collection[str], id: str) -> None:
        """Forget a task with its files; what is still computed for it is thrown away.

        Raises:
            UnknownTask: this caller has none of that name.
        """
        await self._queue.delete(owner, works, id)
        self._bell.ring()
        await self._storage.delete(folder(id))

    async def strip(self, owner: str, works: Collection[str], id: str) -> None:
        """Delete a task's files and keep its row; what is still computed is thrown away.

        Raises:
            UnknownTask: this caller has none of that name.
        """
        await self._queue.strip(owner, works, id)
        self._bell.ring()
        await self._storage.delete(folder(id))

    async def input(
        self, task: Task, place: int, start: int | None = None, end: int | None = None
    ) -> bytes:
        """What was sent as one of the task's files, counted from 0, or a piece of it."""
        return await self._storage.get(input_name(task.id, place), start, end)

    def input_pieces(self, task: Task, place: int) -> AsyncIterator[bytes]:
        """What was sent as one of the task's files, a piece at a time."""
        return self._storage.pieces(input_name(task.id, place))

    async def derived(self, task: Task, name: str, make: Callable[[], Awaitable[bytes]]) -> bytes:
        """A file that is made of what was sent when it is first asked for, and kept."""
        where = derived_name(task.id, name)
        try:
            return await self._storage.get(where)
        except NothingStored:
            made = await make()
            await self._storage.put(where, made)
            return made

    async def result(
        self, task: Task, name: str, start: int | None = None, end: int | None = None
    ) -> bytes:
        """A file that came of the task, or a piece of it."""
        where = result_folder(task.id, task.lease)
        return await self._storage.get(f"{where}/{name}", start, end)

    def result_pieces(self, task: Task, name: str) -> AsyncIterator[bytes]:
        """The same, a piece at a time."""
        return self._storage.pieces(f"{result_folder(task.id, task.lease)}/{name}")
