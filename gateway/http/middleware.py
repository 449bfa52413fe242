"""The outermost layer: request id, headers that every answer carries, log line, last resort."""

import logging
import time
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from secrets import token_hex
from typing import cast

import structlog
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.dialects.dialect import Refusal, Resource
from gateway.dialects.table import DialectTable
from gateway.errors import ShuttingDown, UnknownPath, WrongMethod, reason_of
from gateway.flow import State
from gateway.http import logs
from gateway.http.cors import for_browsers
from gateway.http.lifecycle import Lifecycle
from gateway.metrics import Metrics
from gateway.tracing import Tracing
from gateway.write_behind import WriteBehind

log = structlog.get_logger()

_ALWAYS = [(b"x-content-type-options", b"nosniff")]
_CACHE_CONTROL = b"cache-control"
_NO_ROUTE = "unknown"
_NO_DIALECT = "gateway"


class RequestMiddleware:
    """Wraps the application; what no dialect's endpoint has answered is answered here."""

    def __init__(
        self,
        app: ASGIApp,
        lifecycle: Lifecycle,
        dialects: DialectTable,
        metrics: Metrics,
        tracing: Tracing,
        write_behind: WriteBehind,
        allowed_origins: Collection[str] = (),
    ) -> None:
        self._app = app
        self._dialects = dialects
        self._metrics = metrics
        self._tracing = tracing
        self._write_behind = write_behind
        self._running = 0
        self.lifecycle = lifecycle
        self._answer = for_browsers(self._app_or_refusal, allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        tracked = _TrackedRequest(scope, send)
        # Only inside an application, Starlette's routes raise what they refuse.
        scope["app"] = self
        with self._tracing.request(scope):
            self._running += 1
            try:
                await self._answer(scope, receive, tracked.send)
            finally:
                self._running -= 1
                outcome = tracked.outcome(self._tracing)
                self._write_behind.add(partial(_write_down, self._metrics, outcome))
                if not self._running:
                    self._write_behind.catch_up()

    def render(self, path: str, refusal: Refusal) -> Response:
        """A refusal of a request that never came as far as this, in its dialect's form."""
        self._metrics.refused(refusal.word)
        return self._dialects.of(path).render(refusal)

    async def _app_or_refusal(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def noting(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            if self.lifecycle.refuses(scope["path"]):
                raise ShuttingDown("The service is ending.", retry_after_seconds=5)
            if "\0" in scope["path"]:  # Nothing has such a name; PostgreSQL takes none to look for.
                raise UnknownPath("There is no path with a NUL in it.")
            await self._app(scope, receive, noting)
        except Exception as error:
            if has_begun:
                raise  # Too late for another answer.
            error = self._in_our_words(error, scope["path"])
            refusal = self._dialects.of(scope["path"]).refuse(error, cast(State, scope["state"]))
            await refusal(scope, receive, send)

    def _in_our_words(self, error: Exception, path: str) -> Exception:
        """The router's own refusals as ours."""
        if not isinstance(error, HTTPException):
            return error
        if error.status_code == 405:
            return WrongMethod.instead_of((error.headers or {}).get("Allow", "").split(", "))
        meant = self._dialects.nearly(path)
        return UnknownPath(f"There is no such path{f'; there is {meant}' if meant else ''}.")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is written down of a request; the rest of it is not kept for that."""

    ended: float
    request_id: str
    method: str
    path: str
    dialect: str
    status: int
    bytes: int
    seconds: float
    client: str
    caller: str
    reason: str
    trace_id: str


class _TrackedRequest:
    """One request and what has been answered to it so far."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._status = 0
        self._bytes = 0
        self._scope = scope
        self._request_id = token_hex(16)
        self._send = send
        self._started = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = self._request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = message["headers"]
            headers += [*_ALWAYS, (b"x-request-id", self._request_id.encode())]
            if _CACHE_CONTROL not in {name for name, _ in headers}:
                headers.append((_CACHE_CONTROL, b"no-store"))
        else:
            self._bytes += len(message.get("body", b""))
        await self._send(message)

    def outcome(self, tracing: Tracing) -> _Outcome:
        """What came of it; its trace is told."""
        # What stands in a sent path may be a secret; Starlette's router leaves its route here.
        route = self._scope.get("route")
        path = _NO_ROUTE if route is None else str(route.path)
        resource = getattr(route, "app", None)
        state, method = self._scope["state"], self._scope["method"]
        refused = state.get("refused")
        reason = reason_of(refused) if refused else ""
        client, _ = self._scope.get("client") or ("", 0)
        return _Outcome(
            time.time(),
            self._request_id,
            method,
            path,
            resource.dialect.name if isinstance(resource, Resource) else _NO_DIALECT,
            self._status,
            self._bytes,
            time.perf_counter() - self._started,
            client,
            state.get("caller", ""),
            reason,
            tracing.answered(method, path, self._status, reason),
        )


def _write_down(metrics: Metrics, outcome: _Outcome) -> None:
    """Count and log it."""
    metrics.answered(outcome.dialect, outcome.path, outcome.status, outcome.seconds)
    if outcome.reason:
        metrics.refused(outcome.reason)
    known = {
        "client": outcome.client,
        "caller": outcome.caller,
        "error": outcome.reason,
        "trace_id": outcome.trace_id,
    }
    # Load balancers ask every second, and would bury all else.
    log.log(
        logging.DEBUG if outcome.path.startswith("/health/") else logging.INFO,
        "request answered" if outcome.status else "request abandoned",
        timestamp=logs.timestamp(outcome.ended),
        request_id=outcome.request_id,
        method=outcome.method,
        path=outcome.path,
        dialect=outcome.dialect,
        status=outcome.status,
        bytes=outcome.bytes,
        seconds=round(outcome.seconds, 4),
        **{name: value for name, value in known.items() if value},
    )
