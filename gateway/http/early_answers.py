"""Answers to requests that never reach the application, because the protocol refuses them."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import NamedTuple

from starlette.responses import Response

from gateway.dialects.dialect import Refusal

MAX_URL_BYTES = 8 * 1024
MAX_HEAD_BYTES = 64 * 1024
MAX_FIELDS = 100


class EarlyAnswer(NamedTuple):
    """An answer that is given before, or instead of, the application's."""

    status: int
    word: str
    message: str

    def refusal(self, request_id: str) -> Refusal:
        """The same for a dialect to render."""
        return Refusal(self.status, self.word, self.message, (self.message,), request_id)


MALFORMED = EarlyAnswer(400, "malformed_request", "The request is not well-formed HTTP/1.1.")
ONE_HOST = EarlyAnswer(400, "malformed_request", "The request has no Host field, or several.")
CUT_OFF = EarlyAnswer(400, "unreadable_body", "The body ended before its announced length.")
CRUMBS = EarlyAnswer(400, "unreadable_body", "The body comes in too many small chunks.")
TOO_MUCH_FRAMING = EarlyAnswer(
    400,
    "unreadable_body",
    f"The body's chunk extensions and trailer have more than {MAX_HEAD_BYTES:,} bytes.",
)
HEAD_TOO_SLOW = EarlyAnswer(408, "request_timeout", "The request's head did not arrive in time.")
BODY_TOO_SLOW = EarlyAnswer(408, "request_timeout", "The request's body did not arrive in time.")
URL_TOO_LONG = EarlyAnswer(414, "url_too_long", f"The URL is longer than {MAX_URL_BYTES:,} bytes.")
UNKNOWN_EXPECTATION = EarlyAnswer(
    417, "expectation_failed", "The only expectation that can be met is 100-continue."
)
HEAD_TOO_LARGE = EarlyAnswer(
    431,
    "head_too_large",
    f"The request's head has more than {MAX_FIELDS} fields or {MAX_HEAD_BYTES:,} bytes.",
)
UNKNOWN_CODING = EarlyAnswer(
    501, "unsupported_transfer_coding", "The only transfer coding that is known is chunked."
)
TOO_MANY_CONNECTIONS = EarlyAnswer(503, "too_many_connections", "Too many connections are open.")
SHUTTING_DOWN = EarlyAnswer(503, "shutting_down", "The service is ending.")
UNKNOWN_VERSION = EarlyAnswer(505, "unsupported_version", "HTTP/1.1 and HTTP/1.0 are spoken here.")


def as_bytes(response: Response, request_id: str, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """An answer for the wire, the last of its connection, with what every answer carries."""
    fields = [
        *headers,
        *response.raw_headers,
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", request_id.encode()),
    ]
    if response.status_code == 503:
        fields.append((b"retry-after", b"5"))
    status = HTTPStatus(response.status_code)
    head = b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode())
    lines = b"".join(b"%b: %b\r\n" % field for field in fields)
    return head + lines + b"\r\n" + bytes(response.body)
