"""Processes of the service that are killed, and the end of the service under load."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.attack.engine_processes import busy_engines
from tests.attack.test_slots import SLOW, slow_picture, upload
from tests.serving import WAIT_SECONDS, Served, serving, wait_until


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Served]:
    """The whole service, for a test that ends it."""
    with serving(tmp_path, slots=2) as started:
        yield started


def descendants(process: psutil.Process) -> list[psutil.Process]:
    return process.children(recursive=True)


@contextmanager
def strained(served: Served) -> Iterator[psutil.Process]:
    """A worker whose engines compute, one of them frozen amid it."""
    request = upload(served, SLOW, slow_picture())
    with ExitStack() as stack:
        # So many that one worker has work for both of its engines.
        for _ in range(8):
            stack.enter_context(served.connect()).sendall(request)
        frozen: dict[psutil.Process, psutil.Process] = {}
        for engine in busy_engines(served):
            worker = engine.parents()[1]
            if worker in frozen:
                yield worker
                return
            engine.suspend()
            frozen[worker] = engine


def test_no_process_outlives_a_killed_worker_or_master_amid_work(mortal: Served) -> None:
    with strained(mortal) as worker:
        engines = descendants(worker)
        worker.kill()
        assert psutil.wait_procs(engines, timeout=WAIT_SECONDS)[1] == []
    wait_until(lambda: mortal.logged("worker ready") == 3)
    with strained(mortal):
        everything = mortal.processes()
        mortal.process.kill()
        mortal.process.wait(WAIT_SECONDS)
        assert psutil.wait_procs(everything, timeout=WAIT_SECONDS)[1] == []


def test_the_end_under_load_loses_no_picture(mortal: Served, photograph: Path) -> None:
    token, picture = mortal.token(), photograph.read_bytes()
    statuses: list[int] = []

    def ask() -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(trust_env=False, timeout=WAIT_SECONDS, headers=headers) as client:
            while True:
                try:
                    url = mortal.url + "/v2/services/image/edges"
                    answer = client.post(url, files={"image": picture})
                except httpx.ConnectError:
                    return
                statuses.append(answer.status_code)

    with ThreadPoolExecutor(8) as pool:
        clients = [pool.submit(ask) for _ in range(8)]
        wait_until(lambda: statuses.count(200) > 30)
        assert mortal.end() == 0
    assert [client.exception() for client in clients] == [None] * 8
    assert set(statuses) <= {200, 503}
