"""A service without engines, on the gateway's own master, workers and protocol."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from threading import Event

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth.threads import Threads
from gateway.http.lifecycle import Lifecycle
from gateway.http.middleware import RequestMiddleware
from gateway.http.server import serve
from gateway.metrics import Metrics
from gateway.settings import Settings
from gateway.tracing import Tracing
from gateway.write_behind import WriteBehind
from tests.gateway.native import NATIVE

log = structlog.get_logger()
write_behind = WriteBehind()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with this process's number; when the query names a file, once that is there."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
        return
    request = Request(scope, receive)
    log.info("request begun")
    if scope["path"] == "/fault":
        raise ValueError(request.headers["authorization"])
    if scope["path"] == "/read":
        await request.body()
    if scope["path"] == "/thread":
        threads = Threads(1, abandons=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(threads.run(Event().wait), 0.01)
    if scope["path"] == "/client":
        await Response(f"{request.client}")(scope, receive, send)
        return
    await asyncio.sleep(float(request.query_params.get("seconds", "0")))
    if name := request.query_params.get("file"):
        while not Path(name).exists():  # noqa: ASYNC110, ASYNC240 - Another process makes it.
            await asyncio.sleep(0.01)
    await Response(str(os.getpid()))(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    write_behind.catch_up()
    await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    serve(
        Settings(),
        lambda settings: RequestMiddleware(
            app, Lifecycle(), NATIVE, Metrics(), Tracing(), write_behind
        ),
    )
