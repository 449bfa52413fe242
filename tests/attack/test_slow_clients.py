"""Clients that open connections and take their time."""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.attack.engine_processes import little_work
from tests.serving import TINY, Served, running, wait_until

READ = b"POST /read HTTP/1.1\r\nHost: pixelgate.test\r\n"
HEAD = READ + b"Content-Length: 100000\r\n\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n"

HEAD_SECONDS = 1
SOON_SECONDS = 20
"""Ten times what `hasty` gives a body; without its settings a head alone would be given 30."""
PATIENT = {"head_seconds": 600, "body_seconds": 600, "lowest_bytes_per_second": 1}
"""Settings with which nobody is sent away while a test lasts."""


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with short deadlines and room for few connections."""
    folder = tmp_path_factory.mktemp("hasty")
    settings = {"body_seconds": 2, "idle_seconds": 1, "max_connections": 100}
    with running(folder, TINY, head_seconds=HEAD_SECONDS, **settings) as started:
        yield started


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"GET / HTTP/1.1\r\nHost: a\r\n", b"408"), (HEAD + b"x", b"408"), (b"", b"")],
)
def test_who_does_not_finish_is_sent_away(hasty: Served, sent: bytes, status: bytes) -> None:
    began = time.monotonic()
    with hasty.connect() as connection:
        connection.settimeout(SOON_SECONDS)
        connection.sendall(sent)
        assert connection.recv(1000)[9:12] == status
    assert time.monotonic() - began > HEAD_SECONDS


def test_who_sends_byte_after_byte_is_sent_away(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")

        def is_answered() -> bool:
            connection.sendall(b"y")
            return bool(select.select([connection], [], [], 0.1)[0])

        wait_until(is_answered, seconds=SOON_SECONDS)
        assert connection.recv(1000)[9:12] == b"408"


def test_slow_clients_do_not_slow_a_good_one(tmp_path: Path) -> None:
    with running(tmp_path, TINY, **PATIENT) as patient, ExitStack() as stack:
        slow = [stack.enter_context(patient.connect()) for _ in range(500)]
        for connection in slow[::2]:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a")
        with little_work(patient):
            assert [patient.get().status_code for _ in range(20)] == [200] * 20
        # It did not wait for them either.
        assert select.select(slow, [], [], 0)[0] == []


def test_connections_above_the_limit_are_told_so_until_others_end(tmp_path: Path) -> None:
    refused: list[httpx.Response] = []
    with running(tmp_path, TINY, max_connections=100, **PATIENT) as patient:
        with ExitStack() as stack:

            def fill() -> bool:
                for _ in range(20):
                    stack.enter_context(patient.connect()).sendall(HEAD + bytes(1000))
                refused[:] = [patient.get()]
                return refused[0].status_code == 503

            wait_until(fill)
        assert int(refused[0].headers["Retry-After"]) > 0
        wait_until(lambda: patient.get().status_code == 200)


def test_silent_connections_lock_nobody_out(hasty: Served) -> None:
    with ExitStack() as stack:
        for _ in range(300):
            stack.enter_context(hasty.connect())
        assert [hasty.get().status_code for _ in range(5)] == [200] * 5


def test_who_sends_a_body_below_the_lowest_rate_is_sent_away(served: Served) -> None:
    edges = b"POST /v2/services/image/edges HTTP/1.1\r\nHost: pixelgate.test\r\n"
    token = b"Authorization: Bearer " + served.token().encode() + b"\r\n"
    with served.connect() as connection:
        # Expected after 5 s; a body at a better rate is given 60.
        connection.settimeout(50)
        connection.sendall(edges + token + FORM + b"x" * 4000)
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")


def test_who_only_ended_its_sending_is_answered(hasty: Served) -> None:
    with hasty.connect() as connection, connection.makefile("rb") as answers:
        connection.sendall(b"GET /?seconds=1.5 HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert b"HTTP/1.1 200 OK\r\n" in answers.read()


def test_who_ends_its_sending_within_a_body_is_told_so(hasty: Served) -> None:
    with hasty.connect() as connection, connection.makefile("rb") as answers:
        connection.sendall(HEAD + b"x")
        connection.shutdown(socket.SHUT_WR)
        assert answers.read().startswith(b"HTTP/1.1 400")


def test_who_never_ends_its_trailer_is_sent_away(hasty: Served) -> None:
    with hasty.connect() as connection:
        connection.sendall(READ + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"y" * 600_000)
        assert connection.recv(1000).startswith(b"HTTP/1.1 400")
