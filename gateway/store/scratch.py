"""Files on this machine's disk that do not outlive the gateway process: too large for memory."""

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from auth.private_files import locked
from auth.threads import Threads

REMOVING_THREADS = Threads(1)
"""It takes a tenth of a second to let go of 2 GB."""
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A named file that is never whole in memory, as `File` is."""

    name: str
    media_type: str
    path: Path

    @property
    def bytes(self) -> int:
        return self.path.stat().st_size


class Scratch:
    """Makes folders that only the service's own user may read, below the process's own one."""

    def __init__(self, own: Path) -> None:
        self._own = own

    def make(self) -> Path:
        """An empty folder; who asks for it has to remove it."""
        return Path(mkdtemp(dir=self._own))

    async def remove(self, folder: Path) -> None:
        """Remove a folder with all that is in it, be it that whoever waits for that is cancelled.

        What a process that is being ended adds meanwhile stays until the gateway ends.
        """
        removing = REMOVING_THREADS.run(shutil.rmtree, folder, ignore_errors=True)
        await asyncio.shield(asyncio.ensure_future(removing))

    @asynccontextmanager
    async def folder(self) -> AsyncIterator[Path]:
        """An empty folder as long as the context lasts."""
        folder = self.make()
        try:
            yield folder
        finally:
            await self.remove(folder)


@contextmanager
def open_scratch(root: Path) -> Iterator[Scratch]:
    """A folder of this process's own; those that killed processes have left are removed first.

    Each process holds a lock in its folder, which the system takes from it however it ends.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(root):
        for left in [one for one in root.iterdir() if one.is_dir() and not _is_used(one)]:
            shutil.rmtree(left, ignore_errors=True)
        own = Path(mkdtemp(dir=root))
        lock = os.open(own / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield Scratch(own)
    finally:
        shutil.rmtree(own, ignore_errors=True)
        os.close(lock)


def _is_used(folder: Path) -> bool:
    with suppress(FileNotFoundError), open(folder / _LOCK, "r+b") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
