"""Waiting for tasks that this or another gateway changes."""

import asyncio

import pytest
from sqlalchemy import Engine

from gateway.tasks.bell import Bell
from gateway.tasks.queue import Ending, TaskQueue
from gateway.tasks.watch import Watch
from tests.gateway.tasks.rows import WORKS, Clock, add, queue_of
from tests.serving import WAIT_SECONDS

pytestmark = pytest.mark.anyio


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
def queue(sqlite: Engine, time: Clock) -> TaskQueue:
    return queue_of(sqlite, time)


def watch_of(queue: TaskQueue, *, is_ending: bool = False) -> Watch:
    return Watch(queue, Bell(), lambda: is_ending)


@pytest.mark.parametrize("ahead_seconds", [1, -1])
async def test_who_waits_is_told_of_what_another_gateway_does_whatever_its_clock_says(
    queue: TaskQueue, sqlite: Engine, time: Clock, ahead_seconds: int
) -> None:
    task, watch = await add(queue), watch_of(queue)
    waiting = [asyncio.create_task(watch.changed(task.id, task.updated_at, 60)) for _ in range(3)]
    await asyncio.sleep(0)
    claimed = await queue.claim()
    assert claimed is not None
    time.now += ahead_seconds
    await queue_of(sqlite, time).finish(claimed, Ending({}))
    async with asyncio.timeout(WAIT_SECONDS):
        await asyncio.gather(*waiting)


async def test_a_task_that_was_changed_before_somebody_waits_is_not_waited_for(
    queue: TaskQueue, time: Clock
) -> None:
    task = await add(queue)
    time.now += 1
    await queue.claim()
    async with asyncio.timeout(WAIT_SECONDS):
        await watch_of(queue).changed(task.id, task.updated_at, 2 * WAIT_SECONDS)


async def test_a_deleted_task_is_not_waited_for(queue: TaskQueue) -> None:
    task = await add(queue)
    await queue.delete(task.owner, WORKS, task.id)
    async with asyncio.timeout(WAIT_SECONDS):
        await watch_of(queue).changed(task.id, task.updated_at, 2 * WAIT_SECONDS)


async def test_nobody_waits_for_a_gateway_that_ends(queue: TaskQueue) -> None:
    task = await add(queue)
    async with asyncio.timeout(WAIT_SECONDS):
        watch = watch_of(queue, is_ending=True)
        await watch.changed(task.id, task.updated_at, 2 * WAIT_SECONDS)


async def test_waiting_ends_when_nothing_happens(queue: TaskQueue) -> None:
    task = await add(queue)
    await watch_of(queue).changed(task.id, task.updated_at, 0.01)


async def test_a_ring_that_came_before_the_wait_is_not_missed() -> None:
    bell = Bell()
    rung = bell.rung
    bell.ring()
    async with asyncio.timeout(WAIT_SECONDS):
        await bell.wait(rung, 2 * WAIT_SECONDS)


async def test_a_wait_that_is_cancelled_as_the_bell_rings_is_cancelled() -> None:
    bell = Bell()

    async def wait_for_ever() -> None:
        while True:
            await bell.wait(bell.rung, 60)

    waiting = asyncio.create_task(wait_for_ever())
    await asyncio.sleep(0)
    bell.ring()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(waiting, WAIT_SECONDS)
