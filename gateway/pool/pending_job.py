"""A job on its way: who waits for it, and what it went through."""

import asyncio
from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from engines.core.run import Answer, Job
from engines.process.wire_format import Fault, Outcome, Packed
from gateway.errors import SlotCrashed, WorkFailed
from gateway.pool.contract import Progress, Timing, ignore


class Place(Protocol):
    """Where a job lies that was given to a process."""

    def skip(self) -> None:
        """Take the job back, whether it has begun or not."""


def _future() -> asyncio.Future[Answer]:
    return asyncio.get_running_loop().create_future()


def _now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(eq=False, slots=True)
class PendingJob:
    """A job that somebody waits for.

    Args:
        packed: the job as it is sent to a process.
        progress: called with the share that is done.
        crashes: processes that died while they computed it.
        losses: workers that were lost while they computed it, dead or out of reach.
        needs_idle_slot: it was harmed by a neighbour, so it is not put behind another job.
        entry: where it lies, if it lies in a slot.
        expires_at: when its waiting in the queue ends, however often it comes there.
        since: when somebody began to wait for it.
        begun_at: when its turn came; None while it has not.
    """

    job: Job
    packed: Packed
    owner: str
    deadline_seconds: float
    progress: Progress = ignore
    future: asyncio.Future[Answer] = field(default_factory=_future)
    crashes: int = 0
    losses: int = 0
    needs_idle_slot: bool = False
    entry: Place | None = None
    expires_at: float = inf
    since: float = field(default_factory=_now)
    begun_at: float | None = None

    @property
    def is_done(self) -> bool:
        """Whether nobody waits any more."""
        return self.future.done()

    def settle(self, outcome: Outcome) -> None:
        if isinstance(outcome, Answer):
            if not self.future.done():
                self.future.set_result(outcome)
        elif isinstance(outcome, Fault):
            self.fail(work_failed(outcome))
        else:
            self.fail(outcome)

    def fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)

    def withdraw(self) -> None:
        """Take it back from its slot, which then skips it, or computes in vain for a moment."""
        if self.entry is not None:
            entry, self.entry, self.begun_at = self.entry, None, None
            entry.skip()

    def timing(self) -> Timing:
        """What became of its time, now that it ends."""
        now = _now()
        if self.begun_at is None:
            return Timing(now - self.since)
        has_answer = self.future.done() and not (self.future.cancelled() or self.future.exception())
        steps = self.future.result().steps if has_answer else None
        return Timing(self.begun_at - self.since, now - self.begun_at, steps)


def broke_down_again() -> SlotCrashed:
    """The error of a job that killed two processes."""
    return SlotCrashed(
        "The computation broke down, and did so again when it was repeated.",
        retry_after_seconds=1,
    )


def work_failed(fault: Fault) -> WorkFailed:
    """The error, with where it was raised in the other process as a note: for the log alone."""
    error = WorkFailed("The computation failed in a way that was not foreseen.")
    error.add_note(fault.traceback)
    return error
