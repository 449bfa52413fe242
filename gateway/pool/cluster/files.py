"""Files that jobs name, brought from a gateway's disk to a worker's, and results brought back."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from engines.core.run import Job
from gateway.store.scratch import Scratch

PART_BYTES = 4 * 1024 * 1024
KEPT_SECONDS = 60
"""A video is asked about many times, chunk by chunk; so long after the last it is removed."""

_OURS = uuid4().hex


class NamedFile(NamedTuple):
    """A file as a worker is told of it.

    Args:
        token: the same for the same bytes, and for no others.
    """

    name: str
    token: str


@dataclass(frozen=True, slots=True)
class NamedFiles:
    """What the paths of a job name, of which the worker asks for what it has not.

    Args:
        told: for each path the files, and whether they lie in a folder that takes results.
        sources: where those files are, all in one row.
    """

    told: list[tuple[bool, list[NamedFile]]]
    sources: list[Path]
    paths: list[Path]

    @classmethod
    def of(cls, job: Job) -> "NamedFiles":
        """Look at a job's files.

        Raises:
            OSError: one is not there.
        """
        paths = [one for one in job.inputs if isinstance(one, Path)]
        told, sources = [], list[Path]()
        for path in paths:
            files = [path]
            if path.is_dir():
                files = [one for one in path.iterdir() if one.is_file() and one not in paths]
            told.append((path.is_dir(), [NamedFile(one.name, _token(one)) for one in files]))
            sources += files
        return cls(told, sources, paths)


def _token(path: Path) -> str:
    told = path.stat()
    return f"{_OURS} {path} {told.st_ino} {told.st_size} {told.st_mtime_ns}"


@dataclass(slots=True)
class _Received:
    path: Path
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    is_whole: bool = False
    holders: int = 0
    released_at: float = 0


class ReceivedFiles:
    """Files of gateways on a worker's disk."""

    def __init__(self, scratch: Scratch) -> None:
        self.scratch = scratch
        self._folder = scratch.make()
        self._files: dict[str, _Received] = {}

    @asynccontextmanager
    async def holding(
        self, token: str, fetch: Callable[[Path], Awaitable[None]]
    ) -> AsyncIterator[Path]:
        """A file that stays as long as the context lasts; fetched if it is not there."""
        one = self._files.setdefault(token, _Received(self._folder / uuid4().hex))
        one.holders += 1
        try:
            async with one.lock:
                if not one.is_whole:
                    await fetch(one.path)
                    one.is_whole = True
            yield one.path
        finally:
            loop = asyncio.get_running_loop()
            one.holders -= 1
            one.released_at = loop.time()
            loop.call_later(KEPT_SECONDS, self._remove_if_unused, token)

    def _remove_if_unused(self, token: str) -> None:
        one = self._files.get(token)
        since = asyncio.get_running_loop().time() - KEPT_SECONDS
        if one is not None and not one.holders and one.released_at <= since:
            del self._files[token]
            one.path.unlink(missing_ok=True)


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    """By which files of a folder are known to have changed."""
    with os.scandir(folder) as entries:
        stats = {one.name: one.stat() for one in entries if one.is_file()}
    return {name: (told.st_size, told.st_mtime_ns) for name, told in stats.items()}
