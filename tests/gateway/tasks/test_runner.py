"""Tasks being performed: what becomes of an outcome, of a refusal, of a fault, and at the end."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from engines.core.errors import BadParameter
from engines.core.shapes import File
from gateway.errors import EnginesUnreachable, QueueFull, StateUnreachable
from gateway.metrics import Metrics
from gateway.pool import Pool, Timing
from gateway.store.scratch import REMOVING_THREADS, DiskFile, Scratch
from gateway.store.storage import Storage
from gateway.tasks.bell import Bell
from gateway.tasks.queue import LEASE_SECONDS, TASK_BYTES, TaskQueue
from gateway.tasks.runner import Runner
from gateway.tasks.status import Status
from gateway.tasks.task import StoredFile, Task, folder, input_name, result_folder
from gateway.tasks.watch import Watch
from gateway.tasks.work import Perform, Run, TaskResult, Work
from gateway.tracing import Tracing
from tests.gateway.pool.running import until
from tests.gateway.tasks.rows import ASKED, SINGLE, WORKS, Clock, add, queue_of
from tests.serving import WAIT_SECONDS

pytestmark = pytest.mark.anyio

NO_POOL = cast(Pool, None)


class NotedTracing(Tracing):
    """Notes what it is told of tasks."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    @contextmanager
    def task(self, work: str, name: str) -> Iterator[None]:
        self.noted.append(f"{work} {name}")
        yield
        self.noted.append("end")

    def computed(self, engine: str, timing: Timing) -> None:
        self.noted.append(engine)


class Gateway:
    """What of a gateway process performs tasks, and a way to wait for their end."""

    def __init__(self, database: Engine, folder: Path, clock: Clock | None = None) -> None:
        self.queue: TaskQueue = queue_of(database, clock or Clock())
        self.storage = Storage(f"file://{folder / 'blobs'}")
        self.scratch_folder = folder / "scratch"
        self.scratch_folder.mkdir()
        self.bell = Bell()
        self.metrics = Metrics()
        self.tracing = NotedTracing()
        self.watch = Watch(self.queue, self.bell, lambda: False)

    @asynccontextmanager
    async def performing(self, perform: Perform, places: int = 2) -> AsyncIterator[None]:
        runner = Runner(
            self.queue,
            self.storage,
            Scratch(self.scratch_folder),
            NO_POOL,
            {SINGLE: Work(SINGLE, perform)},
            self.bell,
            Bell(),
            places=places,
            poll_seconds=0.01,
            deadline_seconds=20,
            metrics=self.metrics,
            tracing=self.tracing,
        )
        running = asyncio.create_task(runner.run())
        try:
            yield
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def until(self, task: Task, holds: Callable[[Task], bool]) -> Task:
        """The task as soon as something holds of it."""
        while not holds(found := await self.queue.get(task.owner, WORKS, task.id)):
            await self.watch.changed(task.id, found.updated_at, 1)
        return found


@pytest.fixture
def database(sqlite: Engine) -> Engine:
    return sqlite


@pytest.fixture
def gateway(database: Engine, tmp_path: Path) -> Gateway:
    return Gateway(database, tmp_path)


def is_finished(task: Task) -> bool:
    return task.is_finished


async def test_an_outcome_is_kept_with_its_files(gateway: Gateway) -> None:
    async def perform(run: Run) -> TaskResult:
        return TaskResult({"found": 3}, (File("matches.png", "image/png", b"picture"),))

    task = await add(gateway.queue)
    async with gateway.performing(perform):
        done = await gateway.until(task, is_finished)
    assert (done.status, done.told) == (Status.DONE, {"found": 3})
    name = f"{result_folder(done.id, done.lease)}/{done.files[0].name}"
    assert await gateway.storage.get(name) == b"picture"


async def test_a_task_that_ended_is_counted(gateway: Gateway) -> None:
    async def perform(run: Run) -> TaskResult:
        return TaskResult({})

    await add(gateway.queue)
    counted = f'pixelgate_tasks_total{{status="{Status.DONE}",work="{SINGLE}"}} 1.0'.encode()
    async with gateway.performing(perform):
        await until(lambda: counted in gateway.metrics.exposition())


async def test_what_an_attempt_computes_belongs_to_its_trace(gateway: Gateway) -> None:
    async def perform(run: Run) -> TaskResult:
        run.observe("edges", Timing(2.0))
        return TaskResult({})

    task = await add(gateway.queue)
    async with gateway.performing(perform):
        await gateway.until(task, is_finished)
    assert gateway.tracing.noted == [f"{SINGLE} {task.id}", "edges", "end"]


async def test_a_result_for_which_its_caller_has_no_room_is_not_stored(gateway: Gateway) -> None:
    async def perform(run: Run) -> TaskResult:
        return TaskResult({}, (File("matches.png", "image/png", bytes(19 * TASK_BYTES)),))

    task = await add(gateway.queue, [StoredFile("image", "image/png", 1)])
    async with gateway.performing(perform):
        done = await gateway.until(task, is_finished)
    assert done.failure is not None
    assert (done.failure.status, done.failure.word) == (429, "too_many_tasks")
    assert await gateway.storage.children(folder(done.id)) == []


