"""One request and its answer, as uvicorn runs the application on them."""

import asyncio
from collections.abc import Iterator
from typing import Protocol

import structlog
from uvicorn._types import ASGI3Application, ASGISendEvent, HTTPResponseBodyEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.http.body_checks import BodyMeter

log = structlog.get_logger()

PIECE_BYTES = 256 * 1024
"""A larger body is sent in pieces; a usual answer leaves by one write."""
JOINED_BYTES = 64 * 1024
"""To send more together with the head, a copy costs more than a system call."""


class Answering(Protocol):
    """What a request cycle needs of its connection."""

    transport: asyncio.Transport

    @property
    def is_closing(self) -> bool: ...

    def ends_with(self, cycle: "RequestCycle") -> bool: ...

    def allow_reading(self, count: int) -> None: ...

    def finish(self) -> None: ...


class RequestCycle(RequestResponseCycle):
    """One request and the application's answer to it."""

    task: asyncio.Task[None] | None = None
    connection: Answering
    meter: BodyMeter
    transport: "Outlet"

    def take(self, piece: bytes) -> None:
        """Let a piece of the body wait for the application.

        A lone one, which is the rule, is handed on as it is: uvicorn would copy it into a
        bytearray and out of it again.
        """
        if not self.body:
            self.body = piece  # type: ignore[assignment]
            return
        if not isinstance(self.body, bytearray):
            self.body = bytearray(self.body)
        self.body += piece

    async def run_asgi(self, app: ASGI3Application) -> None:
        """Run the application; whatever it leaves undone ends the connection."""
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError:
            # By `abandon`: nobody waits for an answer any more.
            pass
        except Exception as error:
            log.error("fault after the answer began", exc_info=error)
        if not self.response_complete and not self.disconnected:
            self.connection.transport.abort()

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer, and wait until the client has read nearly all of it.

        So the request is not over, nor the memory of its answer free, before that.
        """
        if message["type"] != "http.response.body":
            await self._begin(message)
            return
        self.connection.allow_reading(len(message.get("body", b"")))
        for piece in _pieces(message):
            await super().send(piece)
        if self.flow.write_paused:
            await self.flow.drain()

    async def _begin(self, message: ASGISendEvent) -> None:
        """Send the head, which says whether the connection stays open."""
        if self.connection.ends_with(self):
            self.keep_alive = False
        # An answer to HEAD is complete without another write.
        self.transport.is_holding = self.scope["method"] != "HEAD"
        await super().send(message)

    def abandon(self) -> None:
        """Stop the application; a job of its that still waits leaves its queue."""
        self.disconnected = True
        self.message_event.set()
        if self.task is not None:
            self.task.cancel()


class Outlet(asyncio.Transport):
    """What a request cycle sees of its transport.

    An answer's head can be held, so that it leaves by one system call with what follows;
    closing waits until the client has read.
    """

    def __init__(self, connection: Answering) -> None:
        super().__init__()
        self.close = connection.finish  # type: ignore[method-assign]
        self.is_holding = False
        self._held = b""
        self._connection = connection

    def write(self, data: bytes) -> None:  # type: ignore[override]
        if self.is_holding:
            self.is_holding = False
            self._held = data
            return
        held, self._held = self._held, b""
        if held and len(data) > JOINED_BYTES:
            self._connection.transport.write(held)
            held = b""
        self._connection.transport.write(held + data)

    def is_closing(self) -> bool:
        return self._connection.is_closing


def _pieces(message: HTTPResponseBodyEvent) -> Iterator[HTTPResponseBodyEvent]:
    """A part of an answer as several, before each of which uvicorn waits for the client."""
    body = message.get("body", b"")
    if len(body) <= PIECE_BYTES:
        yield message
        return
    for start in range(0, len(body), PIECE_BYTES):
        end = start + PIECE_BYTES
        more_body = message.get("more_body", False) or end < len(body)
        yield {"type": "http.response.body", "body": body[start:end], "more_body": more_body}
