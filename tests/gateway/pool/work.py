"""What the tests of the pools compute: a job's engine names one of these."""

import ctypes
import os
import resource
import shutil
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np

from engines.core import progress
from engines.core.errors import BadParameter, EngineError
from engines.core.run import Answer, Job
from engines.core.shapes import File, Parameters


class Told(Parameters):
    """What a job is told to do with."""

    path: str = ""
    seconds: float = 0
    size: int = 0


def job(engine: str, *pictures: bytes | Path | None, **told: Any) -> Job:
    return Job(engine, pictures, Told(**told), "nobody:presents")


def work(job: Job) -> Answer:
    assert isinstance(job.params, Told)
    inputs = cast("tuple[bytes | None, ...]", job.inputs)
    return _WORK[job.engine](inputs, job.params)


def hang_if_told() -> None:
    """Prepare a process that does not become ready, if a file says so; only the first obeys."""
    told = Path(os.environ["HANG_IF_THERE"])
    if told.exists():
        told.unlink()
        time.sleep(1000)


class Unpicklable(EngineError):
    """It takes two messages, which pickle does not know."""

    def __init__(self, message: str, other: str) -> None:
        super().__init__(message)
        self.other = other


def _echo(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    files = tuple(
        File(f"file {i}", f"image/{i}", picture)
        for i, picture in enumerate(pictures[1:], 1)
        if picture is not None
    )
    return Answer((pictures or (b"",))[0] or b"", "image/test", files)


def _pid(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    return Answer(b"%d" % os.getpid(), "text/plain")


def _note(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    """Add the first picture as a line to a file."""
    with Path(told.path).open("ab") as file:
        file.write((pictures[0] or b"") + b"\n")
    return Answer(b"noted", "text/plain")


def _wait(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    """Say that it began, and where, and end when the file is there."""
    note = Path(f"{told.path}.{os.getpid()}")
    note.write_text(str(os.getpid()))
    note.rename(f"{told.path}.begun")
    while not Path(told.path).exists():
        time.sleep(0.002)
    return Answer(b"waited", "text/plain")


def _copy(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    """Copy a file into a folder, beside what is there, and tell what that is."""
    file, folder = cast("tuple[Path, Path]", pictures)
    names = sorted(one.name for one in folder.iterdir() if one != file)
    shutil.copyfile(file, folder / "copy")
    return Answer(" ".join(names).encode(), "text/plain")


def _wait_and_crash(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    _wait(pictures, told)
    return _crash(pictures, told)


def _wait_and_echo(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    _wait(pictures, told)
    return _echo(pictures, told)


def _report(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    """Say that it began, and when the file is there, that half is done."""
    _wait(pictures, told)
    progress.report(0.5)
    return Answer(b"reported", "text/plain")


def _sleep(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    time.sleep(told.seconds)
    return Answer(b"slept", "text/plain")


def _spin(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    if told.path:
        Path(told.path).touch()
    while True:
        pass


def _hang_in_c(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    """Hold the interpreter's lock in a call that does not come back."""
    if told.path:
        Path(told.path).touch()
    ctypes.PyDLL(None).sleep(1000)
    raise AssertionError


def _crash(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _crash_once(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    if not Path(told.path).exists():
        Path(told.path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Answer(b"survived", "text/plain")


def _refuse(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    raise BadParameter("size is 3; expected 1 or 2.", errors=("one", "two"))


def _fail(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    raise ZeroDivisionError("secret")


def _fail_unpicklably(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    raise Unpicklable("this", "that")


def _answer_with_text(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    wrong: Any = "text"
    return Answer(wrong, "text/plain")


def _allocate(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    return Answer(b"%d" % np.ones(told.size, np.uint8)[-1], "text/plain")


def _allocate_in_cv2(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    small = np.zeros((16, 16, 3), np.uint8)
    side = int(np.sqrt(told.size / 3))
    return Answer(b"%d" % cv2.resize(small, (side, side)).size, "text/plain")


def _keep(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    """Grow by memory that never comes back."""
    _kept.append(np.ones(told.size, np.uint8))
    return Answer(b"%d" % os.getpid(), "text/plain")


def _use_again(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    """Fill and free memory ten times; how many pages the kernel had to clear for it."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        bytes([1]) * told.size
    cleared = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    return Answer(b"%d" % cleared, "text/plain")


def _send_garbage(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    """Write rubbish where the answers go."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and _is_socket(int(name)):
            socket.socket(fileno=os.dup(int(name))).sendall(pictures[0] or b"")
    time.sleep(1000)
    raise AssertionError


def _large(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    return Answer(bytes(told.size), "application/octet-stream")


def _environment(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    lines = [f"{name}={value}" for name, value in os.environ.items()]
    return Answer("\n".join([*lines, f"cv2={cv2.getNumThreads()}"]).encode(), "text/plain")


def _modules(pictures: tuple[bytes | None, ...], told: Told) -> Answer:
    return Answer("\n".join(sys.modules).encode(), "text/plain")


def _is_socket(fd: int) -> bool:
    try:
        return stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError:
        return False


_kept: list[Any] = []

_WORK: dict[str, Callable[[tuple[bytes | None, ...], Told], Answer]] = {
    "echo": _echo,
    "pid": _pid,
    "note": _note,
    "wait": _wait,
    "copy": _copy,
    "wait and crash": _wait_and_crash,
    "wait and echo": _wait_and_echo,
    "report": _report,
    "sleep": _sleep,
    "spin": _spin,
    "hang in c": _hang_in_c,
    "crash": _crash,
    "crash once": _crash_once,
    "refuse": _refuse,
    "fail": _fail,
    "fail unpicklably": _fail_unpicklably,
    "answer with text": _answer_with_text,
    "allocate": _allocate,
    "allocate in cv2": _allocate_in_cv2,
    "keep": _keep,
    "use again": _use_again,
    "send garbage": _send_garbage,
    "large": _large,
    "environment": _environment,
    "modules": _modules,
}
