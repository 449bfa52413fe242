"""Storage: bytes that outlive a request, by name, in a folder or bucket that all workers share."""

import os
import re
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, ParamSpec, TypeVar
from uuid import uuid4

import structlog
from fsspec import AbstractFileSystem, filesystem
from fsspec.core import strip_protocol
from fsspec.implementations.local import LocalFileSystem

from auth.threads import Threads
from gateway.errors import NothingStored, StateUnreachable

log = structlog.get_logger()

STORAGE_THREADS = 8
S3_ATTEMPTS = 3
"""Each waits 15 s at most for the next bytes."""
S3_SILENCE_SECONDS = 5
"""When a bucket is given up whose machine says nothing, where it takes longer to answer."""
PIECE_BYTES = 4 * 1024 * 1024
S3_PART_BYTES = 8 * 1024 * 1024
"""Of a file, twice which is in memory at most; s3fs would take 50 MiB, and S3 none below 5 MiB."""
DRAFTS = ".drafts"
LEFTOVER_SECONDS = 3600
"""A draft that nobody has written to for so long was left by a process that is no more."""
P = ParamSpec("P")
T = TypeVar("T")
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


class Storage:
    """Blobs, each whole or not there, whoever else writes the same one.

    Names are words of letters, digits, `.`, `_` and `-`, separated by slashes. A blob lies below
    each part of its name: `delete("tasks/7")` takes `tasks/7/a` away, and not `tasks/70`.
    Whatever is asked of it raises `StateUnreachable` where the folder or bucket does not answer.

    Args:
        url: `file:///FOLDER`, made when it is needed, or `s3://BUCKET/PREFIX`, a bucket that is
            there; keys and endpoint are those of the AWS variables.
    """

    def __init__(self, url: str) -> None:
        self._root = strip_protocol(url)
        is_bucket = url.startswith("s3:")
        self._files = _s3() if is_bucket else PrivateFolder(self._root)
        self._failures = _s3_failures() if is_bucket else (OSError,)
        self._threads = Threads(STORAGE_THREADS)

    async def put(self, name: str, *parts: bytes) -> None:
        """Keep the parts, one after another, in place of what has this name."""
        await self._run(self._files.pipe_file, self._path(name), b"".join(parts))

    async def put_file(self, name: str, source: Path) -> None:
        """Keep a copy of a file, which is never whole in memory, in place of what has this name."""
        path = self._path(name)
        await self._run(self._files.put_file, str(source), path, chunksize=S3_PART_BYTES)

    async def get(self, name: str, start: int | None = None, end: int | None = None) -> bytes:
        """What has this name, or its bytes from `start` to before `end`, which lie within it.

        Raises:
            NothingStored: nothing has this name.
        """
        path = self._path(name)
        with _nothing_stored():
            found = await self._run(self._files.cat_file, path, start=start, end=end)
        return bytes(found)

    async def pieces(
        self, name: str, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The same, a piece at a time; of a blob that is not put anew meanwhile."""
        if end is None:
            end = await self.size(name)
        for at in range(start, end, PIECE_BYTES):
            yield await self.get(name, at, min(at + PIECE_BYTES, end))

    async def get_file(self, name: str, target: Path) -> None:
        """Copy what has this name into a file, a piece at a time.

        Raises:
            NothingStored: nothing has this name.
        """
        with await self._threads.run(target.open, "wb") as file:
            async for piece in self.pieces(name):
                await self._threads.run(file.write, piece)

    async def size(self, name: str) -> int:
        """How many bytes have this name.

        Raises:
            NothingStored: nothing has this name.
        """
        with _nothing_stored():
            found = await self._run(self._files.info, self._path(name))
            if found["type"] == "directory":
                raise IsADirectoryError
        return int(found["size"])

    async def delete(self, name: str) -> None:
        """Let go of what has this name, and of all below it; of nothing is fine."""
        with suppress(FileNotFoundError):
            await self._run(self._files.rm, self._path(name), recursive=True)

    async def names(self, prefix: str) -> list[str]:
        """All blobs below a name, the one that was put longest ago first."""
        path = self._path(prefix)
        found = await self._run(self._files.find, path, detail=True)
        ages = sorted(found.items(), key=lambda one: one[1].get("mtime") or one[1]["LastModified"])
        return [name.removeprefix(f"{self._root}/") for name, _ in ages]

    async def children(self, name: str) -> list[str]:
        """The words that follow a name in those of blobs: `b` after `a` where `a/b/c` is one."""
        path = self._path(name)
        with suppress(FileNotFoundError):
            found = await self._run(self._files.ls, path, detail=False)
            return [one.rpartition("/")[2] for one in found]
        return []

    async def _run(self, ask: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await self._threads.run(ask, *args, **kwargs)
        except (FileNotFoundError, IsADirectoryError):
            raise
        except self._failures as error:
            log.error("the storage does not answer", reason=repr(error))
            raise StateUnreachable.just_now() from error

    def _path(self, name: str) -> str:
        # The one guard against leaving the root, against drafts, and against fsspec's wildcards.
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a blob.")
        return f"{self._root}/{name}"


def _s3() -> AbstractFileSystem:
    files = filesystem(
        "s3",
        skip_instance_cache=True,
        use_listings_cache=False,  # Other processes write too.
        max_concurrency=1,  # Of a blob read by several requests each might be of another put.
        config_kwargs={
            "retries": {"mode": "standard", "total_max_attempts": S3_ATTEMPTS},
            "connect_timeout": S3_SILENCE_SECONDS,
            "connector_args": {"socket_factory": _socket},
        },
    )
    files.retries = 1  # s3fs would have botocore start over five times: for six minutes.
    return files


def _socket(address: tuple[Any, ...]) -> socket.socket:
    """One that ends when what was sent does not come to the bucket's machine."""
    made = socket.socket(*address[:3])
    silence_ms = int(1000 * S3_SILENCE_SECONDS)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, silence_ms)
    return made


