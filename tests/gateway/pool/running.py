"""Pools that run for the length of a test, and bounded waiting for what they do."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from engines.core.run import Answer
from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import Pool, SlotPool
from tests.gateway.pool.work import job, work
from tests.serving import WAIT_SECONDS, wait_until

LONG = float(WAIT_SECONDS)


class LoopClock:
    """The clock of the running event loop, which a test can put forward."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        time = loop.time
        self._ahead_seconds = 0.0
        patch.setattr(loop, "time", lambda: time() + self._ahead_seconds)

    async def forward(self, seconds: float) -> None:
        """Return when what is due then has been called."""
        self._ahead_seconds += seconds
        for _ in range(5):
            await asyncio.sleep(0)


class Pauses:
    """Notes the pauses that each task asks for, and makes none."""

    def __init__(self) -> None:
        self._asked: defaultdict[object, list[float]] = defaultdict(list)

    async def sleep(self, seconds: float) -> None:
        self._asked[asyncio.current_task()].append(seconds)
        await asyncio.sleep(0)

    @property
    def asked(self) -> list[list[float]]:
        """Task after task, as they came."""
        return list(self._asked.values())


@asynccontextmanager
async def running_slots(**options: Any) -> AsyncIterator[SlotPool]:
    """A started `SlotPool`, of which no process is left afterwards."""
    told = {"slots": 1, "queue_length": 100, "quarantine": MemoryQuarantine(), "work": work}
    with no_process_left():
        pool = SlotPool(**{**told, "preload": (), **options})
        await pool.start()
        try:
            yield pool
        finally:
            await pool.stop(grace_seconds=0)


@contextmanager
def no_process_left() -> Iterator[None]:
    """Zombies count too."""
    before = set(psutil.Process().children(recursive=True))
    yield
    wait_until(lambda: set(psutil.Process().children(recursive=True)) == before)


async def until(condition: Callable[[], object], *, seconds: float = WAIT_SECONDS) -> None:
    """Wait until something is true, but not for ever."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - What is waited for happens in other processes.
            await asyncio.sleep(0.002)


async def with_spare(pool: Pool) -> None:
    await until(lambda: pool.snapshot().spare_pids)


def give(pool: Pool, engine: str, *pictures: bytes | Path, **told: Any) -> asyncio.Task[Answer]:
    """Have a job computed beside the test; some of what is told is for the pool."""
    asked: dict[str, Any] = {"deadline_seconds": LONG, "owner": "somebody"}
    asked |= {name: told.pop(name) for name in ("progress", "observe", *asked) if name in told}
    return asyncio.create_task(pool.run(job(engine, *pictures, **told), **asked))


async def block(
    pool: Pool, file: Path, *pictures: bytes, engine: str = "wait", **told: Any
) -> asyncio.Task[Answer]:
    """Have a job computed that ends when the file is there; return once it has begun."""
    blocking = give(pool, engine, *pictures, path=str(file), **told)
    await until(file.with_name(f"{file.name}.begun").exists)
    return blocking


async def pid_of(pool: Pool) -> int:
    return int((await give(pool, "pid")).body)


def fork_server() -> psutil.Process:
    """What the slots of the running pool are forked from."""
    (found,) = [
        child
        for child in psutil.Process().children()
        if "engines.process.fork_server" in child.cmdline()
    ]
    return found
