"""The gateway's end of one engine worker."""

import asyncio
from asyncio import to_thread
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed.comm.core import Comm, CommClosedError, connect
from distributed.security import Security

from engines.process.wire_format import GarbageFrame, is_name
from gateway.pool.cluster.files import PART_BYTES, NamedFiles
from gateway.pool.cluster.messages import (
    COMPUTE,
    CONNECT_SECONDS,
    SILENCE_SECONDS,
    STATUS_SECONDS,
    WATCH,
    Card,
    Message,
    Reply,
    apart,
    job_message,
    read_reply,
)
from gateway.pool.pending_job import PendingJob


class WorkerLost(Exception):
    """A worker that cannot be reached any more."""


@dataclass(frozen=True, eq=False, slots=True)
class Given:
    """That a job was given to a worker, some time ago; the order is that of giving."""

    task: asyncio.Task[None]
    since: float

    def skip(self) -> None:
        self.task.cancel()


class Member:
    """An engine worker and its connections, each of which carries one job at a time."""

    def __init__(self, card: Card, security: Security) -> None:
        self.card = card
        self.jobs: dict[PendingJob, Given] = {}
        self.is_leaving = False
        self._connection_args: dict[str, Any] = security.get_connection_args("client")
        self._idle: list[Comm] = []

    async def watch(self, tell: Callable[[Message], None]) -> None:
        """Tell what it says of itself; return when it is lost, or was never reached."""
        try:
            comm = await self._connect(WATCH)
            try:
                while True:
                    tell(await _heard(comm))
            finally:
                comm.abort()
        except (WorkerLost, CommClosedError):
            return
        finally:
            for idle in self._idle:
                idle.abort()

    async def compute(self, pending: PendingJob, wait_seconds: float) -> Reply:
        """Have a job computed; one that is cancelled meanwhile is cancelled there too.

        Raises:
            WorkerLost: its connection ended, or could not be made.
            GarbageFrame: it answers what makes no sense.
            OSError: a file of the job cannot be read or written on this machine.
        """
        files = NamedFiles.of(pending.job)
        while self._idle and self._idle[-1].closed():
            self._idle.pop()
        comm = self._idle.pop() if self._idle else await self._connect(COMPUTE)
        try:
            await comm.write(job_message(pending, wait_seconds, files))
            reply = await _converse(comm, pending, files)
        except CommClosedError:
            raise WorkerLost from None
        except BaseException:
            comm.abort()
            raise
        self._idle.append(comm)
        return reply

    async def _connect(self, purpose: str) -> Comm:
        try:
            # Dask's own limit is not for what is said when the connection is there.
            async with asyncio.timeout(CONNECT_SECONDS):
                comm: Comm = await connect(self.card.address, **self._connection_args)
            await comm.write({"purpose": purpose})
        except (OSError, TimeoutError):
            raise WorkerLost from None
        return comm


async def _heard(comm: Comm) -> Message:
    """What a worker says next.

    Raises:
        WorkerLost: it is silent for too long, while this process was awake.
    """
    loop = asyncio.get_running_loop()
    reading = asyncio.ensure_future(comm.read())
    try:
        while True:
            since = loop.time()
            await asyncio.wait([reading], timeout=SILENCE_SECONDS)
            if reading.done():
                message: Message = reading.result()
                return message
            # What came while this process itself stood still is not read yet.
            if loop.time() - since < SILENCE_SECONDS + STATUS_SECONDS:
                raise WorkerLost
    finally:
        reading.cancel()


async def _converse(comm: Comm, pending: PendingJob, files: NamedFiles) -> Reply:
    """Hear of a job until it has ended; send the files and take the results that come up."""
    with ExitStack() as opened:
        sources = [opened.enter_context(path.open("rb")) for path in files.sources]
        while True:
            message = await comm.read()
            if "progress" in message:
                pending.progress(message["progress"])
            elif "send" in message:
                part = await to_thread(sources[message["send"]].read, PART_BYTES)
                await comm.write(apart(part))
            elif "keep" in message:
                await to_thread(_keep, files.paths[message["folder"]], message)
                await comm.write({})
            else:
                return read_reply(message)


def _keep(folder: Path, message: Message) -> None:
    """Write a part of a result to where an engine of this machine would have written it."""
    name = message["keep"]
    if not is_name(name):
        raise GarbageFrame("A result's name is none.")
    with (folder / name).open("wb" if message["is_first"] else "ab") as file:
        file.write(message["part"])
