"""How the issuer answers: Keycloak's bodies, statuses and headers (RFC 6749 §5)."""

import html
from collections.abc import Mapping

import orjson
from starlette.responses import Response

from auth.errors import AuthError, FormTypeUnsupported

PRIVATE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
PUBLIC = {"Cache-Control": "no-cache", "Access-Control-Allow-Origin": "*"}
PAGE = PRIVATE | {"Content-Security-Policy": "default-src 'none'"}


def private(body: Mapping[str, object], status: int = 200) -> Response:
    return _json(body, status, PRIVATE)


def public(body: Mapping[str, object]) -> Response:
    """A document that any web page may read, and that a cache asks about each time."""
    return _json(body, 200, PUBLIC)


def empty(status: int) -> Response:
    return Response(status_code=status, headers=PRIVATE)


def bare(status: int, error: str, headers: Mapping[str, str] | None = None) -> Response:
    """An answer of Keycloak's server rather than of its issuer: without a description."""
    return _json({"error": error}, status, {**PRIVATE, **(headers or {})})


def refusal(status: int, error: AuthError) -> Response:
    """No WWW-Authenticate: some clients would then not read the body (RFC 6749 §5.2)."""
    if isinstance(error, FormTypeUnsupported):
        return bare(status, error.error)
    answer = private(described(error), status)
    if error.retry_after_seconds is not None:
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def described(error: AuthError) -> dict[str, object]:
    return {"error": error.error, "error_description": error.message}


def challenge(status: int, value: str) -> Response:
    """Userinfo's refusal: nothing in the body, the reason in the header."""
    headers = PRIVATE | {"WWW-Authenticate": value}
    return Response("", status, headers, media_type="text/plain")


def page(status: int, text: str) -> Response:
    document = f"<!doctype html><title>Pixelgate</title><p>{html.escape(text)}</p>\n"
    return Response(document, status, PAGE, media_type="text/html")


def _json(body: Mapping[str, object], status: int, headers: Mapping[str, str]) -> Response:
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
