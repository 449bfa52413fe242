"""A request's fields: query, urlencoded body and multipart body read into one form."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import anyio.to_thread
from starlette.requests import ClientDisconnect, Request

from engines.core.shapes import shown
from gateway.errors import UnreadableBody, UnsupportedBody, UploadTooLarge
from gateway.multipart import as_text, read_parts

MAX_FIELDS = 100
MAX_FILES = 16
MAX_ESCAPES = 2_000_000
"""Percent signs in a urlencoded body; 25 MB of base64 has 1.5 million, each costs 0.8 µs."""
_INLINE_BYTES = 64 * 1024
"""Longer urlencoded bodies are parsed beside the event loop: 33 MB takes 0.9 s."""


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent, by field name, in the order of sending, the query first.

    Args:
        texts: values as sent; bytes that are no UTF-8 survive as Latin-1.
        files: the bytes of uploaded files.
    """

    texts: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, list[bytes]] = field(default_factory=dict)

    def parameters(self) -> dict[str, str]:
        """Each text's last value, without one pair of double quotes around it."""
        return {name: unquoted(values[-1]) for name, values in self.texts.items()}

    def add(self, pairs: list[tuple[str, str]]) -> None:
        for name, value in pairs:
            self.texts.setdefault(name, []).append(value)


def unquoted(text: str) -> str:
    """Some of the documents' samples put quotes inside the value: `algorithm="SOBEL"`."""
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text


async def read_form(request: Request, *, max_bytes: int) -> Form:
    """Read the query and, unless the method is GET, the body.

    Raises:
        UploadTooLarge: the body is longer than `max_bytes`.
        UnsupportedBody: its content type is neither urlencoded nor multipart.
        UnreadableBody: it is not what its content type says.
    """
    form = Form()
    form.add(_pairs(request.scope["query_string"]))
    if request.method != "GET" and _has_body(request):
        await _read_body(request, form, max_bytes)
    return form


def _has_body(request: Request) -> bool:
    length = request.headers.get("content-length", "0")
    return length != "0" or "transfer-encoding" in request.headers


async def _read_body(request: Request, form: Form, max_bytes: int) -> None:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise UnsupportedBody(f"The body is encoded as {shown(coding)}; expected none.")
    try:
        if kind == "multipart/form-data":
            await _read_multipart(request, form, max_bytes)
        elif kind == "application/x-www-form-urlencoded":
            form.add(await _read_urlencoded(request, max_bytes))
        else:
            raise UnsupportedBody(
                f"The body's content type is {kind or 'missing'}; expected multipart/form-data "
                "or application/x-www-form-urlencoded."
            )
    except ClientDisconnect:
        raise UnreadableBody("The body ended before its announced length.") from None


async def _read_urlencoded(request: Request, max_bytes: int) -> list[tuple[str, str]]:
    body = b"".join([chunk async for chunk in _bounded(request, max_bytes)])
    if body.count(b"%") > MAX_ESCAPES:
        raise UploadTooLarge(
            f"The urlencoded body has more than {MAX_ESCAPES:,} escapes; "
            "send large pictures as multipart/form-data."
        )
    if len(body) <= _INLINE_BYTES:
        return _pairs(body)
    return await anyio.to_thread.run_sync(_pairs, body)


async def _read_multipart(request: Request, form: Form, max_bytes: int) -> None:
    parts = await read_parts(
        request.headers["content-type"],
        _bounded(request, max_bytes),
        max_files=MAX_FILES,
        max_fields=MAX_FIELDS,
    )
    for name, is_file, content in parts:
        if not is_file:
            form.add([(name, as_text(content))])
        elif content:
            form.files.setdefault(name, []).append(content)


async def _bounded(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body's chunks; refused by its announced length, or on the way when that is unknown."""
    if int(request.headers.get("content-length", "0")) > max_bytes:
        raise _too_large(max_bytes)
    received = 0
    async for chunk in request.stream():
        received += len(chunk)
        if received > max_bytes:
            raise _too_large(max_bytes)
        if chunk:
            yield chunk


def _too_large(max_bytes: int) -> UploadTooLarge:
    return UploadTooLarge(f"The body is larger than {max_bytes:,} bytes.")


def _pairs(encoded: bytes) -> list[tuple[str, str]]:
    """The fields of a query or urlencoded body, as UTF-8 where they are that."""
    try:
        pairs = parse_qsl(
            encoded.decode("latin-1"),
            keep_blank_values=True,
            encoding="latin-1",
            max_num_fields=MAX_FIELDS,
        )
    except ValueError:
        raise UnreadableBody(f"There are more than {MAX_FIELDS} fields.") from None
    return [(_from_latin(name), _from_latin(value)) for name, value in pairs]


def _from_latin(text: str) -> str:
    return text if text.isascii() else as_text(text.encode("latin-1"))
