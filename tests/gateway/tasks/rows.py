"""Tasks for tests: a clock that they move, and one way to ask for a task."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Engine

from gateway.tasks.queue import TASK_BYTES, Quota, TaskQueue
from gateway.tasks.task import Asked, StoredFile, Task
from gateway.tasks.work import Announce, Run, TaskResult, Work, tell_nobody

SINGLE = "test.single"
OTHER = "test.other"
WORKS = [SINGLE, OTHER]
ASKED = Asked(owner="ada", work=SINGLE, params={"radius": 1})


class Clock:
    """A time that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def nothing(run: Run) -> TaskResult:
    """Answer without having done anything."""
    return TaskResult({})


def queue_of(
    database: Engine,
    clock: Clock,
    *,
    quota: Quota | None = None,
    announce: Announce = tell_nobody,
) -> TaskQueue:
    works = {name: Work(name, nothing, announce) for name in WORKS}
    quota = quota or Quota(unfinished=100, stored_bytes=20 * TASK_BYTES)
    return TaskQueue(database, quota=quota, works=works, clock=clock)


async def add(queue: TaskQueue, inputs: Sequence[StoredFile] = (), **changed: Any) -> Task:
    return await queue.add(str(uuid.uuid4()), replace(ASKED, **changed), inputs)
