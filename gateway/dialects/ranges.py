"""Files that do not change: whole, a part of them, or the word that they are as they were."""

import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from gateway.errors import RangeUnsatisfiable
from gateway.flow import Call
from gateway.store.storage import PIECE_BYTES

METHODS = ("GET", "HEAD")
"""Of what answers a file; where one is made for the answer, the server keeps back its body."""
_RANGE = re.compile(r"bytes=\s*([0-9]{0,18})-([0-9]{0,18})\s*", re.ASCII | re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Servable:
    """A file as it is served.

    Args:
        name: what whoever saves it is offered.
        size: bytes.
        tag: tells its content from any other that the same address had or will have.
        read: its bytes from one place to before another; never many at once.
    """

    name: str
    media_type: str
    size: int
    tag: str
    read: Callable[[int, int], Awaitable[bytes]]


async def serve(call: Call, file: Servable) -> Response:
    """Answer with the file, what of it is asked for, or its head (RFC 9110 §9.3.2, §13, §14).

    Several ranges at once are answered with the whole, as is allowed. What is longer than a piece
    is read as it is sent; where that fails, the connection is aborted.

    Raises:
        RangeUnsatisfiable: the file has no byte of the range.
    """
    asked, tag = call.request.headers, f'"{file.tag}"'
    fields = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        # The caller's own, and gone when it is deleted: so it is asked for again each time.
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(file.name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    if _is_known(asked.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=fields)
    is_head = call.request.method == "HEAD"
    is_same = asked.get("if-range", tag) == tag and not is_head  # only GET knows ranges
    part = _part(asked.get("range", ""), file.size) if is_same else None
    start, end = part or (0, file.size)
    if part:
        if start >= end:
            call.fields["Content-Range"] = f"bytes */{file.size}"
            raise RangeUnsatisfiable(f"The file has {file.size:,} bytes, and none of the range.")
        fields["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    status, until = 206 if part else 200, min(start + (1 if is_head else PIECE_BYTES), end)
    # A piece that is sent is held until the next one is there.
    call.share.reserve(min(end - start, 2 * PIECE_BYTES))
    body = await file.read(start, until)  # What is not there is refused before an answer begins.
    fields["Content-Length"] = str(end - start)
    if is_head:
        return Response(None, status, fields, file.media_type)
    if until == end:
        return Response(body, status, fields, file.media_type)
    return StreamingResponse(_pieces(body, file, until, end), status, fields, file.media_type)


def repeatable(call: Call, body: bytes, media_type: str) -> Response:
    """An answer to GET that the caller may keep and ask about, where the service keeps it too.

    An address of a POST says nothing of what was sent to it, so no tag can match there and
    `If-None-Match` always holds (RFC 9110 §13.1.2).
    """
    if call.request.method != "GET" or call.request.state["cache"] is None:
        return Response(body, media_type=media_type)
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    fields = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if _is_known(call.request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=fields)
    return Response(body, headers=fields, media_type=media_type)


async def _pieces(first: bytes, file: Servable, start: int, end: int) -> AsyncIterator[bytes]:
    yield first
    del first
    for at in range(start, end, PIECE_BYTES):
        yield await file.read(at, min(at + PIECE_BYTES, end))


def _is_known(sent: str, tag: str) -> bool:
    return sent.strip() == "*" or tag in _TAG.findall(sent)


def _part(sent: str, size: int) -> tuple[int, int] | None:
    """From where to before where, perhaps nothing; None where no range is asked for that counts."""
    asked = _RANGE.fullmatch(sent)
    if asked is None or not any(asked.groups()):
        return None
    first, last = asked.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    return int(first), min(size, int(last) + 1) if last else size