async def test_a_result_on_disk_is_kept_as_one_in_memory_is(gateway: Gateway) -> None:
    async def perform(run: Run) -> TaskResult:
        made = run.folder() / "made"
        made.write_bytes(b"video")
        return TaskResult({}, (DiskFile("anonymised.mp4", "video/mp4", made),))

    task = await add(gateway.queue)
    async with gateway.performing(perform):
        done = await gateway.until(task, is_finished)
    assert done.files == (StoredFile("anonymised.mp4", "video/mp4", 5),)
    name = f"{result_folder(done.id, done.lease)}/anonymised.mp4"
    assert await gateway.storage.get(name) == b"video"


async def test_a_result_on_disk_needs_room_too(gateway: Gateway) -> None:
    async def perform(run: Run) -> TaskResult:
        made = run.folder() / "made"
        made.write_bytes(bytes(20 * TASK_BYTES))
        return TaskResult({}, (DiskFile("anonymised.mp4", "video/mp4", made),))

    task = await add(gateway.queue)
    async with gateway.performing(perform):
        failure = (await gateway.until(task, is_finished)).failure
    assert failure is not None
    assert failure.word == "too_many_tasks"


async def test_what_was_sent_is_found_in_the_attempts_folder(gateway: Gateway) -> None:
    async def perform(run: Run) -> TaskResult:
        path = await run.path(1)
        return TaskResult({"sent": path.read_text(), "is_inside": path.parent == run.folder()})

    id = str(uuid4())
    for place, content in enumerate((b"first", b"second")):
        await gateway.storage.put(input_name(id, place), content)
    sent = [StoredFile(name, "video/mp4", 6) for name in ("a.mp4", "b.mp4")]
    task = await gateway.queue.add(id, ASKED, sent)
    async with gateway.performing(perform):
        done = await gateway.until(task, is_finished)
    assert done.told == {"sent": "second", "is_inside": True}


@pytest.mark.parametrize("error", [None, BadParameter("9"), ZeroDivisionError(), QueueFull("256")])
async def test_an_attempts_folder_goes_with_it(gateway: Gateway, error: Exception | None) -> None:
    ended = asyncio.Event()

    async def perform(run: Run) -> TaskResult:
        (run.folder() / "made").write_bytes(b"video")
        ended.set()
        if error:
            raise error
        return TaskResult({})

    await add(gateway.queue)
    async with gateway.performing(perform):
        await ended.wait()
    assert await REMOVING_THREADS.run(os.listdir, gateway.scratch_folder) == []


async def test_a_folder_goes_where_its_gateway_ends_before_the_work(gateway: Gateway) -> None:
    begun = asyncio.Event()

    async def perform(run: Run) -> TaskResult:
        (run.folder() / "made").write_bytes(b"video")
        begun.set()
        return await never_end(run)

    await add(gateway.queue)
    async with gateway.performing(perform):
        await begun.wait()
        assert len(os.listdir(gateway.scratch_folder)) == 1
    assert await REMOVING_THREADS.run(os.listdir, gateway.scratch_folder) == []


async def test_a_refusal_is_told_and_a_fault_is_not(gateway: Gateway) -> None:
    async def perform(run: Run) -> TaskResult:
        error = BadParameter if run.task.params["is_refused"] else ZeroDivisionError
        raise error("radius is 9; expected 0 to 3.")

    tasks = [await add(gateway.queue, params={"is_refused": one}) for one in (True, False)]
    async with gateway.performing(perform):
        refused, faulty = [(await gateway.until(task, is_finished)).failure for task in tasks]
    assert refused is not None
    assert faulty is not None
    assert (refused.status, refused.message) == (422, "radius is 9; expected 0 to 3.")
    assert faulty.status == 500
    assert "radius" not in faulty.message


async def test_a_task_that_finds_the_pool_full_or_no_database_or_storage_comes_again(
    database: Engine, tmp_path: Path
) -> None:
    away = OperationalError("SELECT", {}, OSError("connection refused"))
    full, apart = QueueFull("256 jobs wait."), EnginesUnreachable("No engine is within reach.")
    clock, refusals = Clock(), [full, away, apart, StateUnreachable.just_now()]

    async def perform(run: Run) -> TaskResult:
        clock.now += 1  # later it may be claimed again
        if refusals:
            raise refusals.pop()
        return TaskResult({})

    gateway = Gateway(database, tmp_path, clock)
    task = await add(gateway.queue)
    async with gateway.performing(perform):
        clock.now += 1
        done = await gateway.until(task, lambda one: one.is_finished or moved(clock))
    assert (done.status, done.attempts) == (Status.DONE, 1)


def moved(clock: Clock) -> bool:
    """Let time go by while a test waits."""
    clock.now += 1
    return False


