"""Jobs that wait for a place: how many may, for how long, and whose turn is next."""

import asyncio
import math
from collections.abc import Iterator

from gateway.errors import QueueFull, WaitedTooLong
from gateway.pool.alarm import Alarm
from gateway.pool.fair_queue import FairQueue
from gateway.pool.pending_job import PendingJob

GRACE_SECONDS = 5
"""What a job that is put back may wait at least: so long do killed processes take to return."""

_WEIGHT = 0.1
"""Of the latest step in the mean of all: some ten of them are remembered."""


class JobQueue:
    """A bounded, fair queue of jobs, each of which waits for its deadline at most.

    A step is the time between two jobs that are taken while others wait.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._queue: FairQueue[PendingJob] = FairQueue()
        self._alarm = Alarm(self._expire)
        self._step_seconds = 0.0
        self._stepped_at = 0.0

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[PendingJob]:
        return iter(self._queue)

    def join(self, pending: PendingJob) -> None:
        """Wait for a turn.

        Raises:
            QueueFull: as many wait as may.
        """
        if len(self._queue) >= self._length:
            raise QueueFull(
                f"{len(self._queue)} jobs wait already, and no more may.",
                retry_after_seconds=self._turn_seconds(pending),
            )
        self._queue.put(pending.owner, pending)
        now = asyncio.get_running_loop().time()
        self._limit(pending, now, min(pending.expires_at, now + pending.deadline_seconds))

    def put_back(self, pending: PendingJob) -> None:
        """Wait again, before all others: not for another deadline, but never in vain."""
        self._queue.put_back(pending)
        now = asyncio.get_running_loop().time()
        self._limit(pending, now, max(pending.expires_at, now + GRACE_SECONDS))

    def first(self) -> PendingJob | None:
        return self._queue.first()

    def pop(self) -> PendingJob:
        pending = self._queue.pop()
        now = asyncio.get_running_loop().time()
        self._step_seconds += _WEIGHT * (now - self._stepped_at - self._step_seconds)
        self._stepped_at = now
        return pending

    def leave(self, pending: PendingJob) -> bool:
        """Give a place in the queue up; whether there was one."""
        return self._queue.discard(pending.owner, pending)

    def _turn_seconds(self, pending: PendingJob) -> int:
        """How long the queue takes, if it goes on as it went; at its deadline a job leaves."""
        seconds = min(len(self._queue) * self._step_seconds, pending.deadline_seconds)
        return max(1, math.ceil(seconds))

    def _limit(self, pending: PendingJob, now: float, expires_at: float) -> None:
        pending.expires_at = expires_at
        if pending.expires_at < self._alarm.time:
            self._alarm.set(pending.expires_at)
        if len(self._queue) == 1:
            # The time that nobody waited is no step of the queue.
            self._stepped_at = now

    def _expire(self) -> None:
        now = asyncio.get_running_loop().time()
        for pending in [pending for pending in self._queue if pending.expires_at <= now]:
            self.leave(pending)
            pending.fail(
                WaitedTooLong(
                    f"The computation's turn did not come within {pending.deadline_seconds:g} s.",
                    retry_after_seconds=self._turn_seconds(pending),
                )
            )
        self._alarm.set(min((pending.expires_at for pending in self._queue), default=math.inf))
