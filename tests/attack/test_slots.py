"""Engine processes that are killed, frozen, or given more than they can do."""

import json
import select
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import psutil
import pytest

from tests.attack.engine_processes import busy_engines, cpu_seconds, engines, frozen_engines
from tests.attack.refusals import refusal
from tests.pictures import encoded
from tests.serving import WAIT_SECONDS, Served, serving, wait_until

SERVICES = "/v2/services/image/"
EDGES = SERVICES + "edges"
SLOW = SERVICES + "imageQuality"
LEARNED = SERVICES + "objectDetection"
"""Its model stays in memory."""

PLACES = 2 * (2 * 2 + 2)
"""Jobs that `narrow` takes at once: its workers, their engines with two each, their queues."""


def slow_picture(seed: int = 0, size: tuple[int, int] = (4800, 3600)) -> bytes:
    """A picture that takes imageQuality several tenths of a second."""
    random = np.random.default_rng(seed)
    soft = random.integers(0, 256, (60, 80, 3), np.uint8)
    pixels = cv2.resize(soft, size).astype(np.uint8)
    return encoded("JPEG", pixels, quality=60)


@contextmanager
def clients(count: int, ask: Callable[[], None]) -> Iterator[list[Future[None]]]:
    """So many threads that ask again and again until the end of the block."""
    is_over = False

    def work() -> None:
        while not is_over:
            ask()

    with ThreadPoolExecutor(count) as pool:
        working = [pool.submit(work) for _ in range(count)]
        try:
            yield working
        finally:
            is_over = True
    for one in working:
        one.result()


def asking(
    served: Served, picture: bytes, answers: list[httpx.Response], path: str = EDGES
) -> Callable[[], None]:
    """A question, each time on a connection of its own, so that every worker is asked."""
    headers = {"Authorization": f"Bearer {served.token()}"}

    def ask() -> None:
        with httpx.Client(headers=headers, timeout=WAIT_SECONDS, trust_env=False) as client:
            answers.append(client.post(served.url + path, files={"image": picture}))

    return ask


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    """How often each status was answered; what was refused was refused properly."""
    for answer in answers:
        if answer.status_code != 200:
            refusal(answer, answer.status_code)
    return Counter(answer.status_code for answer in answers)


def test_killed_engines_cost_other_callers_nothing(served: Served, photograph: Path) -> None:
    answers: list[httpx.Response] = []
    ask = asking(served, photograph.read_bytes(), answers)
    ask()
    with clients(8, ask):
        for engine in islice(busy_engines(served, used_seconds=0.3), 4):
            kill([engine])
        counted = len(answers)
        wait_until(lambda: len(answers) > counted + 20)
    assert statuses(answers).keys() <= {200, 503}
    assert statuses(answers)[200] > 0.9 * len(answers)
    assert {one.content for one in answers if one.status_code == 200} == {answers[0].content}


def test_all_engines_killed_at_once_are_back(served: Served, photograph: Path) -> None:
    answers: list[httpx.Response] = []
    count = len(engines(served))
    with clients(4, asking(served, photograph.read_bytes(), answers)):
        wait_until(lambda: len(answers) > 20)
        kill(engines(served))
        counted = len(answers)
        wait_until(lambda: len(engines(served)) == count)
        wait_until(lambda: len(answers) > counted + 20)
    assert statuses(answers).keys() <= {200, 503}


@pytest.mark.parametrize(
    ("bound", "path"),
    [({"slot_max_jobs": 20}, EDGES), ({"slot_max_rss_bytes": 100_000_000}, LEARNED)],
    ids=["jobs", "memory"],
)
def test_worn_engines_are_replaced_without_a_gap(
    bound: dict[str, int], path: str, tmp_path: Path, photograph: Path
) -> None:
    answers: list[httpx.Response] = []
    with serving(tmp_path, **bound) as served:
        worn = set(engines(served))
        with clients(8, asking(served, photograph.read_bytes(), answers, path)):
            wait_until(lambda: not worn & set(engines(served)))
            counted = len(answers)
            wait_until(lambda: len(answers) > counted + 20)
        assert served.logged("engine process died") == 0
    assert statuses(answers) == {200: len(answers)}


