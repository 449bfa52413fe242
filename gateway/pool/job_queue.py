"""Jobs that wait for a place: how many may, for how long, and whose turn is next."""

import asyncio
import math
from collections.abc import Iterator

from gateway.errors import QueueFull, WaitedTooLong
from gateway.pool.alarm import Alarm
from gateway.pool.fair_queue import FairQueue
from gateway.pool.pending_job import Ticket

GRACE_SECONDS = 5
"""What a job that is put back may wait at least: so long do killed processes take to return."""

_WEIGHT = 0.1
"""Of the latest step in the mean of all: some ten of them are remembered."""


class Line:
    """A bounded, fair queue of tickets, each of which waits for its deadline at most.

    A step is the time between two tickets that are taken while others wait.
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._queue: FairQueue[Ticket] = FairQueue()
        self._alarm = Alarm(self._expire)
        self._step_seconds = 0.0
        self._stepped_at = 0.0

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[Ticket]:
        return iter(self._queue)

    def join(self, ticket: Ticket) -> None:
        """Wait for a turn.

        Raises:
            QueueFull: as many wait as may.
        """
        if len(self._queue) >= self._length:
            raise QueueFull(
                f"{len(self._queue)} jobs wait already, and no more may.",
                retry_after_seconds=self._turn_seconds(ticket),
            )
        self._queue.put(ticket.owner, ticket)
        now = asyncio.get_running_loop().time()
        self._limit(ticket, now, now + ticket.deadline_seconds)

    def put_back(self, ticket: Ticket) -> None:
        """Wait again, before all others: not for another deadline, but never in vain."""
        self._queue.put_back(ticket)
        now = asyncio.get_running_loop().time()
        self._limit(ticket, now, max(ticket.expires_at, now + GRACE_SECONDS))

    def first(self) -> Ticket | None:
        return self._queue.first()

    def pop(self) -> Ticket:
        ticket = self._queue.pop()
        now = asyncio.get_running_loop().time()
        self._step_seconds += _WEIGHT * (now - self._stepped_at - self._step_seconds)
        self._stepped_at = now
        return ticket

    def leave(self, ticket: Ticket) -> bool:
        """Give a place in the line up; whether there was one."""
        return self._queue.discard(ticket.owner, ticket)

    def _turn_seconds(self, ticket: Ticket) -> int:
        """How long the line takes, if it goes on as it went; at its deadline a ticket leaves it."""
        seconds = min(len(self._queue) * self._step_seconds, ticket.deadline_seconds)
        return max(1, math.ceil(seconds))

    def _limit(self, ticket: Ticket, now: float, expires_at: float) -> None:
        ticket.expires_at = expires_at
        if ticket.expires_at < self._alarm.time:
            self._alarm.set(ticket.expires_at)
        if len(self._queue) == 1:
            # The time that nobody waited is no step of the line.
            self._stepped_at = now

    def _expire(self) -> None:
        now = asyncio.get_running_loop().time()
        for ticket in [ticket for ticket in self._queue if ticket.expires_at <= now]:
            self.leave(ticket)
            ticket.fail(
                WaitedTooLong(
                    f"The computation's turn did not come within {ticket.deadline_seconds:g} s.",
                    retry_after_seconds=self._turn_seconds(ticket),
                )
            )
        self._alarm.set(min((ticket.expires_at for ticket in self._queue), default=math.inf))
