"""No engine process outlives the process that owns the pool."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.serving import REPOSITORY, wait_until


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process with a fork server, a spare, and an idle, a busy and two hung slots."""
    command = [sys.executable, "-m", "tests.gateway.pool.owner", str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY) as process:
        wait_until(lambda: len(list(tmp_path.iterdir())) == 3)
        wait_until(lambda: len(below(process.pid)) == 6)
        yield process
        process.kill()


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
    wait_until(lambda: are_gone(processes))


def test_even_frozen_processes_end_with_their_owner(owner: subprocess.Popen[bytes]) -> None:
    processes = below(owner.pid)
    for process in processes:
        os.kill(process.pid, signal.SIGSTOP)
    owner.kill()
    owner.wait()
    wait_until(lambda: are_gone(processes))
