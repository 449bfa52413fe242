"""One client of the service: prepared requests out, whole answers in, over a kept connection."""

import socket
import time
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple

ANSWER_SECONDS = 60


class Reply(NamedTuple):
    """An answer; status 0 is a connection that broke off or said nothing for a minute."""

    status: int
    body: bytes
    seconds: float
    retry_after: str | None = None


class Conversation:
    """Asks one thing after another; it connects anew when the connection was closed."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: socket.socket | None = None

    def ask(self, request: bytes) -> Reply:
        began = time.perf_counter()
        try:
            status, body, retry_after = self._exchange(request)
        except (OSError, HTTPException) as error:
            self.close()
            status, body, retry_after = 0, repr(error).encode(), None
        return Reply(status, body, time.perf_counter() - began, retry_after)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, request: bytes) -> tuple[int, bytes, str | None]:
        if self._connection is None:
            address = ("127.0.0.1", self._port)
            self._connection = socket.create_connection(address, ANSWER_SECONDS)
        self._connection.sendall(request)
        response = HTTPResponse(self._connection)
        response.begin()
        body = response.read()
        if response.will_close:
            self.close()
        return response.status, body, response.headers["Retry-After"]
