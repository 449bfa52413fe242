"""One address of the issuer: which realm, which method, and how a refusal is told."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from auth.answers import bare, refusal
from auth.config import IssuerConfig
from auth.errors import AuthError, HttpsRequired

Handler = Callable[[Request], Awaitable[Response]]
StatusOf = Callable[[Exception], tuple[int, str]]
"""The HTTP status of an error, and a word for it, which is not told here."""

PREFLIGHT_SECONDS = 3_600
PREFLIGHT_HEADERS = "Accept, Authorization, Content-Type, Origin, X-Requested-With"


class IssuerEndpoint:
    """An ASGI application for one path; `handlers` is empty where nothing is served."""

    def __init__(
        self, config: IssuerConfig, handlers: Mapping[str, Handler], status_of: StatusOf
    ) -> None:
        self._config = config
        self.handlers = handlers
        self._status_of = status_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = await self._answer(request)
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if self._config.require_https and request.scope["scheme"] != "https":
            return self._refusal(request, HttpsRequired("HTTPS required"))
        if request.path_params.get("realm") != self._config.realm:
            return bare(404, "Realm does not exist")
        if not self.handlers:
            return bare(404, "HTTP 404 Not Found")
        if request.method == "OPTIONS":
            return self._preflight()
        return await self._handle(request)

    async def _handle(self, request: Request) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        handler = self.handlers.get(method)
        if handler is None:
            return bare(405, "HTTP 405 Method Not Allowed", {"Allow": self._methods()})
        try:
            return await handler(request)
        except AuthError as error:
            return self._refusal(request, error)

    def _refusal(self, request: Request, error: AuthError) -> Response:
        request.state.refused = type(error)
        status, _ = self._status_of(error)
        return refusal(status, error)

    def _preflight(self) -> Response:
        headers = {
            "Access-Control-Allow-Methods": self._methods(),
            "Access-Control-Allow-Headers": PREFLIGHT_HEADERS,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
            "Allow": self._methods(),
            "Cache-Control": "no-store",
        }
        return Response(status_code=200, headers=headers)

    def _methods(self) -> str:
        return ", ".join([*self.handlers, "OPTIONS"])
