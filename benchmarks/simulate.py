"""What `pixelgate simulate` says beside what the service does, at several loads.

Before and after each turn the plain loop tells how much of the cores neighbours leave, and what a
picture costs; the gateway's CPU is measured once. Nothing is fitted to the loads themselves.
"""

import argparse
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import load
from benchmarks.http import http_request, job_of, loop_turn, print_row
from benchmarks.picture import jpeg
from engines.core.registry import by_service
from engines.process.preparation import prepare
from engines.process.slot import begin
from gateway.settings import Settings
from gateway.simulation import measuring
from gateway.simulation.chart import Curve, chart
from gateway.simulation.service import Layout, Load, Outcome, simulate
from gateway.simulation.times import mixture
from tests.serving import Served, serving

SLOTS = 2
CLIENTS = (1, 8, 64)
SHARES = (0.3, 0.6, 0.9)
GENERATOR_SECONDS = 0.00012
"""CPU of the load generator for a request, on the same cores."""
LOOP_SECONDS = 0.7
TURNS = 5
NO_LINK = 1e12
"""Bytes a second of the loopback, which is CPU of the gateway."""


@dataclass(frozen=True)
class Turn:
    """What was seen, what was simulated, and the cores that neighbours left just before."""

    seen: load.Load
    told: Outcome
    cores: float


@dataclass(frozen=True)
class Point:
    """One load, in several turns; each figure is the median of theirs, errors too."""

    name: str
    turns: list[Turn]

    def rate(self) -> float:
        return statistics.median(turn.seen.rate for turn in self.turns)

    def percentiles(self, share: float) -> tuple[float, float]:
        """ms, measured and simulated."""
        seen = statistics.median(turn.seen.percentile(share) for turn in self.turns)
        return seen, statistics.median(1000 * turn.told.percentile(share) for turn in self.turns)

    def row(self) -> dict[str, Any]:
        """Measured, simulated, and how far off that is."""
        cores = statistics.median(turn.cores for turn in self.turns)
        rates = (self.rate(), statistics.median(turn.told.rate for turn in self.turns))
        row: dict[str, Any] = {"load": self.name, "cores": f"{cores:.2f}"}
        pairs = {"rate": rates, "p50 ms": self.percentiles(0.5), "p99 ms": self.percentiles(0.99)}
        for name, (seen, told) in pairs.items():
            row |= {name: f"{seen:.1f}", f"sim. {name}": f"{told:.1f}"}
            row[f"{name.partition(' ')[0]} err."] = f"{told / seen - 1:+.0%}"
        return row


class Bench:
    """A service of two slots, the plain loop beside it, and the model of both."""

    def __init__(self, served: Served, service: str, seconds: float, seed: int) -> None:
        self._served = served
        self._service = ("127.0.0.1", served.port)
        self._seconds = seconds
        self._seed = seed
        picture = jpeg()
        self._request = http_request(served, served.token(), service, picture)
        self._job = job_of(service, picture)
        self._keep_asking(8, 2.0)  # It warms up.
        self._loop(SLOTS)
        self._gateway_seconds = self._cpu_of_gateway()
        engine = by_service(service)
        assert engine
        self._alone = measuring.times_of(engine, picture)

    def clients(self, count: int) -> Point:
        """So many clients, each again once it is answered."""
        turns = list[Turn]()
        for _ in range(TURNS):
            with self._cores(min(count, SLOTS)) as cores:
                seen = self._keep_asking(count, self._seconds)
            turns.append(self._turn(seen, Load(clients=count, seed=self._seed), cores))
        return Point(f"{count} clients", turns)

    def share(self, share: float) -> Point:
        """Requests at random moments that need this share of the cores there are just now."""
        turns = list[Turn]()
        for turn in range(TURNS):
            seed = self._seed + turn
            with self._cores(SLOTS) as cores:
                rate = share * cores[0] / (self._engine_seconds + self._gateway_seconds)
                seen = load.keep_coming(
                    *self._service, self._request, rate=rate, seconds=self._seconds, seed=seed
                )
            turns.append(self._turn(seen, Load(rate=rate, seed=seed), cores))
        return Point(f"{share:.0%}", turns)

    def summary(self) -> str:
        """What the model was given."""
        return (
            f"engine {1000 * self._engine_seconds:.1f} ms, gateway "
            f"{1000 * self._gateway_seconds:.2f} ms of CPU a request"
        )

    @contextmanager
    def _cores(self, processes: int) -> Iterator[list[float]]:
        """What so many processes get of the cores, before and, once it has ended, after."""
        cores = [self._loop(processes)]
        yield cores
        cores.append(self._loop(processes))

    def _turn(self, seen: load.Load, asked: Load, cores: list[float]) -> Turn:
        there = statistics.fmean(cores)
        count = max(500, len(seen.latencies))
        return Turn(seen, self._told(replace(asked, requests=count), there), there)

    def _loop(self, processes: int) -> float:
        """The cores that so many processes get just now."""
        turn = loop_turn(self._job, processes, LOOP_SECONDS)
        self._engine_seconds = turn.cpu_ms / 1000
        return turn.seen.rate * self._engine_seconds

    def _cpu_of_gateway(self) -> float:
        (worker,) = self._served.workers()
        before = worker.cpu_times()
        seen = self._keep_asking(8, 3.0)
        after = worker.cpu_times()
        spent = after.user + after.system - before.user - before.system
        return spent / len(seen.latencies) + GENERATOR_SECONDS

    def _keep_asking(self, clients: int, seconds: float) -> load.Load:
        return load.keep_asking(*self._service, self._request, clients=clients, seconds=seconds)

    def _told(self, asked: Load, cores: float) -> Outcome:
        layout = Layout(
            slots=SLOTS, cores=cores, gateway_seconds=self._gateway_seconds, link_bytes=NO_LINK
        )
        times = self._alone.times(self._engine_seconds / self._alone.mean)
        return simulate(layout, asked, mixture({"": times}, {"": 1}))


def main() -> None:
    """Print a table, and draw p50 and p99 of both where a file is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("service", nargs="?", default="edges")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one measurement")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=Path, help="an SVG file")
    chosen = parser.parse_args()
    begin(Settings().slot_memory_bytes, prepare)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), workers=1, slots=SLOTS, access_seconds=86_400) as served,
    ):
        bench = Bench(served, chosen.service, chosen.seconds, chosen.seed)
        print(bench.summary())
        points = list[Point]()
        for count in CLIENTS:
            points.append(bench.clients(count))
            print_row(points[-1].row(), is_first=len(points) == 1)
        for share in SHARES:
            points.append(bench.share(share))
            print_row(points[-1].row(), is_first=False)
    if chosen.picture:
        chosen.picture.write_text(_drawn(points[len(CLIENTS) :]))


def _drawn(points: list[Point]) -> str:
    curves = list[Curve]()
    for share in (0.5, 0.99):
        pairs = [
            (100 * offered, *point.percentiles(share))
            for offered, point in zip(SHARES, points, strict=True)
        ]
        name = f"p{100 * share:g}"
        curves.append(Curve(f"{name} measured", [(offered, seen) for offered, seen, _ in pairs]))
        curves.append(Curve(f"{name} simulated", [(offered, told) for offered, _, told in pairs]))
    return chart("Two slots, requests at random moments", "% of the capacity", "ms", curves)


if __name__ == "__main__":
    main()
