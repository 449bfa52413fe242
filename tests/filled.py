"""A database of as many rows as are wanted, and what the service asks of it again and again."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Table, insert

from auth.api_keys import ApiKeys
from auth.config import IssuerConfig
from auth.failed_logins import FailedLogins
from auth.sessions import Sessions
from auth.tables import api_keys, failed_logins, revoked_tokens, sessions, users
from auth.users import Users
from gateway.limits.quarantine import DatabaseQuarantine
from gateway.store.database import Database
from gateway.store.tables import deliveries, refused_jobs, tasks
from gateway.tasks.queue import Ending, Quota, TaskQueue
from gateway.tasks.task import Asked
from gateway.tasks.work import Run, TaskResult, Work

ADA, PASSWORD, ADDRESS, WORK = "ada", "correct horse", "192.0.2.1", "ltu.edges"
CLIENT = "ltu-api"
HASHER = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
DAY_SECONDS = 86_400
SLICE = 5000
PAGE = 50


def fill(database: Database, count: int) -> None:
    """Add so many accounts, with a session, a key and a delivery each, and tasks of Ada's."""
    now, owner = time.time(), Users(database, hasher=HASHER).add(ADA, PASSWORD).id
    for start in range(0, count, SLICE):
        _fill(database, range(start, min(start + SLICE, count)), owner, now)


def _fill(database: Database, numbers: range, owner: str, now: float) -> None:
    def rows(table: Table, **columns: object) -> None:
        """A row for each number, whose texts may contain it."""
        made = [
            {name: one(number) if callable(one) else one for name, one in columns.items()}
            for number in numbers
        ]
        with database.begin() as connection:
            connection.execute(insert(table), made)

    then, later = now - DAY_SECONDS, now + DAY_SECONDS
    ids = [str(uuid.uuid4()) for _ in numbers]

    def user(number: int) -> str:
        return ids[number - numbers.start]

    def named(prefix: str) -> Callable[[int], str]:
        return lambda number: f"{prefix}{number:08}"

    def recently(number: int) -> float:
        return now - 1000 + number / 1000

    known = {"email": "", "given_name": "", "family_name": "", "is_enabled": True}
    rows(
        users,
        id=user,
        name=named("u"),
        password_hash="",
        created_at=then,
        **known,
    )
    rows(
        sessions,
        id=named("s"),
        user_id=user,
        client_id=CLIENT,
        scope="",
        generation=0,
        created_at=then,
        refreshed_at=then,
        idle_expires_at=later,
    )
    rows(api_keys, prefix=named("pg_"), digest="", user_id=user, label="", created_at=then)
    rows(revoked_tokens, id=named("t"), expires_at=later)
    rows(failed_logins, user_name=named("u"), address=named("a"), failed_at=now)
    rows(refused_jobs, digest=named("d"), until=now - 1)
    rows(
        tasks,
        id=lambda _: str(uuid.uuid4()),
        owner=owner,
        work=WORK,
        status="done",
        params={},
        inputs=[],
        files=[],
        told={"details": "x" * 1000},
        progress=1,
        stored_bytes=20_000,
        turn=int,
        attempts=1,
        due_at=then,
        created_at=recently,
        updated_at=recently,
        finished_at=recently,
    )
    rows(
        deliveries,
        id=named("e"),
        owner=owner,
        dialect="aerovision",
        task_id="",
        url="",
        host="h",
        body=b"{}",
        status="done",
        attempts=1,
        due_at=then,
        created_at=recently,
        finished_at=recently,
    )


async def _never(run: Run) -> TaskResult:
    raise AssertionError("nobody performs it here")


def operations(database: Database, count: int) -> Mapping[str, Callable[[], object]]:
    """What is asked of a database that was filled so far, by what it is called."""
    accounts = Users(database, hasher=HASHER)
    owner = accounts.get(ADA).id
    logins = FailedLogins(database)
    opened = Sessions(database, IssuerConfig(public_url="http://pixelgate.test"))
    keys = ApiKeys(database)
    key = keys.add(ADA)
    session = opened.start(owner, CLIENT, "")
    queue = TaskQueue(
        database,
        quota=Quota(unfinished=10, stored_bytes=10**12),
        works={WORK: Work(WORK, _never)},
    )

    def log_in() -> None:
        logins.check(ADA, ADDRESS)
        assert accounts.with_password(ADA, PASSWORD)
        logins.forgive(ADA, ADDRESS)
        opened.start(owner, CLIENT, "")

    def work_through() -> None:
        async def steps() -> None:
            await queue.expect_room(owner, 1)
            await queue.add(str(uuid.uuid4()), Asked(owner, WORK, {}), [])
            task = await queue.claim()
            assert task
            await queue.renew({str(task.lease): 0.5})
            assert await queue.finish(task, Ending(told={}))
            await queue.delete(owner, [WORK], task.id)

        asyncio.run(steps())

    def tasks_page(offset: int) -> Callable[[], object]:
        return lambda: asyncio.run(queue.page(owner, [WORK], offset=offset, limit=PAGE))

    last = max(0, count - PAGE)
    return {
        "login": log_in,
        "wrong login": lambda: logins.record("mallory", ADDRESS),
        "token check": lambda: opened.standing(session.id, "unknown"),
        "API key check": lambda: keys.caller(key),
        "accounts, first page": lambda: accounts.page(0, PAGE),
        "accounts, last page": lambda: accounts.page(last, PAGE),
        "keys, first page": lambda: keys.page(0, PAGE),
        "users list": accounts.all,
        "task, from queue to end": work_through,
        "look for a task": lambda: asyncio.run(queue.claim()),
        "tasks, first page": tasks_page(0),
        "tasks, last page": tasks_page(last),
        "sweep": lambda: asyncio.run(queue.expired(time.time() - DAY_SECONDS, 500)),
        "refused jobs": lambda: asyncio.run(DatabaseQuarantine(database).has_any()),
    }
