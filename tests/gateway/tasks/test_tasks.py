"""Tasks as dialects queue them: what is stored, and what is left when a request is abandoned."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine

from engines.core.shapes import File
from gateway.errors import TooManyTasks
from gateway.store.scratch import DiskFile
from gateway.store.storage import Storage
from gateway.tasks.bell import Bell
from gateway.tasks.queue import Quota, TaskQueue
from gateway.tasks.task import TASKS, Asked, StoredFile, Task
from gateway.tasks.tasks import Tasks
from gateway.tasks.watch import Watch
from tests.gateway.tasks.rows import ASKED, WORKS, Clock, queue_of

pytestmark = pytest.mark.anyio

PICTURE = File("image", "image/png", b"picture")


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(f"file://{tmp_path / 'blobs'}")


def tasks_of(queue: TaskQueue, storage: Storage) -> Tasks:
    bell = Bell()
    return Tasks(queue, storage, bell, Watch(queue, bell, lambda: False))


async def test_a_request_abandoned_as_its_task_is_written_leaves_it_whole(
    sqlite: Engine, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = queue_of(sqlite, Clock())
    add = queue.add

    async def abandoned(id: str, asked: Asked, inputs: Sequence[StoredFile]) -> Task:
        await add(id, asked, inputs)
        raise asyncio.CancelledError  # as `Threads` does when what has begun has ended

    monkeypatch.setattr(queue, "add", abandoned)
    tasks = tasks_of(queue, storage)
    with pytest.raises(asyncio.CancelledError):
        await tasks.add(ASKED, [PICTURE])
    _, (task,) = await tasks.page(ASKED.owner, WORKS, offset=0, limit=1)
    assert await tasks.input(task, 0) == PICTURE.data


async def test_a_file_on_disk_is_taken_as_one_in_memory_is(
    sqlite: Engine, storage: Storage, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.write_bytes(b"video")
    tasks = tasks_of(queue_of(sqlite, Clock()), storage)
    task = await tasks.add(ASKED, [PICTURE, DiskFile("ride.mp4", "video/mp4", sent)])
    assert task.inputs[1] == StoredFile("ride.mp4", "video/mp4", 5)
    assert await tasks.input(task, 1) == b"video"


async def test_a_file_without_room_is_not_copied(
    sqlite: Engine, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = list[str]()
    monkeypatch.setattr(storage, "put", put.append)
    queue = queue_of(sqlite, Clock(), quota=Quota(unfinished=9, stored_bytes=len(PICTURE.data) - 1))
    with pytest.raises(TooManyTasks):
        await tasks_of(queue, storage).add(ASKED, [PICTURE])
    assert put == []


async def test_a_task_that_is_refused_leaves_no_file(sqlite: Engine, storage: Storage) -> None:
    queue = queue_of(sqlite, Clock(), quota=Quota(unfinished=0, stored_bytes=1000))
    with pytest.raises(TooManyTasks):
        await tasks_of(queue, storage).add(ASKED, [PICTURE])
    assert await storage.children(TASKS) == []
