"""Receivers of webhooks, and what sends to them, on loopback."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from email.message import Message as Fields
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select, update

from gateway.intake.addresses import AddressGuard
from gateway.intake.fetch import GuardedTransport
from gateway.metrics import Metrics
from gateway.store.secret_box import SecretBox
from gateway.store.tables import deliveries
from gateway.tasks.bell import Bell
from gateway.tasks.deliverer import LEASE_SECONDS, Deliverer
from gateway.tasks.deliveries import Message, send_to_webhooks
from gateway.tasks.webhooks import Webhooks
from tests.auth.conftest import Clock
from tests.gateway.pool.running import until

ALLOWED = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
BODY = '{"uid":"1","score":0.1,"text":"é"}'.encode()
SIGNATURE = "X-Webhook-Signature"

Answer = str | Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Posted:
    """One request."""

    line: str
    fields: Fields
    body: bytes


class Receiver:
    """A web server that gives its answers in turn, one a connection, the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.posted: list[Posted] = []
        self.port = 0
        self.open = 0
        self._answers = list(answers)

    def url(self, host: str = ALLOWED[0]) -> str:
        return f"http://{host}:{self.port}/callback?of=ada"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            line, _, head = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
            fields = BytesParser().parsebytes(head, headersonly=True)
            body = await reader.readexactly(int(fields["Content-Length"]))
            self.posted.append(Posted(line.decode(), fields, body))
            answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
            if isinstance(answer, str):
                writer.write(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n".encode())
                await writer.drain()
            else:
                await answer(reader, writer)
        writer.close()
        self.open -= 1


@asynccontextmanager
async def receiving(*answers: Answer) -> AsyncIterator[Receiver]:
    """A receiver on every loopback address."""
    receiver = Receiver(*(answers or ("200 OK",)))
    server = await asyncio.start_server(receiver.serve, "0.0.0.0")
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        await server.wait_closed()
        await until(lambda: not receiver.open)


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer nothing until the sender has gone."""
    await reader.read()


class Sender:
    """A database with webhooks, and deliverers that send what is due there."""

    def __init__(self, database: Engine, keys: Path) -> None:
        self.database = database
        self.clock = Clock()
        self.box = SecretBox(keys)
        self.guard = AddressGuard(ALLOWED)
        self.webhooks = Webhooks(database, self.box, self.guard, clock=self.clock)

    def send(self, owner: str = "ada", dialect: str = "aerovision", body: bytes = BODY) -> None:
        """End a task of this owner."""
        message = Message(owner, dialect, "task", body, self.clock())
        with self.database.begin() as connection:
            send_to_webhooks(connection, message, signature_header=SIGNATURE)

    @asynccontextmanager
    async def delivering(self, **options: Any) -> AsyncIterator[Bell]:
        """A running deliverer; the bell wakes it."""
        bell = Bell()
        told: dict[str, Any] = {
            "box": self.box,
            "metrics": Metrics(),
            "transport": GuardedTransport(self.guard),
            "version": "1.2",
            "clock": self.clock,
            "jitter": lambda _, longest: longest,
        }
        told |= options
        deliverer = Deliverer(self.database, bell=bell, **told)
        running = asyncio.create_task(deliverer.run())
        try:
            yield bell
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            await told["transport"].aclose()

    def rows(self, **values: object) -> list[Any]:
        """All deliveries, the oldest first; those with these values alone."""
        wanted = [deliveries.c[name] == value for name, value in values.items()]
        with self.database.execution_options(reads_only=True).connect() as connection:
            return list(
                connection.execute(select(deliveries).where(*wanted).order_by("created_at"))
            )

    def change(self, **values: object) -> None:
        """Set columns of all deliveries."""
        with self.database.begin() as connection:
            connection.execute(update(deliveries).values(values))

    async def after(self, attempts: int) -> Any:
        """The one delivery, when what came of so many attempts is written down."""
        leased_until = self.clock() + LEASE_SECONDS
        await until(lambda: self.rows()[0].attempts == attempts)
        await until(lambda: self.rows()[0].due_at != leased_until or self.rows()[0].finished_at)
        return self.rows()[0]
