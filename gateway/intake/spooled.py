"""A file that is sent, of any size: in memory while it is small, and on disk from then on."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Collection
from math import inf
from pathlib import Path
from typing import Any

from starlette.requests import Request

from auth.threads import Threads
from engines.core.media_type import media_type
from engines.core.shapes import File
from gateway.errors import MissingPicture, StateUnreachable, UnreadableBody, UploadTooLarge
from gateway.intake.bodies import read_pieces
from gateway.intake.forms import MAX_FIELDS, MAX_FILES
from gateway.intake.multipart import Part, decoded, part_events
from gateway.limits.memory_budget import Share
from gateway.store.scratch import DiskFile

MEMORY_BYTES = 1024 * 1024
HEAD_BYTES = 4096
WRITING_THREADS = Threads(4)


async def read_upload(
    request: Request[Any],
    share: Share,
    folder: Path,
    *,
    fields: Collection[str],
    limit: Callable[[bytes], int],
    max_bytes: int,
) -> File | DiskFile:
    """The one file of a form that has one of some names, or the body itself.

    Its media type is what its first bytes say. Nothing else of a form is kept.

    Args:
        share: the request's, which then has only what is in memory.
        folder: an empty one for a large file, which is there as long as it.
        limit: tells by the file's first bytes, 4096 if it has them, how many it may have.
        max_bytes: of the whole body.

    Raises:
        UploadTooLarge: the file, or the body, has more; what follows is not read.
        MissingPicture: the form has no such file.
        UnreadableBody: it has two.
        StateUnreachable: the disk takes no more.
        see `read_pieces`, `part_events` and `limit`.
    """
    content_type = request.headers.get("content-type", "")
    spool = _Spool(folder, limit)
    pieces = _counted_once(read_pieces(request, max_bytes=max_bytes), share, spool)
    if content_type.partition(";")[0].strip().lower() == "multipart/form-data":
        parts = part_events(content_type, pieces, max_files=MAX_FILES, max_fields=MAX_FIELDS)
        return await spool.file(await _write_only(parts, fields, spool))
    spool.announced_bytes = int(request.headers.get("content-length", "0"))
    async for piece in pieces:
        await spool.write(piece)
    return await spool.file("")


async def _counted_once(
    pieces: AsyncIterable[bytes], share: Share, spool: "_Spool"
) -> AsyncGenerator[bytes, None]:
    """The pieces, each counted until it has been taken, and then as what the spool holds."""
    async for piece in pieces:
        yield piece
        share.hold(spool.held_bytes)


async def _write_only(
    parts: AsyncIterable[Part | bytes | None], fields: Collection[str], spool: "_Spool"
) -> str:
    """Write the file, and tell what its sender calls it."""
    name, part = None, None
    async for event in decoded(parts):
        if isinstance(event, Part):
            part = event if event.is_file and event.name in fields else None
        elif part and event is not None:
            if event and name is not None:
                raise UnreadableBody("The form has several files; expected one in a request.")
            await spool.write(event)
        # A browser sends neither a name nor content where no file was chosen.
        elif part and name is None and (part.filename or spool.bytes):
            name = part.filename
    if name is None:
        raise MissingPicture(f"The form has no file named {' or '.join(fields)}.")
    return name


class _Spool:
    """A file as it arrives; of what is announced, too much is refused before it is sent."""

    def __init__(self, folder: Path, limit: Callable[[bytes], int]) -> None:
        self.bytes = 0
        self.announced_bytes = 0
        self._limit = limit
        self._max_bytes = inf
        self._head = b""
        self._waiting = bytearray()
        self._path = folder / "upload"

    @property
    def held_bytes(self) -> int:
        return len(self._waiting)

    async def write(self, piece: bytes) -> None:
        self.bytes += len(piece)
        self._waiting += piece
        if self.bytes >= HEAD_BYTES:
            self._check()
        if len(self._waiting) > MEMORY_BYTES:
            await self._flush()

    async def file(self, name: str) -> File | DiskFile:
        """All that was written."""
        self._check()
        kind = media_type(self._head)
        if self.bytes == len(self._waiting):
            return File(name, kind, bytes(self._waiting))
        await self._flush()
        return DiskFile(name, kind, self._path)

    def _check(self) -> None:
        if not self._head:
            self._head = bytes(self._waiting[:HEAD_BYTES])
            self._max_bytes = self._limit(self._head)
        if max(self.bytes, self.announced_bytes) > self._max_bytes:
            raise UploadTooLarge(f"The file has more than {self._max_bytes:,} bytes.")

    async def _flush(self) -> None:
        try:
            await WRITING_THREADS.run(_append, self._path, self._waiting)
        except OSError as error:
            raise StateUnreachable.just_now() from error
        self._waiting = bytearray()


def _append(path: Path, content: bytearray) -> None:
    with path.open("ab") as file:
        file.write(content)
