"""Performs tasks in a gateway process: leases them, keeps the leases, and writes down the end."""

import asyncio
from collections.abc import Mapping

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import (
    EnginesUnreachable,
    QueueFull,
    ShuttingDown,
    StateUnreachable,
    WaitedTooLong,
)
from gateway.metrics import Metrics
from gateway.pool import Pool, Timing
from gateway.store.database import persistently
from gateway.store.scratch import Scratch
from gateway.store.storage import Storage
from gateway.tasks.bell import Bell
from gateway.tasks.queue import Ending, TaskQueue
from gateway.tasks.task import Failure, StoredFile, Task, result_folder, store
from gateway.tasks.work import Run, TaskResult, Work, tell_nobody
from gateway.tracing import Tracing

log = structlog.get_logger()

BEAT_SECONDS = 1.0
"""How often leases are renewed and progress is noted."""
BUSY_SECONDS = 1.0
"""How long a task waits that could not be performed just now."""

_BUSY = (
    EnginesUnreachable,
    QueueFull,
    WaitedTooLong,
    ShuttingDown,
    StateUnreachable,
    OSError,
    SQLAlchemyError,
)
"""What passes: no room in the pool, a storage or a database that does not answer."""


class Runner:
    """Takes as many tasks at once as there are places.

    Args:
        works: all kinds of tasks, by name.
        bell: rung when something happens to tasks, by others too.
        outbox: rung when there is something to be delivered.
        poll_seconds: how often it looks for what other gateways have queued, or left.
        deadline_seconds: of one computation whose engine has none of its own.
    """

    def __init__(
        self,
        queue: TaskQueue,
        storage: Storage,
        scratch: Scratch,
        pool: Pool,
        works: Mapping[str, Work],
        bell: Bell,
        outbox: Bell,
        *,
        places: int,
        poll_seconds: float,
        deadline_seconds: float,
        metrics: Metrics,
        tracing: Tracing,
    ) -> None:
        self._queue = queue
        self._storage = storage
        self._scratch = scratch
        self._pool = pool
        self._works = works
        self._bell = bell
        self._outbox = outbox
        self._places = places
        self._poll_seconds = poll_seconds
        self._deadline_seconds = deadline_seconds
        self._metrics = metrics
        self._tracing = tracing
        self._running = dict[str, tuple[Run, asyncio.Task[None]]]()

    async def run(self) -> None:
        """Work until cancelled; what is then unfinished goes back to the queue."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._claim_forever())
                group.create_task(self._beat_forever())
        finally:
            await self._stop()

    async def _claim_forever(self) -> None:
        while True:
            rung = self._bell.rung
            while len(self._running) < self._places:
                if not await persistently(self._take):
                    break
            await self._bell.wait(rung, self._poll_seconds)

    async def _take(self) -> bool:
        """Begin a task, if there is one; what is leased while this is cancelled is begun too."""
        taking = asyncio.create_task(self._claim())
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            # Or nobody would give the task back.
            await asyncio.gather(taking, return_exceptions=True)
            raise

    async def _claim(self) -> bool:
        if task := await self._queue.claim():
            self._begin(task)
        return task is not None

    async def _beat_forever(self) -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            progress = {lease: run.progress for lease, (run, _) in self._running.items()}
            if progress:
                for lease in await persistently(self._queue.renew, progress):
                    if lost := self._running.get(lease):
                        lost[1].cancel()

    def _begin(self, task: Task) -> None:
        run = Run(
            task,
            self._storage,
            self._scratch,
            self._pool,
            self._deadline_seconds,
            self._observe,
        )
        doing = asyncio.create_task(self._perform(run))
        self._running[task.lease] = run, doing
        doing.add_done_callback(lambda _: self._ended(task))

    def _observe(self, engine: str, timing: Timing) -> None:
        self._metrics.computed(engine, timing)
        self._tracing.computed(engine, timing)

    def _ended(self, task: Task) -> None:
        del self._running[task.lease]
        self._bell.ring()  # a place is free, and somebody may wait for this task

    async def _perform(self, run: Run) -> None:
        task = run.task
        try:
            ending = await self._ending(run)
        except _BUSY as error:
            log.warning("task put back", task=task.id, reason=type(error).__name__)
            await persistently(self._queue.release, task, BUSY_SECONDS)
            return
        finally:
            await run.clean_up()
        if await persistently(self._queue.finish, task, ending):
            if self._works[task.work].announce is not tell_nobody:
                self._outbox.ring()
            self._metrics.task_ended(task.work, str(ending.status))
            log.info("task finished", task=task.id, work=task.work, status=str(ending.status))
        else:
            await self._storage.delete(result_folder(task.id, task.lease))

    async def _ending(self, run: Run) -> Ending:
        task = run.task
        try:
            with self._tracing.task(task.work, task.id):
                result = await self._works[task.work].perform(run)
            return Ending(result.told, await self._stored(task, result))
        except _BUSY:
            raise
        except Exception as error:
            failure = Failure.of(error)
            if failure.status == 500:
                log.error("fault", task=task.id, work=task.work, exc_info=error)
            return Ending(failure=failure)

    async def _stored(self, task: Task, result: TaskResult) -> tuple[StoredFile, ...]:
        # A small picture may have become a hundred times larger, in each of a thousand tasks.
        stored = tuple(StoredFile.of(file) for file in result.files)
        await self._queue.expect_room(task.owner, sum(one.bytes for one in stored))
        where = result_folder(task.id, task.lease)
        for file in result.files:
            await store(self._storage, f"{where}/{file.name}", file)
        return stored

    async def _stop(self) -> None:
        """Give back what is unfinished, so that another gateway need not wait for its lease."""
        running = list(self._running.values())
        for _, doing in running:
            doing.cancel()
        await asyncio.gather(*(doing for _, doing in running), return_exceptions=True)
        for run, _ in running:
            try:
                await self._queue.release(run.task)
            except SQLAlchemyError:
                log.warning("a task's lease is left to run out", task=run.task.id)
