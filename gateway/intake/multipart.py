"""The parts of a multipart/form-data body (RFC 7578), taken apart in memory or as they arrive.

Starlette's own parser lays every file into a temporary one and reads it again, which takes twice
as long.
"""

import re
from collections.abc import AsyncGenerator, AsyncIterable
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import pybase64
from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from engines.core.shapes import shown
from gateway.errors import UnreadableBody

_MAX_HEADER_BYTES = 2 * 1024
"""Of one header; each of its continuation lines is joined to all before it."""
_MAX_FRAMING_BYTES = 32 * 1024
"""What is in no part's content; a hundred ordinary parts take 20 KB."""
_WHITESPACE = b"\r\n\t "
_LONG_TEXT_BYTES = 64 * 1024
"""One character from outside Latin-1 makes a text take four times its bytes in memory."""


_EXTENDED_NAME = re.compile(r"filename\*\s*=\s*\"?utf-8'[^';\"]*'([^;\"\s]*)", re.IGNORECASE)
"""What clients older than RFC 7578 §4.2, which forbids it, send alone (RFC 8187 §3.2)."""


class Part(NamedTuple):
    """A field of the form; `is_file` where it came with a file's name, be it an empty one."""

    name: str
    is_file: bool
    content: bytes
    is_base64: bool = False
    filename: str = ""


async def read_parts(
    content_type: str, body: AsyncIterable[bytes], *, max_files: int, max_fields: int
) -> list[Part]:
    """All parts of a body, in the order of sending, their content as sent.

    Raises:
        see `part_events`.
    """
    parts, begun, content = list[Part](), Part("", False, b""), list[bytes]()
    async for event in part_events(content_type, body, max_files=max_files, max_fields=max_fields):
        if isinstance(event, Part):
            begun, content = event, []
        elif event is not None:
            content.append(event)
        else:
            parts.append(begun._replace(content=b"".join(content)))
    return parts


async def part_events(
    content_type: str, body: AsyncIterable[bytes], *, max_files: int, max_fields: int
) -> AsyncGenerator[Part | bytes | None, None]:
    """The parts of a body as it arrives: each without its content, then slices of that, then None.

    Raises:
        UnreadableBody: it is not what its content type says, ends early, or has too many parts.
    """
    parser = PushMultipartParser(
        _boundary(content_type), max_header_size=_MAX_HEADER_BYTES, header_charset="latin-1"
    )
    left, framing_bytes = {True: max_files, False: max_fields}, 0
    try:
        async for piece in body:
            framing_bytes += len(piece)
            for event in parser.parse(piece):
                if isinstance(event, MultipartSegment):
                    part = _begun(event)
                    left[part.is_file] -= 1
                    if left[part.is_file] < 0:
                        kind = "files" if part.is_file else "fields"
                        raise _unreadable(f"it has too many {kind}.")
                    yield part
                else:
                    framing_bytes -= len(event or b"")
                    yield event
            if framing_bytes > _MAX_FRAMING_BYTES:
                raise _unreadable(
                    f"more than {_MAX_FRAMING_BYTES:,} bytes are in none of its parts."
                )
        parser.close()
    except MultipartError as error:
        error.__traceback__ = None  # Its frames hold it as it holds them: parts would linger.
        raise _unreadable(f"{error}.") from None


async def decoded(
    events: AsyncIterable[Part | bytes | None],
) -> AsyncGenerator[Part | bytes | None, None]:
    """The same, where what was sent as base64 is decoded as it arrives.

    Raises:
        UnreadableBody: something is not the base64 that it is said to be.
    """
    part, left = Part("", False, b""), b""
    async for event in events:
        if isinstance(event, Part):
            part, left = event, b""
            yield event
        elif not part.is_base64:
            yield event
        elif event is None:
            yield decode_part(part._replace(content=left))
            yield None
        else:
            text = left + event.translate(None, _WHITESPACE)
            padding = text.find(b"=")
            end = (len(text) if padding == -1 else padding) // 4 * 4
            left = text[end:]
            # More than one group is left where something follows the padding, which is an error.
            yield decode_part(part._replace(content=text[:end] if len(left) <= 4 else text))


def as_text(data: bytes) -> str:
    """UTF-8 where it is that; other bytes survive as Latin-1, and so do long ones."""
    if len(data) > _LONG_TEXT_BYTES and not data.isascii():
        return data.decode("latin-1")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def decode_part(part: Part) -> bytes:
    """The content of a part that was sent as base64 (RFC 2045 §6.8)."""
    try:
        return pybase64.b64decode(part.content.translate(None, _WHITESPACE), validate=True)
    except ValueError:
        raise _unreadable(
            f"{shown(part.name)} is not the base64 that its Content-Transfer-Encoding says."
        ) from None


def _boundary(content_type: str) -> bytes:
    _, options = parse_options_header(content_type)
    if not options.get("boundary"):
        raise _unreadable("its content type names no boundary.")
    boundary: str = options["boundary"]
    return boundary.encode("latin-1")


def _begun(head: MultipartSegment) -> Part:
    if not head.name:
        raise _unreadable("a part has no name.")
    is_file = head.filename is not None or "filename*" in head["Content-Disposition"]
    name = as_text(head.name.encode("latin-1"))
    return Part(name, is_file, b"", _is_base64(head), _filename(head))


def _is_base64(head: MultipartSegment) -> bool:
    encoding: str = head.header("Content-Transfer-Encoding", "binary").strip().lower()
    if encoding not in ("7bit", "8bit", "binary", "base64"):
        raise _unreadable(
            f"a part's Content-Transfer-Encoding is {shown(encoding)}; expected 7bit, 8bit, "
            "binary or base64."
        )
    return encoding == "base64"


def _filename(head: MultipartSegment) -> str:
    """As the sender calls the file, without folders where those are told by backslashes."""
    if head.filename is not None:
        return as_text(head.filename.encode("latin-1"))
    extended = _EXTENDED_NAME.search(head["Content-Disposition"])
    return as_text(unquote_to_bytes(extended[1])) if extended else ""


def _unreadable(what: str) -> UnreadableBody:
    return UnreadableBody(f"The multipart body cannot be read: {what}")