def _s3_failures() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError  # comes with an extra

    return OSError, BotoCoreError


@contextmanager
def _nothing_stored() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, IsADirectoryError):
        raise NothingStored("Nothing is kept under this name, or no longer.") from None


class PrivateFolder(LocalFileSystem):  # type: ignore[misc]  # fsspec has no types
    """Files that come and go whole, as objects of a bucket do, and that their owner alone reads.

    What fsspec has for it (`autocommit=False`) writes to the system's temporary folder, and from
    there copies a file to its place while others read it.
    """

    cachable = False

    def __init__(self, root: str) -> None:
        super().__init__()
        self._drafts = f"{root}/{DRAFTS}"
        self._sweep()

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        folder = Path(path)
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir(mode=0o700, exist_ok=exist_ok)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite") -> None:
        with self._replacing(path) as draft:
            draft.write(value)

    def put_file(self, lpath: str, rpath: str, **kwargs: Any) -> None:
        with open(lpath, "rb") as source, self._replacing(rpath) as draft:
            shutil.copyfileobj(source, draft, PIECE_BYTES)

    def rm(self, path: str, recursive: bool = False, maxdepth: int | None = None) -> None:
        self.makedirs(self._drafts, exist_ok=True)
        doomed = f"{self._drafts}/{uuid4().hex}"
        os.rename(path, doomed)
        super().rm(doomed, recursive=recursive)

    @contextmanager
    def _replacing(self, path: str) -> Iterator[IO[bytes]]:
        """A draft, for its owner alone, that takes the path's place if all goes well."""
        self.makedirs(self._drafts, exist_ok=True)
        with NamedTemporaryFile(dir=self._drafts, delete=False) as draft:
            try:
                yield draft
                draft.flush()
                self.makedirs(self._parent(path), exist_ok=True)
                os.replace(draft.name, path)
            except BaseException:
                os.unlink(draft.name)
                raise

    def _sweep(self) -> None:
        """Take away what killed processes had not finished writing, or taking away."""
        with suppress(FileNotFoundError):  # No draft yet; or another worker sweeps too.
            for draft in self.ls(self._drafts, detail=True):
                if time.time() - draft["mtime"] > LEFTOVER_SECONDS:
                    super().rm(draft["name"], recursive=True)
