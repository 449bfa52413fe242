"""What is swept away, and what never is."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from gateway.store.storage import Storage
from gateway.tasks.queue import Ending, TaskQueue
from gateway.tasks.sweeper import Sweeper
from gateway.tasks.task import TASKS, input_name
from tests.gateway.tasks.rows import WORKS, Clock, add, queue_of

pytestmark = pytest.mark.anyio

KEEP_SECONDS = 100


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
def queue(sqlite: Engine, time: Clock) -> TaskQueue:
    return queue_of(sqlite, time)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(f"file://{tmp_path / 'blobs'}")


@pytest.fixture
def sweeper(queue: TaskQueue, storage: Storage, time: Clock) -> Sweeper:
    return Sweeper(queue, storage, keep_seconds=KEEP_SECONDS, clock=time)


async def test_a_task_goes_with_its_files_when_its_time_is_over(
    queue: TaskQueue, storage: Storage, sweeper: Sweeper, time: Clock
) -> None:
    old, waiting = await add(queue), await add(queue)
    for task in (old, waiting):
        await storage.put(input_name(task.id, 0), b"picture")
    claimed = await queue.claim()
    assert claimed is not None
    await queue.finish(claimed, Ending({}))
    await sweeper.sweep()
    assert len(await storage.children(TASKS)) == 2
    time.now += KEEP_SECONDS + 1
    await sweeper.sweep()
    assert await storage.children(TASKS) == [waiting.id]
    assert (await queue.page("ada", WORKS, offset=0, limit=9))[0] == 1


async def test_files_without_a_task_go_if_they_are_still_there_at_the_next_sweep(
    storage: Storage, sweeper: Sweeper
) -> None:
    await storage.put(input_name("of-a-killed-gateway", 0), b"picture")
    await sweeper.sweep()
    assert await storage.children(TASKS) == ["of-a-killed-gateway"]
    await storage.put(input_name("just-being-sent", 0), b"picture")
    await sweeper.sweep()
    assert await storage.children(TASKS) == ["just-being-sent"]
