"""From an error to the answer of the dialect it happened in."""

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from auth.errors import AuthError
from gateway.dialects.dialect import Refusal
from gateway.dialects.table import dialect_of
from gateway.errors import UnknownPath, WrongMethod, status_of

log = structlog.get_logger("gateway.http.error_answers")


def refuse(request: Request, error: Exception) -> Response:
    """The answer to an error; one that was not foreseen is logged and not explained."""
    error = _known(error)
    status, word = status_of(error)
    message = str(getattr(error, "message", "")) if status != 500 else ""
    if status == 500:
        log.error("fault", request_id=request.state.request_id, exc_info=error)
        message = "Something went wrong on this side; the request id finds it in the log."
    errors = getattr(error, "errors", None) or (message,)
    refusal = Refusal(status, word, message, tuple(errors), request.state.request_id)
    response = dialect_of(request.url.path).render(refusal)
    response.headers.update(_headers(request, error))
    return response


def _known(error: Exception) -> Exception:
    """The router's own refusals in our words."""
    if not isinstance(error, HTTPException):
        return error
    if error.status_code == 405:
        allow = ", ".join(sorted((error.headers or {}).get("Allow", "").split(", ")))
        return WrongMethod(f"The method is not known here; expected {allow}.", allow=allow)
    return UnknownPath("There is no such path.")


def _headers(request: Request, error: Exception) -> dict[str, str]:
    headers = dict(getattr(request.state, "rate_fields", {}))
    if seconds := getattr(error, "retry_after_seconds", None):
        headers["Retry-After"] = str(seconds)
    if isinstance(error, WrongMethod):
        headers["Allow"] = error.allow
    if isinstance(error, AuthError) and status_of(error)[0] < 500:
        headers["WWW-Authenticate"] = request.state.guard.challenge(error)
    return headers