async def test_no_more_tasks_are_performed_at_once_than_there_are_places(gateway: Gateway) -> None:
    at_once, most, three = 0, 0, asyncio.Barrier(3)

    async def perform(run: Run) -> TaskResult:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await three.wait()
        at_once -= 1
        return TaskResult({})

    tasks = [await add(gateway.queue) for _ in range(6)]
    async with gateway.performing(perform, places=3):
        for task in tasks:
            await gateway.until(task, is_finished)
    assert most == 3


async def never_end(run: Run) -> TaskResult:
    await asyncio.Event().wait()
    raise AssertionError


async def test_what_a_gateway_that_ends_has_not_finished_is_queued_again(gateway: Gateway) -> None:
    task = await add(gateway.queue)
    async with gateway.performing(never_end):
        await gateway.until(task, lambda one: one.status is Status.PROCESSING)
    left = await gateway.queue.get(task.owner, WORKS, task.id)
    assert (left.status, left.attempts) == (Status.QUEUED, 0)


async def test_a_task_that_is_leased_while_a_gateway_ends_is_queued_again(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, claim = asyncio.get_running_loop(), gateway.queue._claim
    claiming, ending = asyncio.Event(), threading.Event()

    def claim_late() -> Task | None:
        loop.call_soon_threadsafe(claiming.set)
        assert ending.wait(WAIT_SECONDS)
        return claim()

    monkeypatch.setattr(gateway.queue, "_claim", claim_late)
    task = await add(gateway.queue)
    async with gateway.performing(never_end):
        await claiming.wait()
        loop.call_later(0.05, ending.set)  # once the end has come to whoever claims
    left = await gateway.queue.get(task.owner, WORKS, task.id)
    assert (left.status, left.attempts) == (Status.QUEUED, 0)


async def test_the_work_of_a_deleted_task_is_stopped(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.tasks.runner.BEAT_SECONDS", 0.01)
    begun, stopped = asyncio.Event(), asyncio.Event()

    async def perform(run: Run) -> TaskResult:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()
        raise AssertionError

    task = await add(gateway.queue)
    async with gateway.performing(perform):
        await begun.wait()
        await gateway.queue.delete(task.owner, WORKS, task.id)
        await stopped.wait()


async def test_what_was_computed_for_a_lost_lease_is_thrown_away(
    database: Engine, tmp_path: Path
) -> None:
    clock = Clock()
    gateway, taken = Gateway(database, tmp_path, clock), asyncio.Event()

    async def perform(run: Run) -> TaskResult:
        clock.now += LEASE_SECONDS
        assert await gateway.queue.claim() is not None
        taken.set()
        return TaskResult({}, (File("matches.png", "image/png", b"picture"),))

    task = await add(gateway.queue)
    async with gateway.performing(perform, places=1):
        rung = gateway.bell.rung
        await taken.wait()
        await gateway.bell.wait(rung, WAIT_SECONDS)  # rung when a place is free again
    begun = await gateway.queue.get(task.owner, WORKS, task.id)
    assert (begun.status, begun.attempts) == (Status.PROCESSING, 2)
    assert await gateway.storage.children(folder(task.id)) == []


async def test_progress_is_told_while_the_work_goes_on(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.tasks.runner.BEAT_SECONDS", 0.01)
    seen = asyncio.Event()

    async def perform(run: Run) -> TaskResult:
        run.progress = 0.4
        await seen.wait()
        return TaskResult({})

    task = await add(gateway.queue)
    async with gateway.performing(perform):
        await gateway.until(task, lambda one: one.progress == 0.4)
        seen.set()
        assert (await gateway.until(task, is_finished)).progress == 1


async def test_an_end_waits_for_the_database_to_come_back(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.database.RETRY_SECONDS", 0)
    finish, failures = gateway.queue._finish, iter([True, True])

    def fail_twice(*args: object) -> bool:
        if next(failures, False):
            raise OperationalError("UPDATE", {}, OSError("connection refused"))
        return finish(*args)  # type: ignore[arg-type]

    async def perform(run: Run) -> TaskResult:
        return TaskResult({})

    monkeypatch.setattr(gateway.queue, "_finish", fail_twice)
    task = await add(gateway.queue)
    async with gateway.performing(perform):
        assert (await gateway.until(task, is_finished)).status is Status.DONE


async def test_a_result_is_kept_where_the_databases_answer_to_its_end_was_lost(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.store.database.RETRY_SECONDS", 0)
    finish, losses = gateway.queue._finish, iter([True])

    def lose_the_answer(*args: object) -> bool:
        is_ended = finish(*args)  # type: ignore[arg-type]
        if next(losses, False):
            raise OperationalError("COMMIT", {}, OSError("connection reset"))
        return is_ended

    async def perform(run: Run) -> TaskResult:
        return TaskResult({}, (File("matches.png", "image/png", b"picture"),))

    monkeypatch.setattr(gateway.queue, "_finish", lose_the_answer)
    task, later = await add(gateway.queue), await add(gateway.queue)
    async with gateway.performing(perform, places=1):
        await gateway.until(later, is_finished)
    done = await gateway.queue.get(task.owner, WORKS, task.id)
    name = f"{result_folder(done.id, done.lease)}/{done.files[0].name}"
    assert await gateway.storage.get(name) == b"picture"
