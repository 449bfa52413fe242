"""What one caller may ask of a started service with two workers."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.auth.workers import EDGES, Workers, ask, each_worker
from tests.serving import Served, serving, wait_until


@pytest.fixture(scope="module")
def limiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("limiting")
    with serving(folder, rate_limit="6/hour", max_jobs_per_caller=1) as started:
        yield started


@pytest.fixture
def workers(limiting: Served) -> Iterator[Workers]:
    with each_worker(limiting) as clients:
        yield clients


def test_of_three_requests_at_once_two_workers_refuse_one(limiting: Served) -> None:
    head = (
        f"POST {EDGES} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {limiting.token()}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n--b"
    )
    with ExitStack() as stack:
        connections = [stack.enter_context(limiting.connect()) for _ in range(3)]
        for connection in connections:
            connection.sendall(head.encode())
            connection.setblocking(False)
        answers: list[bytes] = []

        def is_answered() -> bool:
            for connection in connections:
                try:
                    answers.append(connection.recv(2000))
                except BlockingIOError:
                    continue
            return bool(answers)

        wait_until(is_answered)
    assert answers[0].startswith(b"HTTP/1.1 429 ")
    assert b"retry-after: 1\r\n" in answers[0].lower()


def test_both_workers_count_together_and_tell_what_is_left(
    limiting: Served, workers: Workers
) -> None:
    token = limiting.token()
    answers = [ask(workers[i % 2], token) for i in range(10)]
    admitted = [answer for answer in answers if answer.status_code == 400]
    left = [int(answer.headers["RateLimit"].split(";")[1][2:]) for answer in admitted]
    assert left == [*range(left[0], -1, -1)]
    assert Counter(answer.status_code for answer in answers[len(left) :]) == {429: 10 - len(left)}
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"caller";q=6;w=3600'}
    refusal = answers[-1]
    assert refusal.json()["error"] == "too_many_requests"
    assert 3000 < int(refusal.headers["Retry-After"]) <= 3600
    assert refusal.headers["RateLimit"].startswith('"caller";r=0;t=3')


def test_health_and_tokens_are_no_requests_of_a_caller(limiting: Served, workers: Workers) -> None:
    for _ in range(8):
        assert workers[0].get("/health/live").status_code == 200
    assert limiting.token()
