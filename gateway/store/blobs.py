"""Blobs: bytes that outlive a request, one a name, in a folder that all workers share."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from auth.threads import Threads

BLOB_THREADS = 4


class Blobs:
    """Keeps the latest blobs, each readable by the service's own user alone.

    Args:
        folder: made when the first blob is put.
        most: blobs that are kept; the one not put for longest makes room.
    """

    def __init__(self, folder: Path, *, most: int) -> None:
        self._folder = folder
        self._most = most
        self._threads = Threads(BLOB_THREADS)

    async def put(self, name: str, *parts: bytes) -> None:
        """Keep the parts, one after another, in place of what has this name."""
        if self._most:
            await self._threads.run(self._write, name, parts)

    async def get(self, name: str) -> bytes | None:
        """What has this name, if anything has."""
        return await self._threads.run(self._read, name)

    def _write(self, name: str, parts: tuple[bytes, ...]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whole or not at all: another worker may read or write the same at this moment.
        with NamedTemporaryFile(dir=self._folder, delete=False) as draft:
            try:
                draft.writelines(parts)
                draft.flush()
                os.replace(draft.name, self._folder / name)
            except BaseException:
                os.unlink(draft.name)
                raise
        self._sweep()

    def _read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def _sweep(self) -> None:
        """What a killed worker has left half written goes the same way."""
        ages = list[tuple[int, str]]()
        for entry in os.scandir(self._folder):
            with suppress(FileNotFoundError):  # another worker sweeps too
                ages.append((entry.stat().st_mtime_ns, entry.path))
        for _, path in sorted(ages)[: -self._most]:
            with suppress(FileNotFoundError):
                os.unlink(path)
