"""The gateway's end of one engine worker."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, BinaryIO

from distributed.comm.core import Comm, connect

from gateway.pool.cluster.messages import (
    COMPUTE,
    CONNECT_SECONDS,
    FILE_PART_BYTES,
    SILENCE_SECONDS,
    WATCH,
    Card,
    Message,
    Reply,
    job_message,
    paths,
    read_reply,
)
from gateway.pool.pending_job import PendingJob


class Member:
    """An engine worker and its connections, each of which carries one job at a time.

    Args:
        connection_args: how Dask connects to it.
    """

    def __init__(self, card: Card, connection_args: dict[str, Any]) -> None:
        self.card = card
        self.jobs: dict[PendingJob, asyncio.Task[None]] = {}
        self.is_leaving = False
        self._connection_args = connection_args
        self._idle: list[Comm] = []

    async def watch(self, tell: Callable[[Message], None]) -> None:
        """Tell what it says of itself; return when it is lost, or was never reached."""
        try:
            comm = await self._connect(WATCH)
            try:
                while True:
                    async with asyncio.timeout(SILENCE_SECONDS):
                        status = await comm.read()
                    tell(status)
            finally:
                comm.abort()
        except (OSError, TimeoutError):
            return
        finally:
            for idle in self._idle:
                idle.abort()

    async def compute(self, pending: PendingJob, wait_seconds: float) -> Reply:
        """Have a job computed; one that is cancelled meanwhile is cancelled there too.

        Raises:
            OSError: the worker is lost.
        """
        comm = self._idle.pop() if self._idle else await self._connect(COMPUTE)
        try:
            reply = await _converse(comm, pending, wait_seconds)
        except BaseException:
            comm.abort()
            raise
        self._idle.append(comm)
        return reply

    async def _connect(self, purpose: str) -> Comm:
        comm: Comm = await connect(
            self.card.address, timeout=CONNECT_SECONDS, **self._connection_args
        )
        await comm.write({"purpose": purpose})
        return comm


async def _converse(comm: Comm, pending: PendingJob, wait_seconds: float) -> Reply:
    """Send a job, and what of its files the worker asks for, until it has ended."""
    files: list[BinaryIO] = []
    with ExitStack() as opened:
        await comm.write(job_message(pending, wait_seconds))
        while True:
            message = await comm.read()
            if "progress" in message:
                pending.progress(message["progress"])
            elif "send" in message:
                if not files:
                    files = [opened.enter_context(path.open("rb")) for path in paths(pending)]
                part = await asyncio.to_thread(files[message["send"]].read, FILE_PART_BYTES)
                await comm.write(part)
            else:
                return read_reply(message)
