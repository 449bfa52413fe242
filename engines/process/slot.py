"""An engine process: takes one job after another from a socket, and never outlives its parent."""

import ctypes
import os
import pickle
import random
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import TypeAlias

import cv2

from engines.core import progress
from engines.core.errors import EngineError, PictureTooLarge, places
from engines.core.run import Answer, Job
from engines.process.shared_memory import SharedMemory
from engines.process.wire_format import (
    FRAME_HEADER,
    MAX_BODY_BYTES,
    Fault,
    FrameHeader,
    JobMeta,
    Kind,
    Outcome,
    Packed,
    pack_outcome,
    pack_progress,
    pickled,
    unpack_job,
)

Work: TypeAlias = Callable[[Job], Answer]

KEPT_BYTES = 64 << 20
"""Freed memory that stays with a process from one job to the next, at most."""

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_OUT_OF_MEMORY = ("Insufficient memory", "bad_alloc", "bad alloc", "Failed to allocate memory")


class MemoryExhausted(PictureTooLarge):
    """The computation needs more memory than its process may use."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How engine processes are made.

    Args:
        work: what turns a job into an answer; sent by reference.
        preload: what is imported before the first of them: `module`, or `module:function` to
            call a function of it too. A module that is not installed is passed over.
        prepare: called in each process before it takes jobs; sent by reference.
        max_jobs: after at most so many jobs a process is worn.
        max_rss_bytes: a process above is worn.
        memory_limit_bytes: private memory that a process may use.
    """

    work: Work
    preload: tuple[str, ...]
    prepare: Callable[[], None]
    max_jobs: int
    max_rss_bytes: int
    memory_limit_bytes: int


def serve(connection: socket.socket, shared_memory: SharedMemory, setup: Setup) -> None:
    """Compute jobs until the gateway closes its end of the connection."""
    # Before anything that may take long, so that this process can be ended alone.
    _send(connection, [FRAME_HEADER.pack(*FrameHeader(Kind.BORN, os.getpid()))])
    begin(setup.memory_limit_bytes, setup.prepare)
    wear = _Wear(setup)
    reader = connection.makefile("rb")
    _send(connection, [FRAME_HEADER.pack(*FrameHeader(Kind.READY, 0))])
    while len(data := reader.read(FRAME_HEADER.size)) == FRAME_HEADER.size:
        head = FrameHeader._make(FRAME_HEADER.unpack(data))
        shared_memory.started = head.number
        described, parts = _receive(head, reader, shared_memory)
        if shared_memory.is_dropped(head.place, head.number):
            _send(
                connection, [FRAME_HEADER.pack(*FrameHeader(Kind.SKIPPED, head.number, head.place))]
            )
            continue
        with progress.heard_by(partial(_tell_progress, connection, head)):
            outcome = attempt(lambda: setup.work(described.with_parts(parts)))  # noqa: B023
        _reply(connection, shared_memory, head, outcome, is_worn=wear.after(outcome))


def attempt(work: Callable[[], Answer]) -> Outcome:
    """Do the work; whatever it raises comes back as a value that pickles."""
    try:
        answer = work()
        parts = (answer.body, *(file.data for file in answer.files))
        if not all(isinstance(part, bytes) for part in parts):
            raise TypeError("An answer's body and files are bytes.")
        return answer
    except EngineError as error:
        return error if _pickles(error) else Fault(_trace(error))
    except Exception as error:
        if isinstance(error, MemoryError) or any(text in str(error) for text in _OUT_OF_MEMORY):
            return MemoryExhausted("The picture needs more memory than one computation may use.")
        return Fault(_trace(error))


def begin(memory_limit_bytes: int, prepare: Callable[[], None]) -> None:
    """Make this process one that computes."""
    limit_process(memory_limit_bytes)
    prepare()


def limit_process(memory_limit_bytes: int) -> None:
    """One thread, bounded memory, no core file with somebody's picture in it."""
    cv2.setNumThreads(1)
    keep_freed_memory()
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = memory_limit_bytes if most == resource.RLIM_INFINITY else min(most, memory_limit_bytes)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # When memory is short, the kernel should end this process and not the gateway.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def keep_freed_memory() -> None:
    """Have malloc use again what a job has freed, and not ask the kernel for each large array.

    To have the pages of every layer's arrays cleared anew took a third of a network's time.
    """
    with suppress(AttributeError):  # Another C library than glibc.
        ctypes.CDLL(None).mallopt(_M_MMAP_MAX, 0)
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, 0x7FFFFFFF)


def _give_freed_memory_back() -> None:
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


class _Wear:
    """How much a process was used, and whether that is enough."""

    def __init__(self, setup: Setup) -> None:
        # Not all at once, or every slot would be replaced in the same second.
        self._jobs_left = round(setup.max_jobs * random.uniform(0.8, 1))
        self._max_rss_bytes = setup.max_rss_bytes
        self._statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        self._most_kept_bytes = self._rss_bytes() + KEPT_BYTES

    def after(self, outcome: Outcome) -> bool:
        self._jobs_left -= 1
        if (rss_bytes := self._rss_bytes()) > self._most_kept_bytes:
            _give_freed_memory_back()
            rss_bytes = self._rss_bytes()
            self._most_kept_bytes = rss_bytes + KEPT_BYTES
        return (
            self._jobs_left <= 0
            or rss_bytes > self._max_rss_bytes
            or isinstance(outcome, MemoryExhausted)
        )

    def _rss_bytes(self) -> int:
        return int(os.pread(self._statm, 128, 0).split()[1]) * resource.getpagesize()


def _pickles(error: EngineError) -> bool:
    try:
        return type(pickle.loads(pickled(error))) is type(error)
    except Exception:  # An error's own methods can fail in every way there is.
        return False


def _trace(error: Exception) -> str:
    """Where an error was raised, and its type; its text may quote a picture or a password."""
    return "\n".join([*places(error), type(error).__qualname__])


def _receive(
    head: FrameHeader, reader: BufferedReader, shared_memory: SharedMemory
) -> tuple[JobMeta, list[bytes]]:
    described = unpack_job(reader.read(head.meta_bytes))
    if head.is_shared:
        return described, shared_memory.read(head.place, described.part_sizes)
    return described, [reader.read(size) for size in described.part_sizes]


def _tell_progress(connection: socket.socket, job: FrameHeader, share: float) -> None:
    meta = pack_progress(share)
    head = FrameHeader(Kind.PROGRESS, job.number, job.place, meta_bytes=len(meta))
    _send(connection, [FRAME_HEADER.pack(*head), meta])


def _reply(
    connection: socket.socket,
    shared_memory: SharedMemory,
    job: FrameHeader,
    outcome: Outcome,
    *,
    is_worn: bool,
) -> None:
    packed = pack_outcome(outcome)
    if packed.body_bytes > MAX_BODY_BYTES:
        packed = pack_outcome(Fault(f"The answer has {packed.body_bytes} bytes."))
    parts: list[bytes] = [_head(job, packed, is_worn), packed.meta]
    if packed.is_shared:
        shared_memory.write(job.place, packed.parts)
    else:
        parts.extend(packed.parts)
    _send(connection, parts)


def _head(job: FrameHeader, packed: Packed, is_worn: bool) -> bytes:
    return FRAME_HEADER.pack(
        packed.kind,
        job.number,
        job.place,
        packed.is_shared,
        is_worn,
        len(packed.meta),
        packed.body_bytes,
    )


def _send(connection: socket.socket, parts: list[bytes]) -> None:
    sent = connection.sendmsg(parts)
    if sent < sum(map(len, parts)):
        connection.sendall(b"".join(parts)[sent:])
