"""The service as a network of queues: link, gateways, waiting jobs, slots, and shared cores."""

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, inf
from typing import TypeAlias

from gateway.simulation.stations import Agenda, Cores, Process, Work

PLACES = 2
"""Jobs that may lie in a slot: one is computed, one waits there."""
READING = 0.75
"""Of a gateway's CPU for a request, what comes before the computation."""
WARM_UP = 0.1
"""Of the requests, those that find the service emptier than it will be, and are not counted."""
RETRY_SECONDS = 1.0
"""What a client waits that was refused; Retry-After says so at least."""


Drawn: TypeAlias = Callable[[random.Random], float]
"""Draws the seconds that a request's engine takes of a core."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What there is, and what one request costs it.

    Args:
        gateways: gateway processes.
        slots: engine processes of each gateway, or of each worker machine.
        cores: of the machine, or of each worker machine; gateways then have one each. A part of
            a core is what others leave.
        workers: machines of a Dask cluster; 0 where each gateway has its slots beside it.
        dispatches: jobs a second of a scheduler that all of a cluster's pass, if one is.
        queue_length: jobs that may wait, for each gateway.
        deadline_seconds: that a job may wait, and then compute.
        gateway_seconds: CPU of a gateway for a request.
        link_bytes: that pass the network in a second.
        picture_bytes: of a request; on a cluster they pass twice.
    """

    gateways: int = 1
    slots: int = 1
    cores: float = 1
    workers: int = 0
    dispatches: float = inf
    queue_length: int = 256
    deadline_seconds: float = 20
    gateway_seconds: float = 0.0019
    link_bytes: float = 125e6
    picture_bytes: float = 200e3

    @property
    def total_slots(self) -> int:
        return self.slots * (self.workers or self.gateways)


