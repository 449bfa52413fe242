"""A request's body, as bytes: never more of it than is taken, and never compressed."""

from collections.abc import AsyncGenerator
from io import BytesIO
from typing import Any

from starlette.requests import ClientDisconnect, Request

from engines.core.shapes import shown
from gateway.errors import UnreadableBody, UnsupportedBody, UploadTooLarge


async def read_body(request: Request[Any], *, max_bytes: int) -> bytes:
    """The whole body, whatever its content type; empty if there is none.

    Raises:
        see `read_pieces`.
    """
    body = BytesIO()  # As pieces go at once, the next ones get memory that is there already.
    async for piece in read_pieces(request, max_bytes=max_bytes):
        body.write(piece)
    return body.getvalue()


async def read_pieces(request: Request[Any], *, max_bytes: int) -> AsyncGenerator[bytes, None]:
    """The body as it arrives; refused by its announced length, or on the way without one.

    Raises:
        UploadTooLarge: it is longer than `max_bytes`.
        UnsupportedBody: it is compressed.
        UnreadableBody: it ends early.
    """
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding != "identity":
        raise UnsupportedBody(f"The body is encoded as {shown(coding)}; expected none.")
    too_large = UploadTooLarge(f"The body is larger than {max_bytes:,} bytes.")
    if int(request.headers.get("content-length", "0")) > max_bytes:
        raise too_large
    received = 0
    try:
        async for piece in request.stream():
            received += len(piece)
            if received > max_bytes:
                raise too_large
            if piece:
                yield piece
    except ClientDisconnect:
        raise UnreadableBody("The body ended before its announced length.") from None
