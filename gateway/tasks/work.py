"""What a dialect says about its tasks: how they are performed, and who is told of their end."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from sqlalchemy import Connection

from engines.core.registry import engine_named
from engines.core.run import Answer, Job
from engines.core.shapes import File
from gateway.errors import QueueFull
from gateway.pool import Observe, Pool, Progress
from gateway.store.scratch import DiskFile, Scratch
from gateway.store.storage import Storage
from gateway.tasks.task import Task, input_name


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What came of a task: what is said of it, kept in its row, and files."""

    told: dict[str, Any]
    files: tuple[File | DiskFile, ...] = ()


@dataclass(slots=True)
class Run:
    """A task that is being performed.

    Args:
        deadline_seconds: of one computation whose engine has none of its own.
        observe: told of each computation.
        progress: the share that is done; whoever asks for the task is told.
    """

    task: Task
    storage: Storage
    scratch: Scratch
    pool: Pool
    deadline_seconds: float
    observe: Observe
    progress: float = field(default=0, init=False)
    _folder: Path | None = field(default=None, init=False)
    _has_computed: bool = field(default=False, init=False)

    async def inputs(self) -> tuple[bytes, ...]:
        """The files that were sent, in their order."""
        names = [input_name(self.task.id, place) for place in range(len(self.task.inputs))]
        return tuple([await self.storage.get(name) for name in names])

    async def path(self, place: int) -> Path:
        """A file that was sent, counted from 0, copied into the folder."""
        path = self.folder() / f"input-{place}"
        await self.storage.get_file(input_name(self.task.id, place), path)
        return path

    def folder(self) -> Path:
        """Where this attempt may put files, empty at first; it goes when the result is stored."""
        if self._folder is None:
            self._folder = self.scratch.make()
        return self._folder

    async def clean_up(self) -> None:
        """Remove the folder, if there is one."""
        if self._folder is not None:
            await self.scratch.remove(self._folder)

    async def compute(self, job: Job, *, since: float = 0, until: float = 1) -> Answer:
        """Run a job of the task, which takes its progress from one share to another.

        Raises:
            see `Pool.run`; QueueFull of the first job alone: later ones wait, so that what is done
            need not be done again.
        """
        [answer] = await self.compute_all([job], since=since, until=until)
        return answer

    async def compute_all(
        self,
        jobs: Sequence[Job],
        following: Callable[[Answer], Job | None] = lambda answer: None,
        *,
        since: float = 0,
        until: float = 1,
    ) -> list[Answer]:
        """Run jobs of the task, as many at once as there are engine processes.

        Args:
            following: makes a job of what an answer says is left to be done of its job.

        Returns:
            the last answers, in the order of the jobs.

        Raises:
            what the first that fails raises; the others are cancelled then.
        """
        shares = [0.0] * len(jobs)
        places = asyncio.Semaphore(max(1, self.pool.snapshot().slots))

        def tell(place: int, before: float, share: float) -> None:
            shares[place] = before + share * (1 - before)
            self.progress = since + sum(shares) / len(shares) * (until - since)

        async def compute(place: int, job: Job) -> Answer:
            left: Job | None = job
            async with places:
                while left:
                    answer = await self._compute(left, partial(tell, place, shares[place]))
                    left = following(answer)
            tell(place, 1, 1)
            return answer

        computing = [asyncio.create_task(compute(*each)) for each in enumerate(jobs)]
        try:
            return await asyncio.gather(*computing)
        finally:
            for one in computing:
                one.cancel()
            await asyncio.gather(*computing, return_exceptions=True)

    async def _compute(self, job: Job, progress: Progress) -> Answer:
        while True:
            try:
                answer = await self.pool.run(
                    job,
                    deadline_seconds=engine_named(job.engine).seconds(self.deadline_seconds),
                    owner=self.task.owner,
                    progress=progress,
                    observe=self.observe,
                )
            except QueueFull as full:
                if not self._has_computed:
                    raise
                await asyncio.sleep(full.retry_after_seconds or 0)
            else:
                self._has_computed = True
                return answer


Perform: TypeAlias = Callable[[Run], Awaitable[TaskResult]]
Announce: TypeAlias = Callable[[Connection, Task], None]
"""Called in the transaction in which a task ends: what it writes is there if the end is."""


def tell_nobody(connection: Connection, task: Task) -> None:
    """Announce nothing."""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of task.

    Args:
        name: as rows have it, the same in every version of the service.
        perform: does it; it may be begun anew, by another process, when this one dies.
        announce: writes down who is to be told that it has ended.
    """

    name: str
    perform: Perform
    announce: Announce = tell_nobody
