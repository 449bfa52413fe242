"""Jobs that wait for a place: how many may, for how long, and whose turn is next."""

import asyncio
import math
from collections.abc import Iterator

from gateway.errors import QueueFull, WaitedTooLong
from gateway.pool.alarm import Alarm
from gateway.pool.fair_queue import FairQueue
from gateway.pool.ticket import Ticket

_WEIGHT = 0.1


class Line:
    """A bounded, fair queue of tickets, each of which waits for its deadline at most."""

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
        self._limit(ticket)

    def put_back(self, ticket: Ticket) -> None:
        """Wait again, before all others."""
        self._queue.put_back(ticket)
        self._limit(ticket)

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

    def _limit(self, ticket: Ticket) -> None:
        now = asyncio.get_running_loop().time()
        ticket.expires_at = now + ticket.deadline_seconds
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
