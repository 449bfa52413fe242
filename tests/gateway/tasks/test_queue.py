"""The queue of tasks, on SQLite and on PostgreSQL: leases, turns, quotas, and whose is what."""

import asyncio
import shutil
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from gateway.errors import RequestKeyReused, TooManyTasks, UnknownTask
from gateway.store import database as database_module
from gateway.store.database import open_database
from gateway.tasks.queue import (
    LEASE_SECONDS,
    MOST_ATTEMPTS,
    TASK_BYTES,
    Ending,
    Quota,
    TaskQueue,
)
from gateway.tasks.status import Status
from gateway.tasks.task import Failure, StoredFile, Task
from tests.filled import WORK, fill
from tests.gateway.tasks.rows import OTHER, SINGLE, WORKS, Clock, add, queue_of

pytestmark = pytest.mark.anyio

DONE = Ending({"score": 0.5}, (StoredFile("matches.png", "image/png", 7),))
CLAIM_ALL = """
import asyncio, sys
from gateway.store.database import open_database
from tests.gateway.tasks.rows import Clock, queue_of

async def main():
    clock = Clock()
    clock.now += 1
    queue = queue_of(open_database(sys.argv[1]), clock)
    while claimed := await queue.claim():
        print(claimed.id)

asyncio.run(main())
"""


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
def queue(database: Engine, time: Clock) -> TaskQueue:
    return queue_of(database, time)


async def claim_one(queue: TaskQueue) -> Task:
    task = await queue.claim()
    assert task is not None
    return task


async def test_a_task_is_queued_then_processing_then_done(queue: TaskQueue) -> None:
    added = await add(queue)
    claimed = await claim_one(queue)
    assert await queue.finish(claimed, DONE)
    done = await queue.get("ada", WORKS, added.id)
    assert [one.status for one in (added, claimed, done)] == ["queued", "processing", "done"]
    assert (done.told, done.files, done.progress) == (DONE.told, DONE.files, 1)
    assert done.params == {"radius": 1}


async def test_a_task_ends_with_what_it_failed_of(queue: TaskQueue) -> None:
    failure = Failure(422, "out_of_range", "radius is 9; expected 0 to 3.", ("radius is 9.",))
    task = await add(queue)
    await queue.finish(await claim_one(queue), Ending(failure=failure))
    ended = await queue.get("ada", WORKS, task.id)
    assert (ended.status, ended.failure, ended.told) == (Status.ERROR, failure, None)


async def test_a_leased_task_is_nobody_elses(queue: TaskQueue) -> None:
    await add(queue)
    await claim_one(queue)
    assert await queue.claim() is None


async def test_a_lease_that_ran_out_is_taken_over_and_its_first_holder_ends_nothing(
    queue: TaskQueue, time: Clock
) -> None:
    await add(queue)
    first = await claim_one(queue)
    time.now += LEASE_SECONDS
    second = await claim_one(queue)
    assert second.attempts == 2
    assert not await queue.finish(first, Ending({"by": "first"}))
    assert await queue.finish(second, Ending({"by": "second"}))
    # Whoever asks again, since the first answer was lost, is told that it has ended.
    assert await queue.finish(second, Ending({"by": "second, again"}))
    assert (await queue.get("ada", WORKS, first.id)).told == {"by": "second"}


async def test_a_renewed_lease_does_not_run_out(queue: TaskQueue, time: Clock) -> None:
    await add(queue)
    task = await claim_one(queue)
    for share in (0.2, 0.4, 0.6):
        time.now += LEASE_SECONDS - 1
        assert await queue.renew({task.lease: share}) == set()
        assert await queue.claim() is None
    assert (await queue.get("ada", WORKS, task.id)).progress == 0.6


async def test_who_has_lost_a_lease_is_told_when_it_renews(queue: TaskQueue, time: Clock) -> None:
    tasks = [await add(queue), await add(queue)]
    first, second = await claim_one(queue), await claim_one(queue)
    await queue.delete("ada", WORKS, first.id)
    assert await queue.renew({first.lease: 0, second.lease: 0}) == {first.lease}
    assert len(tasks) == 2


