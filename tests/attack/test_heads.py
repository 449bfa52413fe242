"""Requests whose head is ambiguous or without measure."""

import pytest

from gateway.http.early_answers import MAX_FIELDS, MAX_HEAD_BYTES, MAX_URL_BYTES
from tests.serving import Served

HOST = b"Host: pixelgate.test\r\n"
GET = b"GET /health/live HTTP/1.1\r\n" + HOST
POST = b"POST /health/live HTTP/1.1\r\n" + HOST
CHUNKED = b"Transfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (POST + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n", b"400"),
        (POST + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n", b"400"),
        (POST + b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n", b"400"),
        (b"GET /" + b"a" * MAX_URL_BYTES + b" HTTP/1.1\r\n" + HOST + b"\r\n", b"414"),
        (GET + b"X: y\r\n" * MAX_FIELDS + b"\r\n", b"431"),
        (GET + b"X: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n", b"431"),
        (GET + b"X: " + b"y" * 2 * MAX_HEAD_BYTES, b"431"),
    ],
)
def test_it_is_refused_and_what_follows_is_not_answered(
    served: Served, head: bytes, status: bytes
) -> None:
    with served.connect() as connection, connection.makefile("rb") as answers:
        connection.sendall(head + GET + b"\r\n")
        answer = answers.read()
    assert answer.startswith(b"HTTP/1.1 " + status)
    assert answer.count(b"HTTP/1.1 ") == 1


def test_as_many_fields_as_are_allowed_are_answered(served: Served) -> None:
    with served.connect() as connection:
        connection.sendall(GET + b"X: y\r\n" * (MAX_FIELDS - 1) + b"\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
