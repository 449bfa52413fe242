"""The least that a gateway can do: our server and our pool, and nothing between them.

No authentication, routes, forms, limits or log lines: what the service loses against it, those
cost; what it loses itself against the plain loop, HTTP and the way to another process cost.
"""

from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from engines.core.registry import by_service
from engines.core.run import Job, name_of
from gateway.dialects.dialect import Refusal
from gateway.dialects.ltu.present import envelope
from gateway.dialects.ltu.routes import DIALECT as LTU
from gateway.http.lifecycle import Lifecycle
from gateway.http.server import serve
from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import PRELOAD, SlotPool
from gateway.settings import Settings


class Bare:
    """Answers what `benchmarks.http` sends."""

    def __init__(self, settings: Settings) -> None:
        self.lifecycle = Lifecycle()
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Compute the first picture of a multipart body by the service that the path ends with."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = await _body(receive)
        begin = body.index(b"\r\n\r\n") + 4
        boundary = b"\r\n" + body[: body.index(b"\r\n")]
        engine = by_service(scope["path"].rpartition("/")[2])
        assert engine
        picture = body[begin : body.index(boundary, begin)]
        job = Job(engine.name, (picture,), engine.params(), name_of(envelope))
        done = await self._pool.run(job, deadline_seconds=60, owner="")
        length = (b"content-length", b"%d" % len(done.body))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": done.body})

    def render(self, path: str, refusal: Refusal) -> Response:
        return LTU.render(refusal)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._pool = SlotPool(
            slots=self._settings.slot_count,
            queue_length=1000,
            quarantine=MemoryQuarantine(),
            preload=(*PRELOAD, envelope.__module__),
        )
        await self._pool.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.stop(grace_seconds=0)
        await send({"type": "lifespan.shutdown.complete"})


async def _body(receive: Receive) -> bytes:
    pieces: list[bytes] = []
    message: Message = {}
    while message.get("more_body", True):
        message = await receive()
        pieces.append(message["body"])
    return b"".join(pieces)


if __name__ == "__main__":
    serve(Settings(), Bare)
