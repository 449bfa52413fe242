"""The outermost layer: request id, headers that every answer carries, log line, last resort."""

import time
from secrets import token_hex

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.errors import ShuttingDown
from gateway.http.error_answers import refuse
from gateway.http.lifecycle import Lifecycle

log = structlog.get_logger("gateway.request")

_ALWAYS = [(b"x-content-type-options", b"nosniff")]
_CACHE_CONTROL = b"cache-control"
_NO_ROUTE = "unknown"


class RequestMiddleware:
    """Wraps the application."""

    def __init__(self, app: ASGIApp, lifecycle: Lifecycle) -> None:
        self._app = app
        self.lifecycle = lifecycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whatever happens inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        # Only inside an application, Starlette's routes raise what they refuse.
        scope["app"] = self
        try:
            if self.lifecycle.refuses(scope["path"]):
                raise ShuttingDown("The service is ending.", retry_after_seconds=5)
            await self._app(scope, receive, exchange.send)
        except Exception as error:
            await exchange.fail(receive, error)
        finally:
            exchange.log()


class _Exchange:
    """One request and what has been answered to it so far."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.request_id = token_hex(16)
        self._send = send
        self._status = 0
        self._started = time.perf_counter()
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = message["headers"]
            headers += [*_ALWAYS, (b"x-request-id", self.request_id.encode())]
            if _CACHE_CONTROL not in {name for name, _ in headers}:
                headers.append((_CACHE_CONTROL, b"no-store"))
        await self._send(message)

    async def fail(self, receive: Receive, error: Exception) -> None:
        """Answer an error that nothing inside has answered; too late once an answer began."""
        if self._status:
            raise error
        await refuse(Request(self.scope), error)(self.scope, receive, self.send)

    def log(self) -> None:
        log.info(
            "request answered" if self._status else "request abandoned",
            request_id=self.request_id,
            method=self.scope["method"],
            path=self._declared_path(),
            status=self._status,
            seconds=round(time.perf_counter() - self._started, 4),
        )

    def _declared_path(self) -> str:
        """The path as its route declares it: what stands in a sent one may be a secret."""
        route = self.scope.get("route")  # Starlette's router leaves it here.
        return _NO_ROUTE if route is None else str(route.path)
