"""The engine processes of a started service, as its operating system shows them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

from tests.serving import WAIT_SECONDS, Served

LITTLE_SECONDS = 3.0
"""Of a processor; what is refused early takes less than 0.1 s."""


def engines(served: Served) -> list[psutil.Process]:
    """Slots and spares of all workers."""
    found = list[psutil.Process]()
    for worker in served.workers():
        for fork_server in worker.children():
            with suppress(psutil.NoSuchProcess):  # one that was killed just now
                found += fork_server.children()
    return found


def busy_engines(
    served: Served, *, used_seconds: float = 0.1, seconds: float = WAIT_SECONDS
) -> Iterator[psutil.Process]:
    """Engine processes that compute, each as often as it has used so much more of a processor."""
    end = time.monotonic() + seconds
    before: dict[psutil.Process, float] = {}
    while time.monotonic() < end:
        for engine in engines(served):
            used = cpu_seconds(engine)
            if used > before.setdefault(engine, used) + used_seconds:
                yield engine
                before[engine] = used
        time.sleep(0.02)


@contextmanager
def frozen_engines(served: Served) -> Iterator[list[psutil.Process]]:
    """All engine processes, suspended until the end of the block."""
    frozen = engines(served)
    for engine in frozen:
        engine.suspend()
    try:
        yield frozen
    finally:
        for engine in frozen:
            with suppress(psutil.NoSuchProcess):
                engine.resume()


@contextmanager
def little_work(served: Served) -> Iterator[None]:
    """Let the processes of a service use hardly any of a processor within the block."""
    processes = [*served.workers(), *engines(served)]
    before = sum(map(cpu_seconds, processes))
    yield
    assert sum(map(cpu_seconds, processes)) - before < LITTLE_SECONDS


def cpu_seconds(process: psutil.Process) -> float:
    """What a process has used; nothing if it is gone."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
