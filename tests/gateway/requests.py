"""Requests as the gateway's functions take them, without a server."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.types import Message


def request(
    body: bytes | Sequence[bytes] = b"",
    *,
    method: str = "POST",
    content_type: str = "",
    query: str = "",
    announces_length: bool = True,
    encoding: str = "",
) -> Request:
    """A request whose body arrives in the given pieces."""
    chunks = [body] if isinstance(body, bytes) else list(body)
    headers = [(b"content-type", content_type.encode())] if content_type else []
    if encoding:
        headers.append((b"content-encoding", encoding.encode()))
    if announces_length:
        headers.append((b"content-length", str(sum(map(len, chunks))).encode()))
    else:
        headers.append((b"transfer-encoding", b"chunked"))

    async def receive() -> Message:
        chunk = chunks.pop(0) if chunks else b""
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    scope = {
        "type": "http",
        "method": method,
        "path": "/",
        "query_string": query.encode(),
        "headers": headers,
        "state": {},
    }
    return Request(scope, receive)
