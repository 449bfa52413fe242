"""The queue of tasks: rows that any number of gateways lease, renew and finish."""

import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from auth.threads import Threads
from gateway.errors import FilesDeleted, RequestKeyReused, SlotCrashed, TooManyTasks, UnknownTask
from gateway.store.database import Database
from gateway.store.tables import task_totals, tasks
from gateway.tasks.notices import notify
from gateway.tasks.status import Status
from gateway.tasks.task import (
    Asked,
    Failure,
    StoredFile,
    Task,
    as_json,
)
from gateway.tasks.work import Work

READERS = 4
WRITERS = 4
LEASE_SECONDS = 10
"""How long a gateway that says nothing keeps a task; the clocks of hosts must agree within that."""
MOST_ATTEMPTS = 5
AGAIN_SECONDS = 5
TASK_BYTES = 20_000
"""Of a task besides its files' bytes: a row, and the blocks that files and folders begin."""

_IS_UNFINISHED = tasks.c.finished_at.is_(None)
_GAVE_UP = Failure.of(
    SlotCrashed(f"The service ended {MOST_ATTEMPTS} times while it worked on this task.")
)
_STRIPPED = Failure.of(FilesDeleted("The task's files were deleted."))


@dataclass(frozen=True, slots=True)
class Quota:
    """What one caller may have.

    Args:
        unfinished: tasks that wait or are worked on.
        stored_bytes: of inputs and results, finished tasks included, and `TASK_BYTES` for each.
    """

    unfinished: int
    stored_bytes: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a task ended: what there is to say and to fetch, or why there is nothing."""

    told: dict[str, Any] | None = None
    files: tuple[StoredFile, ...] = ()
    failure: Failure | None = None

    @property
    def status(self) -> Status:
        return Status.ERROR if self.failure else Status.DONE


class TaskQueue:
    """Tasks as rows; who changes one names the lease under which it works.

    A caller asks for tasks by the kinds of work that it may see.

    Callers take turns: one that queues a hundred tasks waits longer for its last than another
    for its first.
    """

    def __init__(
        self,
        database: Database,
        *,
        quota: Quota,
        works: Mapping[str, Work],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._reads = database.execution_options(reads_only=True)
        self._quota = quota
        self._works = works
        self._clock = clock
        self._reading = Threads(READERS)
        # Who waits for SQLite's lock sleeps far longer than it is held.
        self._writing = Threads(1 if database.dialect.name == "sqlite" else WRITERS)

    async def add(self, id: str, asked: Asked, inputs: Sequence[StoredFile]) -> Task:
        """Queue a task, whose inputs are stored already; or answer the one of the same key.

        Raises:
            TooManyTasks: the caller has as many as it may, or no room for the inputs.
            RequestKeyReused: the key was used with another request.
        """
        return await self._writing.run(self._add, id, asked, inputs)

    async def claim(self) -> Task | None:
        """Lease the task whose turn it is, of the known kinds; also one whose lease ran out."""
        return await self._writing.run(self._claim)

    async def renew(self, progress: dict[str, float]) -> set[str]:
        """Keep leases and note progress, by lease; answers the leases that are lost."""
        return await self._writing.run(self._renew, progress)

    async def expect_room(self, owner: str, more_bytes: int) -> None:
        """See that so many bytes more of a caller's tasks may be stored.

        Raises:
            TooManyTasks: there is no room for them.
        """
        await self._reading.run(self._expect_room, owner, more_bytes)

    async def finish(self, task: Task, ending: Ending) -> bool:
        """End a task, unless its lease was lost; once only, however often it was begun.

        Answers whether it has ended under this lease.
        """
        return await self._writing.run(self._finish, task, ending)

    async def release(self, task: Task, after_seconds: float = 0) -> None:
        """Give a task back to the queue, as if it had not been begun."""
        await self._writing.run(self._release, task, after_seconds)

    async def get(self, owner: str, works: Collection[str], id: str) -> Task:
        """A task of a caller.

        Raises:
            UnknownTask: this caller has none of that name.
        """
        return await self._reading.run(self._get, owner, works, id)

    async def of_key(self, asked: Asked) -> Task | None:
        """The task that was asked for under the same key before.

        Raises:
            RequestKeyReused: it was asked for something else.
        """
        return await self._reading.run(self._of_key, asked)

    async def page(
        self, owner: str, works: Collection[str], *, offset: int, limit: int
    ) -> tuple[int, list[Task]]:
        """How many tasks of some kinds a caller has, and some of them, the newest first."""
        return await self._reading.run(self._page, owner, works, offset, limit)

    async def versions(self, ids: Sequence[str]) -> dict[str, float]:
        """When tasks changed last, by id; of those that are still there."""
        return await self._reading.run(self._versions, ids)

    async def delete(self, owner: str, works: Collection[str], id: str) -> None:
        """Forget a task; one that is worked on ends as lost.

        Raises:
            UnknownTask: this caller has none of that name.
        """
        await self._writing.run(self._delete, owner, works, id)

    async def strip(self, owner: str, works: Collection[str], id: str) -> None:
        """Forget a task's files and keep its row, which has ended then without a result.

        Raises:
            UnknownTask: this caller has none of that name.
        """
        await self._writing.run(self._strip, owner, works, id)

    async def expired(self, finished_before: float, most: int) -> list[str]:
        """Forget tasks that ended before a time, and answer which."""
        return await self._writing.run(self._expire, finished_before, most)

    def _add(self, id: str, asked: Asked, inputs: Sequence[StoredFile]) -> Task:
        now = self._clock()
        stored_bytes = TASK_BYTES + sum(one.bytes for one in inputs)
        try:
            with self._database.begin() as connection:
                adding = insert(tasks).values(
                    id=id,
                    **asdict(asked),
                    status=Status.QUEUED,
                    inputs=as_json(inputs),
                    files=[],
                    progress=0,
                    stored_bytes=stored_bytes,
                    turn=self._turn(connection, asked.owner, stored_bytes),
                    attempts=0,
                    due_at=now,
                    created_at=now,
                    updated_at=now,
                )
                task = Task.of(connection.execute(adding.returning(tasks)).one())
                notify(connection)
                return task
        except IntegrityError:
            same = self._of_key(asked)
            if same is None:
                raise
            return same

    def _turn(self, connection: Connection, owner: str, more_bytes: int) -> int:
        """One later than the caller's latest, and no earlier than whose turn it is now.

        Raises:
            TooManyTasks: there is no turn for one more.
        """
        own = tasks.c.owner == owner
        waiting, latest, stored, now = connection.execute(
            select(
                select(func.count()).where(own, _IS_UNFINISHED).scalar_subquery(),
                select(func.max(tasks.c.turn)).where(own, _IS_UNFINISHED).scalar_subquery(),
                _total(task_totals.c.stored_bytes, owner).scalar_subquery(),
                select(func.coalesce(func.min(tasks.c.turn), 0))
                .where(_IS_UNFINISHED)
                .scalar_subquery(),
            )
        ).one()
        if waiting >= self._quota.unfinished:
            raise TooManyTasks(
                f"The caller has {self._quota.unfinished:,} unfinished tasks; no more are taken.",
                retry_after_seconds=AGAIN_SECONDS,
            )
        self._refuse_excess(stored + more_bytes)
        return int(now) if latest is None else max(int(now), int(latest) + 1)

    def _expect_room(self, owner: str, more_bytes: int) -> None:
        with self._reads.begin() as connection:
            stored = connection.execute(_total(task_totals.c.stored_bytes, owner)).scalar_one()
        self._refuse_excess(stored + more_bytes)

    def _refuse_excess(self, stored_bytes: int) -> None:
        if stored_bytes > self._quota.stored_bytes:
            raise TooManyTasks(
                f"The caller's tasks would hold more than {self._quota.stored_bytes:,} bytes; "
                "delete some of them.",
                retry_after_seconds=AGAIN_SECONDS,
            )

    def _of_key(self, asked: Asked) -> Task | None:
        same = select(tasks).where(
            tasks.c.owner == asked.owner, tasks.c.request_key == asked.request_key
        )
        with self._reads.begin() as connection:
            row = connection.execute(same).one_or_none()
        if row is None:
            return None
        if row.request_digest != asked.request_digest:
            raise RequestKeyReused("The idempotency key was sent before with another request.")
        return Task.of(row)

    def _claim(self) -> Task | None:
        now = self._clock()
        due = (
            select(tasks.c.id)
            .where(_IS_UNFINISHED, tasks.c.due_at <= now, tasks.c.work.in_(self._works))
            .order_by(tasks.c.turn, tasks.c.created_at)
            .limit(1)
        )
        # Mostly there is none, and on SQLite who looks so keeps nobody waiting.
        with self._reads.begin() as connection:
            if connection.execute(due).first() is None:
                return None
        # Gateways on PostgreSQL pass over each other's rows; on SQLite they take turns.
        free = due.with_for_update(skip_locked=True).scalar_subquery()
        leasing = (
            update(tasks)
            .where(tasks.c.id == free)
            .values(
                status=Status.PROCESSING,
                attempts=tasks.c.attempts + 1,
                lease=uuid.uuid4().hex,
                due_at=now + LEASE_SECONDS,
                progress=0,
                updated_at=now,
            )
            .returning(tasks)
        )
        with self._database.begin() as connection:
            while (row := connection.execute(leasing).one_or_none()) is not None:
                if row.attempts <= MOST_ATTEMPTS:
                    return Task.of(row)
                self._end(connection, tasks.c.id == row.id, Ending(failure=_GAVE_UP))
        return None

    def _renew(self, progress: dict[str, float]) -> set[str]:
        now = self._clock()
        with self._database.begin() as connection:
            leases = select(tasks.c.lease, tasks.c.progress).where(
                _IS_UNFINISHED, tasks.c.lease.in_(progress)
            )
            noted = {row.lease: row.progress for row in connection.execute(leases)}
            kept = {"due_at": now + LEASE_SECONDS}
            for lease, share in noted.items():
                moved = {"progress": progress[lease], "updated_at": now}
                values = kept if share == progress[lease] else kept | moved
                connection.execute(update(tasks).where(_held(lease)).values(values))
        return progress.keys() - noted.keys()

    def _finish(self, task: Task, ending: Ending) -> bool:
        # Who asks again, since the answer was lost, is told that it has ended.
        ended = select(tasks.c.id).where(
            tasks.c.id == task.id, tasks.c.lease == task.lease, ~_IS_UNFINISHED
        )
        with self._database.begin() as connection:
            is_ended = self._end(connection, _held(task.lease), ending)
            return is_ended or connection.execute(ended).first() is not None

    def _end(self, connection: Connection, which: ColumnElement[bool], ending: Ending) -> bool:
        now = self._clock()
        ended = (
            update(tasks)
            .where(which)
            .values(
                status=ending.status,
                told=ending.told,
                files=as_json(ending.files),
                failure=ending.failure and asdict(ending.failure),
                progress=tasks.c.progress if ending.failure else 1,
                stored_bytes=tasks.c.stored_bytes + sum(one.bytes for one in ending.files),
                updated_at=now,
                finished_at=now,
            )
        )
        row = connection.execute(ended.returning(tasks)).one_or_none()
        if row is not None:
            self._works[row.work].announce(connection, Task.of(row))
            notify(connection)
        return row is not None

    def _release(self, task: Task, after_seconds: float) -> None:
        now = self._clock()
        released = (
            update(tasks)
            .where(_held(task.lease))
            .values(
                status=Status.QUEUED,
                attempts=tasks.c.attempts - 1,
                lease=None,
                due_at=now + after_seconds,
                updated_at=now,
            )
        )
        with self._database.begin() as connection:
            connection.execute(released)
            notify(connection)

    def _get(self, owner: str, works: Collection[str], id: str) -> Task:
        own = select(tasks).where(_whose(owner, works), tasks.c.id == id)
        with self._reads.begin() as connection:
            row = connection.execute(own).one_or_none()
        if row is None:
            raise _unknown()
        return Task.of(row)

    def _page(
        self, owner: str, works: Collection[str], offset: int, limit: int
    ) -> tuple[int, list[Task]]:
        own = _whose(owner, works)
        count = _total(task_totals.c.tasks, owner).where(task_totals.c.work.in_(works))
        newest = select(tasks).where(own).order_by(tasks.c.created_at.desc(), tasks.c.id)
        with self._reads.begin() as connection:
            total = int(connection.execute(count).scalar_one())
            rows = connection.execute(newest.offset(offset).limit(limit)).all()
        return total, [Task.of(row) for row in rows]

    def _versions(self, ids: Sequence[str]) -> dict[str, float]:
        with self._reads.begin() as connection:
            changed = select(tasks.c.id, tasks.c.updated_at).where(tasks.c.id.in_(ids))
            return {row.id: row.updated_at for row in connection.execute(changed)}

    def _delete(self, owner: str, works: Collection[str], id: str) -> None:
        with self._database.begin() as connection:
            notify(connection)
            gone = connection.execute(delete(tasks).where(_whose(owner, works), tasks.c.id == id))
        if not gone.rowcount:
            raise _unknown()

    def _strip(self, owner: str, works: Collection[str], id: str) -> None:
        now = self._clock()
        stripped = (
            update(tasks)
            .where(_whose(owner, works), tasks.c.id == id)
            .values(
                status=Status.ERROR,
                failure=asdict(_STRIPPED),
                told=None,
                inputs=[],
                files=[],
                stored_bytes=TASK_BYTES,
                updated_at=now,
                finished_at=func.coalesce(tasks.c.finished_at, now),
            )
        )
        with self._database.begin() as connection:
            notify(connection)
            gone = connection.execute(stripped)
        if not gone.rowcount:
            raise _unknown()

    def _expire(self, finished_before: float, most: int) -> list[str]:
        old = select(tasks.c.id).where(tasks.c.finished_at < finished_before).limit(most)
        with self._database.begin() as connection:
            expired = delete(tasks).where(tasks.c.id.in_(old)).returning(tasks.c.id)
            return list(connection.execute(expired).scalars())


def _held(lease: str) -> ColumnElement[bool]:
    """The task that is worked on under a lease, as long as nobody else has taken it over."""
    return (tasks.c.lease == lease) & _IS_UNFINISHED


def _total(column: Column[Any], owner: str) -> Select[Any]:
    return select(func.coalesce(func.sum(column), 0)).where(task_totals.c.owner == owner)


def _whose(owner: str, works: Collection[str]) -> ColumnElement[bool]:
    return (tasks.c.owner == owner) & tasks.c.work.in_(works)


def _unknown() -> UnknownTask:
    return UnknownTask("There is no such task of this caller.")
