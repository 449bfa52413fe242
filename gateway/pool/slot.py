"""The gateway's end of one engine process."""

import asyncio
import os
import signal
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import Protocol

import structlog

from engines.core.run import Answer
from engines.process.shared_memory import PLACE_BYTES, PLACES, SharedMemory
from engines.process.wire_format import (
    FRAME_HEADER,
    MAX_BODY_BYTES,
    MAX_META_BYTES,
    Fault,
    FrameHeader,
    GarbageFrame,
    Kind,
    Outcome,
    unpack_answer,
    unpack_error,
    unpack_progress,
)
from gateway.errors import JobTimedOut
from gateway.pool.alarm import Alarm
from gateway.pool.pending_job import PendingJob

log = structlog.get_logger()

RECEIVE_BYTES = 256 * 1024
"""What is read at once; a longer frame makes the buffer grow."""

NEW_SECONDS = 1.0
VAIN_SECONDS = 5.0
"""How long a process goes on with what nobody waits for; most computations end before."""


class Ending(StrEnum):
    """Why there is a process less."""

    CRASHED = "crashes"
    EXPIRED = "kills"
    RETIRED = "retired"
    STOPPED = "stopped"


class Keeper(Protocol):
    """Who is told what becomes of a slot."""

    def slot_answered(self, slot: "Slot", *, is_skipped: bool) -> None: ...

    def slot_lost(self, slot: "Slot", entries: Sequence["Entry"], ending: "Ending") -> None: ...


@dataclass(frozen=True, eq=False, slots=True)
class Entry:
    """A job that lies in a slot since some time, under the number that it has there."""

    slot: "Slot"
    number: int
    place: int
    since: float
    pending: PendingJob

    @property
    def is_void(self) -> bool:
        """Whether the job was taken back; it may lie elsewhere by now."""
        return self.pending.entry is not self

    def skip(self) -> None:
        self.slot.skip(self)


