"""Clients that open connections and take their time."""

import contextlib
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.serving import TINY, Served, running, wait_until

HEAD = b"POST /read HTTP/1.1\r\nHost: pixelgate.test\r\nContent-Length: 100000\r\n\r\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with short deadlines and room for few connections."""
    folder = tmp_path_factory.mktemp("hasty")
    settings = {"head_seconds": 1, "body_seconds": 2, "idle_seconds": 1, "max_connections": 100}
    with running(folder, TINY, **settings) as started:
        yield started


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"GET / HTTP/1.1\r\nHost: a\r\n", b"408"), (HEAD + b"x", b"408"), (b"", b"")],
)
def test_who_does_not_finish_is_sent_away(hasty: Served, sent: bytes, status: bytes) -> None:
    with hasty.connect() as connection:
        connection.sendall(sent)
        began = time.monotonic()
        assert connection.recv(1000)[9:12] == status
        assert 0.5 < time.monotonic() - began < 6


def test_who_sends_byte_after_byte_is_sent_away(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.settimeout(0.1)
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        began = time.monotonic()
        answer = b""
        while not answer and time.monotonic() - began < 6:
            connection.sendall(b"y")
            with contextlib.suppress(TimeoutError):
                answer = connection.recv(1000)
        assert answer[9:12] == b"408"


def test_slow_clients_do_not_slow_a_good_one(served: Served) -> None:
    with ExitStack() as stack:
        for number in range(500):
            connection = stack.enter_context(served.connect())
            if number % 2:
                connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: a")
        seconds = []
        for _ in range(20):
            began = time.monotonic()
            assert served.get("/health/live").status_code == 200
            seconds.append(time.monotonic() - began)
    assert statistics.median(seconds) < 0.5


def test_connections_above_the_limit_are_told_so_until_others_end(hasty: Served) -> None:
    with ExitStack() as stack:

        def fill() -> bool:
            for _ in range(20):
                stack.enter_context(hasty.connect())
            return hasty.get().status_code == 503

        wait_until(fill)
    wait_until(lambda: hasty.get().status_code == 200)