async def test_a_task_that_ends_its_gateway_again_and_again_is_given_up(
    queue: TaskQueue, time: Clock
) -> None:
    task = await add(queue)
    for _ in range(MOST_ATTEMPTS):
        await claim_one(queue)
        time.now += LEASE_SECONDS
    assert await queue.claim() is None
    ended = await queue.get("ada", WORKS, task.id)
    assert ended.failure is not None
    assert (ended.status, ended.failure.status) == (Status.ERROR, 503)


async def test_a_released_task_was_not_begun_and_waits_as_long_as_it_should(
    queue: TaskQueue, time: Clock
) -> None:
    await add(queue)
    await queue.release(await claim_one(queue), 5)
    assert await queue.claim() is None
    time.now += 5
    assert (await claim_one(queue)).attempts == 1


async def test_callers_take_turns(queue: TaskQueue, time: Clock) -> None:
    for owner in ("ada", "ada", "ada", "bob"):
        await add(queue, owner=owner)
        time.now += 1
    assert (await claim_one(queue)).owner == "ada"
    for owner in ("eve", "eve"):
        await add(queue, owner=owner)
        time.now += 1
    order = [(await claim_one(queue)).owner for _ in range(5)]
    assert order == ["bob", "eve", "ada", "eve", "ada"]


async def test_of_one_caller_the_first_comes_first(queue: TaskQueue, time: Clock) -> None:
    added = []
    for _ in range(4):
        added.append(await add(queue))
        time.now += 1
    claimed = [await claim_one(queue) for _ in added]
    assert [task.id for task in claimed] == [task.id for task in added]


async def test_nobody_sees_anothers_task(queue: TaskQueue) -> None:
    task = await add(queue, owner="ada")
    with pytest.raises(UnknownTask):
        await queue.get("bob", WORKS, task.id)
    with pytest.raises(UnknownTask):
        await queue.delete("bob", WORKS, task.id)
    assert await queue.page("bob", WORKS, offset=0, limit=10) == (0, [])
    assert (await queue.get("ada", WORKS, task.id)).id == task.id


async def test_only_kinds_that_a_caller_may_see_are_there(queue: TaskQueue) -> None:
    task = await add(queue, work=OTHER)
    with pytest.raises(UnknownTask):
        await queue.get("ada", [SINGLE], task.id)
    assert await queue.page("ada", [SINGLE], offset=0, limit=10) == (0, [])
    assert (await queue.page("ada", [OTHER], offset=0, limit=10))[0] == 1


async def test_pages_have_the_newest_first(queue: TaskQueue, time: Clock) -> None:
    added = []
    for _ in range(5):
        added.append((await add(queue)).id)
        time.now += 1
    total, page = await queue.page("ada", WORKS, offset=1, limit=2)
    assert (total, [task.id for task in page]) == (5, [added[3], added[2]])


async def test_a_caller_has_no_more_unfinished_tasks_than_it_may(
    database: Engine, time: Clock
) -> None:
    queue = queue_of(database, time, quota=Quota(unfinished=2, stored_bytes=20 * TASK_BYTES))
    await add(queue)
    await add(queue)
    with pytest.raises(TooManyTasks, match="2 unfinished"):
        await add(queue)
    await add(queue, owner="bob")
    await queue.finish(await claim_one(queue), Ending({}))
    await add(queue)


async def test_a_callers_files_have_no_more_bytes_than_they_may(
    database: Engine, time: Clock
) -> None:
    most = 2 * TASK_BYTES + 10
    queue = queue_of(database, time, quota=Quota(unfinished=100, stored_bytes=most))
    task = await add(queue, inputs=[StoredFile("image", "image/png", 3)])
    await queue.finish(await claim_one(queue), DONE)
    with pytest.raises(TooManyTasks, match=f"{most:,} bytes"):
        await add(queue, inputs=[StoredFile("image", "image/png", 1)])
    await queue.delete("ada", WORKS, task.id)
    await add(queue, inputs=[StoredFile("image", "image/png", TASK_BYTES + 10)])


