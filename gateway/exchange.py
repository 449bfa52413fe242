"""One request and its answer, as uvicorn runs the application on them."""

import asyncio
from typing import Protocol

import structlog
from uvicorn._types import ASGI3Application, ASGISendEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

log = structlog.get_logger("gateway.protocol")


class Answering(Protocol):
    """What an exchange needs of its connection."""

    transport: asyncio.Transport

    @property
    def is_closing(self) -> bool: ...

    def ends_with(self, exchange: "Exchange") -> bool: ...

    def finish(self) -> None: ...


class Exchange(RequestResponseCycle):
    """One request and the application's answer to it."""

    task: asyncio.Task[None] | None = None
    connection: Answering
    transport: "Outlet"

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
        """Send a part of the answer; its head says whether the connection stays open."""
        if not self.response_started:
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
    """What an exchange sees of its transport.

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
        else:
            self._connection.transport.write(self._held + data)
            self._held = b""

    def is_closing(self) -> bool:
        return self._connection.is_closing
