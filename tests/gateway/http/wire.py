"""One gateway connection after another on a loopback port, spoken to by the byte."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Any, NamedTuple, cast

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from gateway.dialects.dialect import Refusal
from gateway.http.lifecycle import Lifecycle
from gateway.http.protocol import Connection
from gateway.settings import Settings
from tests.gateway.native import NATIVE
from tests.gateway.pool.running import until
from tests.serving import WAIT_SECONDS

GET = b"GET / HTTP/1.1\r\nHost: pixelgate.test\r\n\r\n"


class Answer(NamedTuple):
    """What came back: status, header fields in lower case, body."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def word(self) -> str:
        return str(json.loads(self.body)["error"])


class Client:
    """One connection from outside."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def end_sending(self) -> None:
        self._writer.write_eof()

    def leave(self) -> None:
        self._writer.close()

    async def reset(self) -> None:
        """Leave by a reset; the server's loop has had no turn to notice."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        await asyncio.sleep(0)

    async def line(self) -> bytes:
        async with asyncio.timeout(WAIT_SECONDS):
            return await self._reader.readline()

    async def answer(self) -> Answer:
        """The next answer, with a body of announced length."""
        async with asyncio.timeout(WAIT_SECONDS):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.strip().split("\r\n")
            fields = {
                name.lower(): value for name, _, value in (one.partition(": ") for one in lines)
            }
            body = await self._reader.readexactly(int(fields.get("content-length", "0")))
        return Answer(int(status.split()[1]), fields, body)

    async def rest(self) -> bytes:
        """All until the server closes; a reset raises."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self._reader.read()


class StandingLoop:
    """The event loop with a clock that stands still, but for a tick at each look."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._now = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def time(self) -> float:
        self._now += 0.001
        return self._now


class Wire:
    """Connections to one application, and a clock for their deadlines."""

    def __init__(
        self, server: asyncio.Server, state: ServerState, lifecycle: Lifecycle, loop: StandingLoop
    ) -> None:
        self._server = server
        self._loop = loop
        self.state = state
        self.lifecycle = lifecycle
        self._clients: list[Client] = []

    @property
    def connections(self) -> list[Connection]:
        return list(self.state.connections)  # type: ignore[arg-type]

    async def connect(self) -> Client:
        before = set(self.state.connections)
        host, port = self._server.sockets[0].getsockname()
        client = Client(*await asyncio.open_connection(host, port))
        self._clients.append(client)
        await until(lambda: self.state.connections - before)
        return client

    async def end(self) -> None:
        """Close everything."""
        self._server.close()
        for client in self._clients:
            client.leave()
        for connection in self.connections:
            connection.transport.abort()
        await until(lambda: not self.state.connections and not self.state.tasks)

    def sweep(self, *, seconds_later: float = 0) -> None:
        """Have the deadlines enforced as they would be after some time."""
        now = self._loop.time() + seconds_later
        for connection in self.connections:
            connection.sweep(now)

    async def sweep_until(self, condition: Callable[[], object]) -> None:
        """Have time go by, two seconds between sweeps, until something is true."""
        later = count(0, 2)

        def has_come() -> bool:
            self.sweep(seconds_later=next(later))
            return bool(condition())

        await until(has_come)


@asynccontextmanager
async def wire(app: ASGIApp, **settings: Any) -> AsyncGenerator[Wire]:
    """Serve an application, without gunicorn and without sweeps."""
    lifecycle, state, loop = Lifecycle(), ServerState(), StandingLoop()
    config = Config(app, log_config=None, access_log=False, ws="none", proxy_headers=False)
    standing = cast(asyncio.AbstractEventLoop, loop)
    make = partial(
        Connection,
        config,
        state,
        {},
        standing,
        settings=Settings(**settings),
        lifecycle=lifecycle,
        render=_render,
    )
    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    served = Wire(server, state, lifecycle, loop)
    try:
        yield served
    finally:
        await served.end()


def _render(path: str, refusal: Refusal) -> Response:
    return NATIVE.of(path).render(refusal)


async def reply(send: Send, body: bytes = b"done", status: int = 200) -> None:
    """A whole answer."""
    fields = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def read_all(receive: Receive) -> bytes:
    """A whole body."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and send it back."""
    await reply(send, await read_all(receive))


async def deny(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without reading the body."""
    await reply(send, b"no", 401)


class Stuck:
    """An application that waits until it is told to go on, and tells how it ended."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.is_running = False
        self.was_cancelled = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.is_running = True
        try:
            await self.may_answer.wait()
        except asyncio.CancelledError:
            self.was_cancelled = True
            raise
        await reply(send)
