"""Simulated time, cores that processes share, and processes that do one thing after another.

SimPy has no processor sharing, and gateways and engines that share cores are what is asked about;
on top of it the half of this module would remain.
"""

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import TypeAlias

Action: TypeAlias = Callable[[], object]


class Agenda:
    """What happens when; of two things at one moment, the one planned first."""

    def __init__(self) -> None:
        self.now = 0.0
        self._planned: list[tuple[float, int, Action]] = []
        self._number = count()

    def at(self, time: float, action: Action) -> None:
        heappush(self._planned, (time, next(self._number), action))

    def run(self) -> None:
        """Let everything happen, until nothing is planned."""
        while self._planned:
            self.now, _, action = heappop(self._planned)
            action()


class Work:
    """Seconds of one core that somebody waits for; dropping it is for whoever waits no more."""

    def __init__(self, end: float, done: Action) -> None:
        self.end = end
        self.done = done
        self.is_dropped = False


class Cores:
    """Processor sharing: all that is computed at once goes on evenly, each on one core at most.

    `end` of a work lies on a clock that goes as fast as each work does, so that a newcomer changes
    that clock's speed and no end.
    """

    def __init__(self, agenda: Agenda, number: float) -> None:
        self.number = number
        self.busy_seconds = 0.0
        self._agenda = agenda
        self._running: list[tuple[float, int, Work]] = []
        self._order = count()
        self._count = 0
        self._clock = 0.0
        self._looked_at = 0.0
        self._wakes_at = inf

    def compute(self, seconds: float, done: Action) -> Work:
        self._advance()
        work = Work(self._clock + seconds, done)
        heappush(self._running, (work.end, next(self._order), work))
        self._count += 1
        self._plan()
        return work

    def drop(self, work: Work) -> None:
        """Let go of what is not done yet."""
        self._advance()
        work.is_dropped = True
        self._count -= 1
        self._plan()

    @property
    def _speed(self) -> float:
        return min(1.0, self.number / self._count)

    def _advance(self) -> None:
        elapsed = self._agenda.now - self._looked_at
        self._looked_at = self._agenda.now
        if self._count:
            self._clock += elapsed * self._speed
            self.busy_seconds += elapsed * self._speed * self._count

    def _plan(self) -> None:
        while self._running and self._running[0][2].is_dropped:
            heappop(self._running)
        if not self._running:
            self._wakes_at = inf
            return
        left = max(0.0, self._running[0][0] - self._clock)
        self._wakes_at = time = self._agenda.now + left / self._speed
        self._agenda.at(time, lambda: self._wake(time))

    def _wake(self, time: float) -> None:
        if time != self._wakes_at:
            return  # Something came or went since, and this end has moved.
        self._advance()
        _, _, work = heappop(self._running)
        self._count -= 1
        self._plan()
        work.done()


class Process:
    """Does one thing after another, on cores that it shares; on a core of its own, a link too."""

    def __init__(self, agenda: Agenda, cores: Cores) -> None:
        self.busy_seconds = 0.0
        self._agenda = agenda
        self._cores = cores
        self._waiting: deque[tuple[float, Action]] = deque()
        self._is_busy = False

    def do(self, seconds: float, done: Action) -> None:
        self._waiting.append((seconds, done))
        if not self._is_busy:
            self._begin()

    def _begin(self) -> None:
        seconds, done = self._waiting.popleft()
        self._is_busy, begun = True, self._agenda.now

        def end() -> None:
            self.busy_seconds += self._agenda.now - begun
            self._is_busy = False
            done()
            if self._waiting and not self._is_busy:
                self._begin()

        self._cores.compute(seconds, end)