@dataclass(frozen=True, slots=True)
class Load:
    """Who asks: so many a second, at random; or so many clients, each again once answered.

    Args:
        requests: that are simulated in all.
    """

    rate: float = 0
    clients: int = 0
    requests: int = 20_000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it.

    Args:
        rate: answers a second.
        seconds: from a request's first byte to its answer, ascending; of those answered.
        refused: the share that was not answered, for the queue was full or the deadline over.
        load: how busy each part was, 1 for all the time.
    """

    rate: float
    seconds: tuple[float, ...]
    refused: float
    load: dict[str, float]

    def percentile(self, share: float) -> float:
        """Seconds that a share of the answers took at most; 0 where there was none."""
        place = ceil(share * len(self.seconds)) - 1
        return self.seconds[max(0, place)] if self.seconds else 0.0

    @property
    def busiest(self) -> str:
        """What saturates first."""
        return max(self.load, key=self.load.__getitem__)


def simulate(layout: Layout, load: Load, drawn: Drawn) -> Outcome:
    """Serve a load with a layout."""
    return _Simulation(layout, load, drawn).run()


@dataclass(eq=False, slots=True)
class _Request:
    gateway: int
    asked_at: float
    seconds: float
    is_counted: bool
    queued_at: float = 0


@dataclass(eq=False, slots=True)
class _Slot:
    """An engine process; the first of its requests is computed.

    A place that was taken is free again only when a gateway has seen that its job has ended.
    """

    cores: Cores
    requests: deque[_Request] = field(default_factory=deque)
    taken: int = 0
    work: Work | None = None


class _Pool:
    """A bounded queue, and slots by how many of their places are taken."""

    def __init__(self, slots: list[_Slot], length: int) -> None:
        self.queue: deque[_Request] = deque()
        self.length = length
        self._levels: list[dict[_Slot, None]] = [dict.fromkeys(slots), *({} for _ in range(PLACES))]

    def emptiest(self) -> _Slot | None:
        """A slot with a free place."""
        return next((slot for level in self._levels[:PLACES] for slot in level), None)

    def crowded(self) -> _Slot | None:
        """A slot in which a job waits although another slot is idle."""
        if not self._levels[0]:
            return None
        return next((slot for slot in self._levels[PLACES] if len(slot.requests) > 1), None)

    def take(self, slot: _Slot, places: int) -> None:
        """Note that so many places more are taken; -1 for one that is free again."""
        del self._levels[slot.taken][slot]
        slot.taken += places
        self._levels[slot.taken][slot] = None


class _Simulation:
    def __init__(self, layout: Layout, load: Load, drawn: Drawn) -> None:
        self._layout = layout
        self._load = load
        self._drawn = drawn
        self._chance = random.Random(load.seed)
        self._agenda = Agenda()
        self._asked = 0
        self._busy: dict[str, float] = {}
        self._seconds: list[float] = []
        self._counted = self._refused = self._answered = 0
        self._counted_from = self._asked_at = 0.0
        machines = [Cores(self._agenda, layout.cores) for _ in range(layout.workers or 1)]
        self._machines = machines
        self._link = Process(self._agenda, Cores(self._agenda, 1))
        self._scheduler = Process(self._agenda, Cores(self._agenda, 1))
        beside = Cores(self._agenda, layout.gateways) if layout.workers else machines[0]
        self._gateways = [Process(self._agenda, beside) for _ in range(layout.gateways)]
        self._pools = self._make_pools()

    def _make_pools(self) -> list[_Pool]:
        """One of each gateway; on a cluster all have the same."""
        layout, machines = self._layout, self._machines
        if layout.workers:
            slots = [_Slot(cores) for _ in range(layout.slots) for cores in machines]
            return [_Pool(slots, layout.queue_length * layout.gateways)] * layout.gateways
        return [
            _Pool([_Slot(machines[0]) for _ in range(layout.slots)], layout.queue_length)
            for _ in self._gateways
        ]

    def run(self) -> Outcome:
        if self._load.clients:
            for _ in range(self._load.clients):
                self._agenda.at(self._chance.random() * 1e-3, self._ask)
        else:
            self._agenda.at(0, self._arrive)
        self._agenda.run()
        return Outcome(
            self._answered / (self._asked_at - self._counted_from),
            tuple(sorted(self._seconds)),
            self._refused / self._counted,
            self._busy,
        )

    def _shares(self) -> dict[str, float]:
        """How busy each part was until now."""
        now, layout = self._agenda.now, self._layout
        cores = sum(one.busy_seconds for one in self._machines)
        loads = {
            "cores": cores / now / layout.cores / len(self._machines),
            "gateways": sum(one.busy_seconds for one in self._gateways) / now / layout.gateways,
            "link": self._link.busy_seconds / now,
        }
        return loads | ({"scheduler": self._scheduler.busy_seconds / now} if layout.workers else {})

    def _arrive(self) -> None:
        """Ask, and again after a random while."""
        self._ask()
        later = self._agenda.now + self._chance.expovariate(self._load.rate)
        if self._asked < self._load.requests:
            self._agenda.at(later, self._arrive)

    def _ask(self) -> None:
        number, self._asked = self._asked, self._asked + 1
        self._asked_at = self._agenda.now
        if self._asked == self._load.requests:
            self._busy = self._shares()  # Afterwards all runs empty.
        is_counted = number >= WARM_UP * self._load.requests
        if is_counted and not self._counted:
            self._counted_from = self._agenda.now
        self._counted += is_counted
        gateway = self._chance.randrange(self._layout.gateways)
        seconds = self._drawn(self._chance)
        request = _Request(gateway, self._agenda.now, seconds, is_counted)
        passes = 2 if self._layout.workers else 1
        carried = passes * self._layout.picture_bytes / self._layout.link_bytes
        self._link.do(carried, lambda: self._read(request))

    def _read(self, request: _Request) -> None:
        costs = READING * self._layout.gateway_seconds
        self._gateways[request.gateway].do(costs, lambda: self._join(request))

    def _join(self, request: _Request) -> None:
        pool = self._pools[request.gateway]
        self._give_up(pool)
        if len(pool.queue) >= pool.length:
            self._refuse(request)
        elif self._layout.workers:
            request.queued_at = self._agenda.now
            self._scheduler.do(1 / self._layout.dispatches, lambda: self._queue(pool, request))
        else:
            request.queued_at = self._agenda.now
            self._queue(pool, request)

    def _queue(self, pool: _Pool, request: _Request) -> None:
        pool.queue.append(request)
        self._dispatch(pool)

    def _dispatch(self, pool: _Pool) -> None:
        self._give_up(pool)
        while pool.queue and (slot := pool.emptiest()) is not None:
            pool.take(slot, 1)
            slot.requests.append(pool.queue.popleft())
            if len(slot.requests) == 1:
                self._compute(pool, slot)

    def _give_up(self, pool: _Pool) -> None:
        """Refuse what waited for its deadline; who came first is over first."""
        latest = self._agenda.now - self._layout.deadline_seconds
        while pool.queue and pool.queue[0].queued_at < latest:
            self._refuse(pool.queue.popleft())

    def _compute(self, pool: _Pool, slot: _Slot) -> None:
        request = slot.requests[0]
        slot.work = work = slot.cores.compute(request.seconds, lambda: self._end(pool, slot, True))

        def kill() -> None:
            if slot.work is work:
                slot.cores.drop(work)
                self._end(pool, slot, False)

        self._agenda.at(self._agenda.now + self._layout.deadline_seconds, kill)

    def _end(self, pool: _Pool, slot: _Slot, is_answered: bool) -> None:
        """The slot goes on at once with what lies in it; more it gets from the gateway."""
        request, slot.work = slot.requests.popleft(), None
        if slot.requests:
            self._compute(pool, slot)

        def seen() -> None:
            self._free(pool, slot)
            if is_answered:
                self._answer(request)
            else:
                self._refuse(request)

        costs = (1 - READING) * self._layout.gateway_seconds
        self._gateways[request.gateway].do(costs, seen)

    def _free(self, pool: _Pool, slot: _Slot) -> None:
        pool.take(slot, -1)
        if not pool.queue and (crowded := pool.crowded()) is not None:
            pool.queue.append(crowded.requests.pop())
            pool.take(crowded, -1)
        self._dispatch(pool)

    def _answer(self, request: _Request) -> None:
        if self._counted and self._asked < self._load.requests:
            self._answered += 1
        if request.is_counted:
            self._seconds.append(self._agenda.now - request.asked_at)
        self._leave(request, 0)

    def _refuse(self, request: _Request) -> None:
        self._refused += request.is_counted
        self._leave(request, RETRY_SECONDS)

    def _leave(self, request: _Request, pause_seconds: float) -> None:
        """Of clients, the same one asks again."""
        if self._load.clients and self._asked < self._load.requests:
            self._agenda.at(self._agenda.now + pause_seconds, self._ask)