async def test_finished_tasks_of_a_few_bytes_are_not_without_number(
    database: Engine, time: Clock
) -> None:
    quota = Quota(unfinished=100, stored_bytes=2 * TASK_BYTES)
    queue = queue_of(database, time, quota=quota)
    for _ in range(2):
        await add(queue)
        await queue.finish(await claim_one(queue), Ending({}))
    with pytest.raises(TooManyTasks):
        await add(queue)


async def test_the_same_request_key_is_the_same_task(queue: TaskQueue) -> None:
    named: dict[str, Any] = {"request_key": "k", "request_digest": "d"}
    first, second = await add(queue, **named), await add(queue, **named)
    assert first.id == second.id
    assert (await add(queue, owner="bob", **named)).id != first.id
    with pytest.raises(RequestKeyReused):
        await add(queue, request_key="k", request_digest="another")


async def test_of_many_requests_with_one_key_at_once_there_is_one_task(queue: TaskQueue) -> None:
    named: dict[str, Any] = {"request_key": "k", "request_digest": "d"}
    added = await asyncio.gather(*(add(queue, **named) for _ in range(8)))
    assert len({task.id for task in added}) == 1


async def test_what_is_announced_is_written_with_the_end_and_once(
    database: Engine, time: Clock
) -> None:
    with database.begin() as connection:
        connection.execute(text("CREATE TABLE told (status TEXT)"))

    def announce(connection: Connection, task: Task) -> None:
        connection.execute(text("INSERT INTO told VALUES (:status)"), {"status": task.status})

    queue = queue_of(database, time, announce=announce)
    await add(queue)
    task = await claim_one(queue)
    await queue.finish(task, Ending({}))
    await queue.finish(task, Ending({}))
    with database.connect() as connection:
        assert connection.execute(text("SELECT status FROM told")).scalars().all() == ["done"]


async def test_an_end_whose_announcement_fails_is_none(database: Engine, time: Clock) -> None:
    def announce(connection: Connection, task: Task) -> None:
        raise OSError("The disk is full.")

    queue = queue_of(database, time, announce=announce)
    task = await add(queue)
    with pytest.raises(OSError, match="full"):
        await queue.finish(await claim_one(queue), Ending({}))
    assert (await queue.get("ada", WORKS, task.id)).status is Status.PROCESSING


async def test_old_tasks_are_forgotten_and_unfinished_ones_never(
    queue: TaskQueue, time: Clock
) -> None:
    old, unfinished = await add(queue), await add(queue)
    await queue.finish(await claim_one(queue), Ending({}))
    time.now += 100
    assert await queue.expired(time.now - 100, 10) == []
    assert await queue.expired(time.now - 99, 10) == [old.id]
    assert (await queue.page("ada", WORKS, offset=0, limit=10))[1][0].id == unfinished.id


async def test_work_that_this_gateway_does_not_know_is_left_to_others(
    queue: TaskQueue, database: Engine
) -> None:
    await add(queue, work="test.of_a_newer_version")
    assert await queue.claim() is None


async def test_processes_that_claim_at_once_share_the_tasks(
    queue: TaskQueue, database_url: str
) -> None:
    ids = [(await add(queue, owner=str(place % 5))).id for place in range(60)]
    command = [sys.executable, "-c", CLAIM_ALL, database_url]
    claiming = [await asyncio.create_subprocess_exec(*command, stdout=PIPE) for _ in range(3)]
    said = await asyncio.gather(*(one.communicate() for one in claiming))
    assert Counter(id for claimed, _ in said for id in claimed.decode().split()) == Counter(ids)


