"""Jobs that killed their process twice, and are refused for a while by every worker."""

import hashlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from auth.threads import Threads
from engines.core.run import Job
from gateway.errors import UnknownRefusedJob
from gateway.store.database import Database
from gateway.store.known_rows import KnownRows
from gateway.store.tables import refused_jobs

log = structlog.get_logger()

DATABASE_THREADS = 2


class Quarantine(Protocol):
    """Remembers digests of jobs until their time is over."""

    async def has_any(self) -> bool:
        """Whether it is worth while to make a digest."""

    async def is_refused(self, digest: str) -> bool: ...

    async def refuse(self, digest: str, seconds: float) -> None: ...


def digest(job: Job) -> str:
    """The same for the same inputs with the same question, whoever asks."""
    told = f"{job.engine} {job.params.model_dump_json()} {job.decoders}"
    hashed = hashlib.sha256(told.encode())
    for one in job.inputs:
        sent = _file_digest(one) if isinstance(one, Path) else one
        hashed.update(b"-" if sent is None else b"%d " % len(sent))
        hashed.update(sent or b"")
    return hashed.hexdigest()


def _file_digest(path: Path) -> bytes:
    """Of what a file holds; of its path when it is gone."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return str(path).encode()


class MemoryQuarantine:
    """Known to one process alone."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self._until: dict[str, float] = {}
        self._clock = clock

    async def has_any(self) -> bool:
        return bool(self._until)

    async def is_refused(self, digest: str) -> bool:
        return self._until.get(digest, 0) > self._clock()

    async def refuse(self, digest: str, seconds: float) -> None:
        self._until[digest] = self._clock() + seconds


class DatabaseQuarantine:
    """Rows of the database, so that every worker knows them."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock
        self._threads = Threads(DATABASE_THREADS)
        self._until = KnownRows[dict[str, float]](
            refused_jobs.name,
            partial(refused_until, database, clock),
            {},
            threads=self._threads,
            clock=clock,
        )

    async def has_any(self) -> bool:
        return bool(await self._until.now())

    async def is_refused(self, digest: str) -> bool:
        return (await self._until.now()).get(digest, 0) > self._clock()

    async def refuse(self, digest: str, seconds: float) -> None:
        now = self._clock()
        self._until.known[digest] = now + seconds
        await self._threads.run(self._write, digest, now, now + seconds)

    def _write(self, digest: str, now: float, until: float) -> None:
        is_old = (refused_jobs.c.until <= now) | (refused_jobs.c.digest == digest)
        try:
            with self._database.begin() as connection:
                connection.execute(delete(refused_jobs).where(is_old))
                connection.execute(insert(refused_jobs).values(digest=digest, until=until))
        except IntegrityError:
            pass  # Another worker refused the same job in this moment.
        except SQLAlchemyError:
            log.warning("refused job cannot be written", exc_info=True)


def refused_until(database: Database, clock: Callable[[], float] = time.time) -> dict[str, float]:
    """Until when each is, by digest."""
    rows = select(refused_jobs.c.digest, refused_jobs.c.until).where(refused_jobs.c.until > clock())
    with database.execution_options(reads_only=True).connect() as connection:
        return {row.digest: row.until for row in connection.execute(rows)}


def release(database: Database, digest: str) -> None:
    """Have a job tried again; every worker knows within a second.

    Raises:
        UnknownRefusedJob: it is not refused.
    """
    with database.begin() as connection:
        released = connection.execute(delete(refused_jobs).where(refused_jobs.c.digest == digest))
    if not released.rowcount:
        raise UnknownRefusedJob("There is no refused job with this digest.")