def test_a_killed_nursery_is_replaced_with_its_engines(served: Served, photograph: Path) -> None:
    answers: list[httpx.Response] = []
    count = len(engines(served))
    with clients(4, asking(served, photograph.read_bytes(), answers)):
        wait_until(lambda: len(answers) > 20)
        kill([served.workers()[0].children()[0]])
        wait_until(lambda: len(engines(served)) == count)
    assert statuses(answers).keys() <= {200, 503}


def test_a_frozen_engine_ends_at_its_deadline_and_others_go_on(impatient: Served) -> None:
    answers: list[httpx.Response] = []
    ask = asking(impatient, encoded("PNG"), answers)
    for _ in range(20):
        ask()
    frozen = max(engines(impatient), key=cpu_seconds)
    frozen.suspend()
    with clients(4, ask):
        wait_until(lambda: any(one.status_code == 504 for one in answers))
    assert statuses(answers)[504] == 1
    assert statuses(answers)[200] > 0.9 * len(answers)
    late = next(one for one in answers if one.status_code == 504)
    assert refusal(late, 504)["message"].startswith("The computation did not end within 4 s")
    wait_until(lambda: not frozen.is_running())


def test_a_picture_that_kills_two_engines_is_refused_by_both_workers(narrow: Served) -> None:
    answers: list[httpx.Response] = []
    ask = asking(narrow, slow_picture(), answers, SLOW)
    with ThreadPoolExecutor(1) as pool:
        poisoned = pool.submit(ask)
        for engine in islice(busy_engines(narrow, used_seconds=0.03), 2):
            kill([engine])
        poisoned.result()
    assert refusal(answers.pop(), 503)["error"] == "computation_crashed"

    def refused_by() -> set[int]:
        """The workers that have refused the picture, by the log."""
        ask()
        ids = {refusal(one, 422)["request_id"] for one in answers if one.status_code == 422}
        return {line["process"] for line in log_lines(narrow) if line.get("request_id") in ids}

    wait_until(lambda: len(refused_by()) == 2)
    assert refusal(answers[-1], 422)["error"] == "picture_refused"


def log_lines(served: Served) -> list[dict[str, Any]]:
    return [json.loads(line) for line in served.log.read_text().splitlines()]


def test_a_full_queue_says_so_and_empties(narrow: Served) -> None:
    answers: list[httpx.Response] = []
    ask = asking(narrow, encoded("PNG"), answers)
    with ThreadPoolExecutor(30) as pool, frozen_engines(narrow):
        for _ in range(30):
            pool.submit(ask)
        wait_until(lambda: len(answers) >= 30 - PLACES)
        assert {refusal(one, 503)["error"] for one in answers} == {"queue_full"}
    assert statuses(answers).keys() == {200, 503}


def test_the_work_of_clients_that_left_is_dropped(narrow: Served) -> None:
    answers: list[httpx.Response] = []
    request = upload(narrow, SLOW, slow_picture(1))

    def ended() -> int:
        return sum(line.get("path") == SLOW for line in log_lines(narrow))

    def leave() -> None:
        with frozen_engines(narrow):
            with ExitStack() as stack:
                leaving = [stack.enter_context(narrow.connect()) for _ in range(30)]
                for connection in leaving:
                    connection.sendall(request)
                wait_until(lambda: len(select.select(leaving, [], [], 0)[0]) >= 30 - PLACES)
            wait_until(lambda: ended() == before + 1 + 30)
        for _ in busy_engines(narrow, seconds=1):
            pass

    before = ended()
    job_seconds = used_by(narrow, asking(narrow, slow_picture(1), answers, SLOW))
    assert used_by(narrow, leave) < job_seconds
    asking(narrow, encoded("PNG"), answers)()
    assert statuses(answers) == {200: 2}


def used_by(served: Served, action: Callable[[], None]) -> float:
    """What the engines compute because of something, in seconds of a processor."""
    before = {engine: cpu_seconds(engine) for engine in engines(served)}
    action()
    return sum(cpu_seconds(engine) - before.get(engine, 0) for engine in engines(served))


def upload(served: Served, path: str, picture: bytes) -> bytes:
    """A request as it goes over the wire."""
    headers = {"Authorization": f"Bearer {served.token()}"}
    request = httpx.Request("POST", served.url + path, files={"image": picture}, headers=headers)
    body = request.read()
    fields = b"".join(b"%b: %b\r\n" % field for field in request.headers.raw)
    return b"POST %b HTTP/1.1\r\n%b\r\n%b" % (path.encode(), fields, body)