async def test_a_task_without_its_files_keeps_its_row_and_has_room_again(
    database: Engine, time: Clock
) -> None:
    queue = queue_of(database, time, quota=Quota(unfinished=100, stored_bytes=2 * TASK_BYTES))
    task = await add(queue, inputs=[StoredFile("image", "image/png", TASK_BYTES)])
    await queue.strip("ada", WORKS, task.id)
    stripped = await queue.get("ada", WORKS, task.id)
    assert (stripped.inputs, stripped.files, stripped.told) == ((), (), None)
    assert stripped.failure is not None
    assert stripped.failure.word == "files_deleted"
    await add(queue)


async def test_a_task_whose_files_are_deleted_while_it_is_worked_on_is_lost(
    queue: TaskQueue,
) -> None:
    await add(queue)
    task = await claim_one(queue)
    await queue.strip("ada", WORKS, task.id)
    assert await queue.renew({task.lease: 0}) == {task.lease}
    with pytest.raises(UnknownTask):
        await queue.strip("bob", WORKS, task.id)


def totals(database: Engine) -> list[Any]:
    """What is counted, and what there is."""
    there = (
        "SELECT owner, work, count(*), sum(stored_bytes) FROM tasks "
        "GROUP BY owner, work ORDER BY owner, work"
    )
    with database.connect() as connection:
        counted = connection.execute(text("SELECT * FROM task_totals ORDER BY owner, work"))
        assert [*counted] == [*connection.execute(text(there))]
        return [*connection.execute(text("SELECT work, tasks, stored_bytes FROM task_totals"))]


async def test_what_a_callers_tasks_come_to_is_counted_as_they_come_and_go(
    database: Engine, queue: TaskQueue, time: Clock
) -> None:
    inputs = [StoredFile("image", "image/png", 100)]
    mine = [await add(queue, inputs) for _ in range(3)]
    await add(queue, owner="bob")
    await add(queue, work=OTHER)
    assert len(totals(database)) == 3
    for _ in range(5):
        await queue.finish(await claim_one(queue), DONE)
    assert (SINGLE, 3, 3 * (TASK_BYTES + 107)) in totals(database)
    await queue.strip("ada", WORKS, mine[0].id)
    await queue.delete("ada", WORKS, mine[1].id)
    assert (SINGLE, 2, 2 * TASK_BYTES + 107) in totals(database)
    assert await queue.page("ada", [OTHER], offset=0, limit=0) == (1, [])
    assert len(await queue.expired(time.now + 1, most=2)) == 2
    assert sum(row.tasks for row in totals(database)) == 2
    await queue.expired(time.now + 1, most=9)
    assert totals(database) == []


async def test_what_is_counted_is_right_however_many_change_it_at_once(
    database: Engine, time: Clock
) -> None:
    queues = [queue_of(database, time) for _ in range(4)]

    async def come_and_go(place: int) -> None:
        queue = queues[place]
        for number in range(12):
            owner = f"owner {(place + number) % 3}"
            task = await add(queue, owner=owner, work=WORKS[number % 2])
            if claimed := await queue.claim():
                await queue.finish(claimed, DONE)
            if number % 3 == 0:
                with suppress(UnknownTask):  # It was swept.
                    await queue.delete(owner, WORKS, task.id)
            if number % 4 == 0:
                await queue.expired(time.now + 1, most=4)

    await asyncio.gather(*map(come_and_go, range(len(queues))))
    totals(database)


def test_tasks_that_were_there_before_are_counted(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "older"
    ignored = shutil.ignore_patterns("0010_*", "001[1-9]_*")
    shutil.copytree(database_module.MIGRATIONS, older, ignore=ignored)
    with monkeypatch.context() as before:
        before.setattr(database_module, "MIGRATIONS", older)
        database = open_database(database_url)
        fill(database, 3)
        database.dispose()
    database = open_database(database_url)
    assert totals(database) == [(WORK, 3, 3 * TASK_BYTES)]
    database.dispose()
