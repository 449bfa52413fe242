"""What a request's head may say, beyond what the parser refuses by itself."""

from collections.abc import Iterable
from typing import NamedTuple

from gateway.http import early_answers as early
from gateway.http.early_answers import EarlyAnswer


class Refused(Exception):
    """Raised inside a callback of the parser, which stops it."""

    def __init__(self, answer: EarlyAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


class Head(NamedTuple):
    """What follows a head: a body, and whether the client waits to be asked for it."""

    has_body: bool
    expects_continue: bool


def check_head(headers: Iterable[tuple[bytes, bytes]], version: str) -> Head:
    """Read a head whose names are in lower case.

    Raises:
        Refused: it says what is not served here.
    """
    hosts, has_body, expects_continue = 0, False, False
    for name, value in headers:
        if name == b"host":
            hosts += 1
        elif name == b"content-length":
            has_body = value != b"0"
        elif name == b"transfer-encoding":
            has_body = True
            if value.lower() != b"chunked" or version == "1.0":
                raise Refused(early.UNKNOWN_CODING)
        elif name == b"expect" and version == "1.1":
            if value.lower() != b"100-continue":
                raise Refused(early.UNKNOWN_EXPECTATION)
            expects_continue = True
    if version not in ("1.1", "1.0"):
        raise Refused(early.UNKNOWN_VERSION)
    if hosts > 1 or (hosts == 0 and version == "1.1"):
        raise Refused(early.ONE_HOST)
    return Head(has_body, expects_continue)