class Slot(asyncio.BufferedProtocol):
    """One engine process: what lies in it, and what comes back.

    The first entry is the one that is computed; its deadline runs from when it became first, and
    is near once nobody waits for it.
    `warm` tells whether the process came up; `gone` is set when nothing is left of it; `pid` is 0
    until the process has told it.
    """

    def __init__(self, keeper: Keeper, shared_memory: SharedMemory) -> None:
        loop = asyncio.get_running_loop()
        self.entries: deque[Entry] = deque()
        self.pid = 0
        self.is_worn = False
        self.is_alive = True
        self.warm: asyncio.Future[bool] = loop.create_future()
        self.gone: asyncio.Future[None] = loop.create_future()
        self._keeper = keeper
        self._shared_memory = shared_memory
        self._loop = loop
        self._pidfd = -1
        self._number = 0
        self._warm_since = -inf
        self._deadline = Alarm(self._expire)
        self._transport: asyncio.Transport | None = None
        self._is_connected = False
        self._buffer = bytearray(RECEIVE_BYTES)
        self._filled = 0

    @property
    def load(self) -> int:
        return len(self.entries)

    @property
    def is_new(self) -> bool:
        """Whether it became warm a moment ago, and was given nothing yet."""
        return self._number == 0 and self._loop.time() - self._warm_since < NEW_SECONDS

    def give(self, pending: PendingJob) -> None:
        """Lay a job into the process; there is a place free."""
        assert self._transport is not None
        self._number += 1
        entry = Entry(self, self._number, self._number % PLACES, self._loop.time(), pending)
        packed, shared = pending.packed, pending.packed.is_shared
        head = FrameHeader(
            Kind.JOB, entry.number, entry.place, shared, False, len(packed.meta), packed.body_bytes
        )
        if shared:
            self._shared_memory.write(entry.place, packed.parts)
        parts = () if shared else packed.parts
        self._transport.writelines([FRAME_HEADER.pack(*head), packed.meta, *parts])
        pending.entry = entry
        self.entries.append(entry)
        if len(self.entries) == 1:
            self._set_deadline()

    def skip(self, entry: Entry) -> None:
        """Have a job skipped if it has not begun; what comes of it is ignored in any case."""
        if self.is_alive:
            self._shared_memory.drop(entry.place, entry.number)
            if entry is self.entries[0]:
                self._deadline.set(min(self._deadline.time, self._loop.time() + VAIN_SECONDS))

    def has_begun(self, entry: Entry) -> bool:
        return self._shared_memory.started >= entry.number

    def waiting(self) -> Entry | None:
        """What lies behind the job that is computed, if somebody still waits for it."""
        if len(self.entries) < PLACES:
            return None
        entry = self.entries[-1]
        return None if entry.is_void or self.has_begun(entry) else entry

    def end(self, ending: Ending) -> None:
        """Kill the process and hand back what lies in it."""
        if not self.is_alive:
            return
        self.is_alive = False
        self._deadline.stop()
        if self._transport is not None:
            self._transport.abort()
        self._kill()
        if not self.warm.done():
            self.warm.set_result(False)
        lost = list(self.entries)
        self.entries.clear()
        self._keeper.slot_lost(self, lost, ending)
        self._shared_memory.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._is_connected = True
        if not self.is_alive:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.is_alive:
            if self.pid:
                log.warning("engine process died", pid=self.pid)
            self.end(Ending.CRASHED)
        self._is_connected = False
        self._say_if_gone()

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self._buffer)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        self._filled += nbytes
        try:
            while self.is_alive and self._take_frame():
                pass
        except GarbageFrame as error:
            log.error("engine process sent garbage", pid=self.pid, found=str(error))
            self.end(Ending.CRASHED)

    def _take_frame(self) -> bool:
        """Handle the frame at the buffer's start, if it is there as a whole."""
        if self._filled < FRAME_HEADER.size:
            return False
        head = _checked(FrameHeader._make(FRAME_HEADER.unpack_from(self._buffer)))
        if self._filled < head.frame_bytes:
            self._make_room(head.frame_bytes)
            return False
        with memoryview(self._buffer) as frame:
            body = FRAME_HEADER.size + head.meta_bytes
            self._handle(
                head, bytes(frame[FRAME_HEADER.size : body]), frame[body : head.frame_bytes]
            )
        self._filled -= head.frame_bytes
        if self._filled:
            rest = self._buffer[head.frame_bytes : head.frame_bytes + self._filled]
            self._buffer[: self._filled] = rest
        return True

    def _make_room(self, size: int) -> None:
        if size > len(self._buffer):
            grown = bytearray(size)
            grown[: self._filled] = self._buffer[: self._filled]
            self._buffer = grown

    def _handle(self, head: FrameHeader, meta: bytes, body: memoryview) -> None:
        if head.kind == Kind.BORN:
            self._be_born(head.number)
            return
        if head.kind == Kind.READY:
            self._become_warm()
            return
        if not self.entries or self.entries[0].number != head.number:
            raise GarbageFrame("An answer to a job that was not given.")
        if head.kind == Kind.PROGRESS:
            share = unpack_progress(meta)
            if not self.entries[0].is_void:
                self.entries[0].pending.progress(share)
            return
        outcome = self._outcome(head, meta, body)
        if outcome is None and not self.entries[0].is_void:
            raise GarbageFrame("A job was skipped that was not taken back.")
        entry = self.entries.popleft()
        self._set_deadline()
        self.is_worn |= head.is_worn
        if outcome is not None and not entry.is_void:
            entry.pending.entry = None
            entry.pending.settle(outcome)
        self._keeper.slot_answered(self, is_skipped=outcome is None)

    def _be_born(self, pid: int) -> None:
        if self.pid:
            raise GarbageFrame("A process was born twice.")
        try:
            # Unlike the number, it never means another process.
            self._pidfd = os.pidfd_open(pid)
        except OSError:
            self.end(Ending.CRASHED)
            return
        self.pid = pid

    def _become_warm(self) -> None:
        if not self.pid or self.warm.done():
            raise GarbageFrame("A process became ready unborn, or twice.")
        self._warm_since = self._loop.time()
        self.warm.set_result(True)

    def _outcome(self, head: FrameHeader, meta: bytes, body: memoryview) -> Outcome | None:
        """What came back; None for a job that was skipped."""
        if head.kind == Kind.ANSWER:
            return self._answer(head, meta, body)
        if head.kind == Kind.REFUSED:
            return unpack_error(meta)
        if head.kind == Kind.FAILED:
            return Fault(meta.decode(errors="replace"))
        return None

    def _answer(self, head: FrameHeader, meta: bytes, body: memoryview) -> Answer:
        described = unpack_answer(meta, head.body_bytes)
        if head.is_shared:
            place = self.entries[0].place
            return described.with_parts(self._shared_memory.read(place, described.sizes))
        parts, at = [], 0
        for size in described.sizes:
            parts.append(bytes(body[at : at + size]))
            at += size
        return described.with_parts(parts)

    def _set_deadline(self) -> None:
        """For the job that is first now, if there is one."""
        now, seconds = self._loop.time(), inf
        if self.entries:
            pending = self.entries[0].pending
            seconds = pending.deadline_seconds
            if self.entries[0].is_void:
                seconds = min(seconds, VAIN_SECONDS)
            else:
                pending.begun_at = now
        self._deadline.set(now + seconds)

    def _expire(self) -> None:
        pending = self.entries.popleft().pending
        pending.fail(
            JobTimedOut(
                f"The computation did not end within {pending.deadline_seconds:g} s"
                " and was stopped."
            )
        )
        log.warning("job killed at its deadline", pid=self.pid, engine=pending.job.engine)
        self.end(Ending.EXPIRED)

    def _kill(self) -> None:
        if self._pidfd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            self._loop.add_reader(self._pidfd, self._on_exit)
        self._say_if_gone()

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        self._say_if_gone()

    def _say_if_gone(self) -> None:
        if self._pidfd < 0 and not self._is_connected and not self.gone.done():
            self.gone.set_result(None)


def _checked(head: FrameHeader) -> FrameHeader:
    if (
        not Kind.BORN <= head.kind <= Kind.PROGRESS
        or head.meta_bytes > MAX_META_BYTES
        or head.body_bytes > (PLACE_BYTES if head.is_shared else MAX_BODY_BYTES)
    ):
        raise GarbageFrame("The head of a frame makes no sense.")
    return head
