"""A request's fields: query, urlencoded body and multipart body read into one form."""

from collections.abc import AsyncGenerator, AsyncIterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.requests import Request

from auth.threads import Threads
from gateway.errors import UnreadableBody, UnsupportedBody, UploadTooLarge
from gateway.intake.bodies import read_pieces
from gateway.intake.multipart import as_text, decode_part, read_parts

MAX_FIELDS = 100
MAX_FILES = 16
MAX_ESCAPES = 2_000_000
"""Percent signs in a urlencoded body; 25 MB of base64 has 1.5 million, each costs 0.2 µs."""
TEXT_THREADS = Threads(2)
"""For long texts; more would be no faster, for they share one interpreter, but hold more memory."""
_INLINE_BYTES = 64 * 1024
"""Longer urlencoded bodies are parsed beside the event loop: 33 MB takes 0.4 s."""
_SLICE_BYTES = 16 * 1024
"""So much is unescaped at once, for meanwhile each escape takes 200 bytes."""

_PLUS_TO_SPACE = bytes.maketrans(b"+", b" ")


class Upload(NamedTuple):
    """A file, and what its sender calls it: anything at all, or nothing."""

    content: bytes
    name: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, by field name, in the order of sending, the query first.

    Args:
        texts: values as sent; bytes that are no UTF-8 survive as Latin-1.
        files: uploaded files, empty ones too.
    """

    texts: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[Upload]] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """Each text's last value."""
        return {name: values[-1] for name, values in self.texts.items()}

    def add(self, pairs: list[tuple[str, str]]) -> None:
        for name, value in pairs:
            self.texts.setdefault(name, []).append(value)


async def read_form(request: Request[Any], *, max_bytes: int) -> Form:
    """Read the query and, unless the method is GET, the body.

    Raises:
        UploadTooLarge: the body is longer than `max_bytes`.
        UnsupportedBody: its content type is neither urlencoded nor multipart.
        UnreadableBody: it is not what its content type says.
    """
    form = Form()
    form.add(_pairs(request.scope["query_string"]))
    length = request.headers.get("content-length", "0")
    has_body = length != "0" or "transfer-encoding" in request.headers
    if request.method != "GET" and has_body:
        await _read_body(request, form, max_bytes)
    return form


async def _read_body(request: Request[Any], form: Form, max_bytes: int) -> None:
    content_type = request.headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    pieces = read_pieces(request, max_bytes=max_bytes)
    if kind == "multipart/form-data":
        await _read_multipart(content_type, pieces, form)
    elif kind == "application/x-www-form-urlencoded":
        form.add(await _read_urlencoded(pieces))
    else:
        raise UnsupportedBody(
            f"The body's content type is {kind[:100] or 'missing'}; expected "
            "multipart/form-data or application/x-www-form-urlencoded."
        )


async def _read_urlencoded(pieces: AsyncIterable[bytes]) -> list[tuple[str, str]]:
    body = b"".join([piece async for piece in _with_few_escapes(pieces)])
    return _pairs(body) if len(body) <= _INLINE_BYTES else await TEXT_THREADS.run(_pairs, body)


async def _with_few_escapes(pieces: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    left = MAX_ESCAPES
    async for piece in pieces:
        left -= piece.count(b"%")
        if left < 0:
            raise UploadTooLarge(
                f"The urlencoded body has more than {MAX_ESCAPES:,} escapes; "
                "send large pictures as multipart/form-data."
            )
        yield piece


async def _read_multipart(content_type: str, pieces: AsyncIterable[bytes], form: Form) -> None:
    parts = await read_parts(content_type, pieces, max_files=MAX_FILES, max_fields=MAX_FIELDS)
    for part in parts:
        content = await TEXT_THREADS.run(decode_part, part) if part.is_base64 else part.content
        if not part.is_file:
            form.add([(part.name, as_text(content))])
        elif content or part.filename:  # a browser sends neither where no file was chosen
            form.files.setdefault(part.name, []).append(Upload(content, part.filename))


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    """The fields of a query or urlencoded body, as UTF-8 where they are that."""
    fields = encoded.split(b"&", MAX_FIELDS)
    if len(fields) > MAX_FIELDS:
        raise UnreadableBody(f"There are more than {MAX_FIELDS} fields.")
    named = [field.partition(b"=")[::2] for field in fields if field]
    return [(as_text(_unescaped(name)), as_text(_unescaped(value))) for name, value in named]


def _unescaped(text: bytes) -> bytes:
    """What was escaped, slice by slice; a cut before a percent sign goes through no escape."""
    made, start = bytearray(), 0
    while start < len(text):
        cut = text.find(b"%", start + _SLICE_BYTES)
        end = len(text) if cut == -1 else cut
        made += unquote_to_bytes(text[start:end].translate(_PLUS_TO_SPACE))
        start = end
    return bytes(made)
