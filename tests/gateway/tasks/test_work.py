"""The computations of a task: side by side, with one progress, and patient once it is under way."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from engines import edges
from engines.core.run import Answer, Job
from gateway.errors import JobTimedOut, QueueFull
from gateway.pool import Snapshot
from gateway.store.scratch import Scratch
from gateway.store.storage import Storage
from gateway.tasks.task import Task
from gateway.tasks.work import Run

pytestmark = pytest.mark.anyio

SLOTS = 2
DONE = Answer(b"", "text/plain")
FULL = QueueFull("full", retry_after_seconds=0)

Compute = Callable[[Job, Callable[[float], None]], Awaitable[None]]


class ScriptedPool:
    """Two slots that do what a test says; `most` ran at once, and those in `ended` have ended."""

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self.running = self.most = 0
        self.ended = list[str]()

    async def run(self, job: Job, *, progress: Callable[[float], None], **_: Any) -> Answer:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self._compute(job, progress)
        finally:
            self.running -= 1
            self.ended.append(job.names[0])
        return DONE

    def snapshot(self) -> Snapshot:
        return Snapshot(pids=(1,) * SLOTS)


def jobs(names: str) -> list[Job]:
    return [Job("edges", (b"",), edges.Params(), "", names=(name,)) for name in names]


def run_in(pool: ScriptedPool, tmp_path: Path) -> Run:
    task, storage = cast(Task, _Named()), cast(Storage, None)
    return Run(task, storage, Scratch(tmp_path), cast(Any, pool), 1, lambda *_: None)


class _Named:
    owner = "ada"
    id = "1"


async def test_as_many_jobs_run_at_once_as_there_are_slots(tmp_path: Path) -> None:
    async def compute(job: Job, tell: Callable[[float], None]) -> None:
        await asyncio.sleep(0)

    pool = ScriptedPool(compute)
    answers = await run_in(pool, tmp_path).compute_all(jobs("abcde"))
    assert len(answers) == 5
    assert pool.most == SLOTS


async def test_progress_is_that_of_all_jobs(tmp_path: Path) -> None:
    seen = list[float]()

    async def compute(job: Job, tell: Callable[[float], None]) -> None:
        tell(0.5)
        seen.append(run.progress)

    run = run_in(ScriptedPool(compute), tmp_path)
    await run.compute_all(jobs("ab"), since=0.2, until=0.6)
    assert seen == pytest.approx([0.3, 0.5])
    assert run.progress == pytest.approx(0.6)


async def test_what_an_answer_leaves_to_be_done_is_done_as_well(tmp_path: Path) -> None:
    seen, left = list[float](), iter(jobs("bc"))

    async def compute(job: Job, tell: Callable[[float], None]) -> None:
        tell(0.5)
        seen.append(run.progress)

    pool = ScriptedPool(compute)
    run = run_in(pool, tmp_path)
    await run.compute_all(jobs("a"), lambda answer: next(left, None))
    assert pool.ended == ["a", "b", "c"]
    assert seen == [0.5, 0.75, 0.875]


@pytest.mark.parametrize("end", ["refused", "cancelled"])
async def test_when_one_job_ends_the_task_none_goes_on(tmp_path: Path, end: str) -> None:
    async def compute(job: Job, tell: Callable[[float], None]) -> None:
        if job.names == ("a",):
            await asyncio.sleep(0)
            if end == "cancelled":
                computing.cancel()
            else:
                raise JobTimedOut("late")
        await asyncio.Event().wait()

    pool = ScriptedPool(compute)
    computing = asyncio.create_task(run_in(pool, tmp_path).compute_all(jobs("abcd")))
    with pytest.raises(JobTimedOut if end == "refused" else asyncio.CancelledError):
        await computing
    assert pool.running == 0
    assert "d" not in pool.ended


async def test_a_full_queue_puts_a_task_off_only_before_its_first_job(tmp_path: Path) -> None:
    full = iter([True, False, True, True, False])

    async def compute(job: Job, tell: Callable[[float], None]) -> None:
        if next(full):
            raise FULL

    run = run_in(ScriptedPool(compute), tmp_path)
    with pytest.raises(QueueFull):
        await run.compute(*jobs("a"))
    assert await run.compute(*jobs("a")) == DONE
    assert await run.compute(*jobs("b")) == DONE
