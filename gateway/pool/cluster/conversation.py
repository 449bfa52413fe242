"""A worker's end of a connection that carries one job of a gateway after another."""

import asyncio
import shutil
from asyncio import to_thread
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from distributed.comm.core import Comm, CommClosedError

from gateway.pool.cluster.files import PART_BYTES, ReceivedFiles, state_of
from gateway.pool.cluster.messages import Message, apart
from gateway.store.scratch import Scratch

Result = TypeVar("Result")


class Conversation:
    """A connection that is always read, so that its end is noticed while a job is computed."""

    def __init__(self, comm: Comm) -> None:
        self._comm = comm
        self._reading = asyncio.ensure_future(comm.read())

    async def read(self) -> Any:
        message = await self._reading
        self._reading = asyncio.ensure_future(self._comm.read())
        return message

    async def write(self, message: Message) -> None:
        await self._comm.write(message)

    async def tell(self, message: Message) -> None:
        """Write what need not arrive."""
        with suppress(CommClosedError):
            await self._comm.write(message)

    async def while_open(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do some work, or cancel it when the connection ends.

        Raises:
            CommClosedError: it ended.
        """
        task = asyncio.create_task(work)
        try:
            await asyncio.wait([task, self._reading], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            raise CommClosedError
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def end(self) -> None:
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)


@asynccontextmanager
async def conversation(comm: Comm) -> AsyncIterator[Conversation]:
    """A conversation that leaves nothing running."""
    one = Conversation(comm)
    try:
        yield one
    finally:
        await one.end()


@asynccontextmanager
async def brought(
    told: Sequence[tuple[bool, Sequence[Sequence[str]]]],
    gateway: Conversation,
    received: ReceivedFiles,
) -> AsyncIterator[list[Path]]:
    """The paths of a job on this machine; what changes in its folders is sent back at the end."""
    numbers, paths = count(), list[Path]()
    async with AsyncExitStack() as held:
        for place, (is_folder, files) in enumerate(told):
            here = {}
            for name, token in files:
                fetch = partial(_fetch, gateway, next(numbers))
                here[name] = await held.enter_async_context(received.holding(token, fetch))
            if is_folder:
                folder = _folder(place, here, gateway, received.scratch)
                paths.append(await held.enter_async_context(folder))
            else:
                paths += here.values()
        yield paths


@asynccontextmanager
async def _folder(
    place: int, files: Mapping[str, Path], gateway: Conversation, scratch: Scratch
) -> AsyncIterator[Path]:
    """A folder with copies, for an engine may write over them."""
    async with scratch.folder() as folder:
        for name, path in files.items():
            await to_thread(shutil.copyfile, path, folder / name)
        before = state_of(folder)
        yield folder
        for name, state in state_of(folder).items():
            if before.get(name) != state:
                await _send_back(gateway, place, folder / name)


async def _fetch(gateway: Conversation, number: int, path: Path) -> None:
    """Ask for a file, part by part."""
    with path.open("wb") as file:
        await gateway.write({"send": number})
        while part := await gateway.read():
            await to_thread(file.write, part)
            await gateway.write({"send": number})


async def _send_back(gateway: Conversation, place: int, path: Path) -> None:
    """Hand a result over, part by part, each when the one before is written."""
    with path.open("rb") as file:
        is_first = True
        while (part := await to_thread(file.read, PART_BYTES)) or is_first:
            await gateway.write(
                {"keep": path.name, "folder": place, "part": apart(part), "is_first": is_first}
            )
            await gateway.read()
            is_first = False
