"""No engine process outlives the process that owns the pool."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a nursery, a spare, and an idle, a busy and two hung slots."""
    command = [sys.executable, "-m", "tests.gateway.pool_owner", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT) as process:
        wait_for(lambda: len(list(tmp_path.iterdir())) == 3, seconds=20)
        wait_for(lambda: len(below(process.pid)) == 6, seconds=20)
        yield process
        process.kill()


def wait_for(condition: Callable[[], bool], *, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not happen in time."
        time.sleep(0.01)


def below(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def are_gone(processes: list[psutil.Process]) -> bool:
    return not any(is_running(process) for process in processes)


def is_running(process: psutil.Process) -> bool:
    """Zombies do not count: they wait for whoever reaps orphans on this machine."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_slots_idle_busy_and_hung_end_when_their_owner_is_killed(
    owner: subprocess.Popen[bytes],
) -> None:
    processes = below(owner.pid)
    owner.kill()
    owner.wait()
    wait_for(lambda: are_gone(processes), seconds=2)


def test_even_frozen_processes_end_with_their_owner(owner: subprocess.Popen[bytes]) -> None:
    processes = below(owner.pid)
    for process in processes:
        os.kill(process.pid, signal.SIGSTOP)
    owner.kill()
    owner.wait()
    wait_for(lambda: are_gone(processes), seconds=2)
