"""How cost grows with work: with clients, pixels, slots, and rows of the database.

On the logarithmic axes of the pictures, what grows as its work does rises by one decade over one
decade; what is steeper is wrong.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from math import inf
from pathlib import Path

from sqlalchemy import text

from benchmarks.http import http_request
from benchmarks.load import Load as Seen
from benchmarks.load import keep_asking
from benchmarks.picture import jpeg
from engines.core.registry import by_service
from engines.process.preparation import prepare
from engines.process.slot import begin
from gateway.settings import Settings, usable_cores
from gateway.simulation import measuring, times
from gateway.simulation.chart import Curve, chart
from gateway.simulation.service import Layout, Load, simulate
from gateway.store.database import Database, open_database
from tests import servers
from tests.filled import fill, operations
from tests.serving import Served, serving

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
CLIENTS = (1, 2, 4, 8, 16, 32, 64)
SLOTS = (1, 2, 4, 8)
SIDES = ((160, 120), (640, 480), (1280, 960), (4000, 3000), (8165, 6124))
"""0.02 to 50 megapixels."""
SERVICES = (
    *("edges", "colorPalette", "imageQuality", "heatMap", "contours", "objectMaskDetection"),
    *("classification", "objectDetection"),
)
ROWS = (100, 1000, 10_000, 100_000)
TURNS = 3
TIMES = 7
"""So often an operation is asked for; the quickest counts, for the machine is shared."""


def clients(seconds: float) -> None:
    """Latency and throughput of `edges`, by clients."""
    seen = _seen_of([(2, count) for count in CLIENTS], seconds)
    by_clients = {count: load for (_, count), load in seen.items()}
    curves = [
        _curve(f"p{100 * share:g}, ms", {n: one.percentile(share) for n, one in by_clients.items()})
        for share in (0.5, 0.99)
    ]
    curves.append(_curve("answers/s", {n: one.rate for n, one in by_clients.items()}))
    _draw("growth-clients", "More clients, two slots", "clients", "ms, or answers a second", curves)


def slots(seconds: float) -> None:
    """Throughput of `edges` for 16 clients, by slots; simulated, where each has a core too."""
    seen = _seen_of([(count, 16) for count in SLOTS], seconds)
    by_slots = {count: load for (count, _), load in seen.items()}
    curves = [
        _curve("answers/s", {n: one.rate for n, one in by_slots.items()}),
        _curve("p50, ms", {n: one.percentile(0.5) for n, one in by_slots.items()}),
        _curve("simulated answers/s", {n: _simulated_rate(n) for n in SLOTS}),
    ]
    title = f"More slots, 16 clients, {usable_cores()} cores"
    _draw("growth-slots", title, "slots", "ms, or answers a second", curves)


def _simulated_rate(slot_count: int) -> float:
    edges = times.mixture(times.from_json(times.BUILT_IN.read_bytes()), {"edges": 1})
    layout = Layout(slots=slot_count, cores=slot_count, link_bytes=inf)
    return simulate(layout, Load(clients=16, requests=2000), edges).rate


def _seen_of(loads: Sequence[tuple[int, int]], seconds: float) -> dict[tuple[int, int], Seen]:
    """What so many slots show so many clients; all in turns, and each turn the other way round."""
    seen = {one: list[Seen]() for one in loads}
    with ExitStack() as stack:
        services = {count: stack.enter_context(_served(count)) for count in {n for n, _ in loads}}
        for turn in range(-1, TURNS):
            for slot_count, client_count in loads[:: -1 if turn % 2 else 1]:
                served, request = services[slot_count]
                load = keep_asking(
                    "127.0.0.1", served.port, request, clients=client_count, seconds=seconds
                )
                if turn >= 0:  # The first one warms them up.
                    seen[slot_count, client_count].append(load)
    return {
        one: sorted(taken, key=lambda load: load.rate)[TURNS // 2] for one, taken in seen.items()
    }


@contextmanager
def _served(slot_count: int) -> Iterator[tuple[Served, bytes]]:
    """A service, and a request to it."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), workers=1, slots=slot_count, access_seconds=86_400) as served,
    ):
        yield served, http_request(served, served.token(), "edges", jpeg())


def pixels(seconds: float) -> None:
    """CPU of engines, by pixels."""
    begin(Settings().slot_memory_bytes, prepare)
    curves = dict[str, dict[float, float]]()
    for width, height in SIDES:
        photo = jpeg(width, height, max_bytes=width * height)
        for service in SERVICES:
            engine = by_service(service)
            assert engine
            taken = measuring.times_of(engine, photo, most_seconds=seconds)
            curves.setdefault(service, {})[width * height / 1e6] = 1000 * taken.quantile(0.5)
    drawn = [_curve(name, points) for name, points in curves.items()]
    _draw("growth-pixels", "Larger pictures", "megapixels", "CPU ms of one core", drawn)


def rows(seconds: float) -> None:
    """What the service asks of SQLite and PostgreSQL, by rows."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {count: f"sqlite:///{Path(folder) / str(count)}" for count in ROWS}
        _rows("growth-sqlite", "More accounts and tasks, SQLite", urls)
    with servers.postgresql() as server:
        urls = {count: servers.new_database(server.address) for count in ROWS}
        _rows("growth-postgresql", "More accounts and tasks, PostgreSQL", urls)


def _rows(name: str, title: str, urls: Mapping[int, str]) -> None:
    curves = dict[str, dict[float, float]]()
    for count, url in urls.items():
        database = open_database(url)
        fill(database, count)
        if database.dialect.name == "postgresql":
            _vacuum(database)
        for operation, ask in operations(database, count).items():
            curves.setdefault(operation, {})[count] = _milliseconds(ask)
        database.dispose()
    drawn = [_curve(operation, points) for operation, points in curves.items()]
    _draw(name, title, "accounts, keys, sessions, and tasks of one caller", "ms", drawn)


def _vacuum(database: Database) -> None:
    """What the server does by itself within minutes; index-only scans wait for it."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _milliseconds(ask: Callable[[], object]) -> float:
    ask()
    taken = list[float]()
    for _ in range(TIMES):
        begun = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - begun))
    return min(taken)


def _curve(name: str, points: Mapping[float, float] | Mapping[int, float]) -> Curve:
    return Curve(name, sorted(points.items()))


def _draw(file: str, title: str, x_name: str, y_name: str, curves: Sequence[Curve]) -> None:
    """Print the points, and draw them."""
    print(f"\n{title} ({x_name}; {y_name})")
    print(f"{'':24}" + "".join(f"{x:>12,g}" for x, _ in curves[0].points))
    for one in curves:
        print(f"{one.name:24}" + "".join(f"{y:>12,.2f}" for _, y in one.points), flush=True)
    (PICTURES / f"{file}.svg").write_text(chart(title, x_name, y_name, curves))


def main() -> None:
    """Draw the pictures that are named, or all."""
    ways = {one.__name__: one for one in (clients, slots, pixels, rows)}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ways", nargs="*", choices=[*ways, []], default=[])
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one measurement")
    chosen = parser.parse_args()
    for way in chosen.ways or ways:
        ways[way](chosen.seconds)


if __name__ == "__main__":
    main()
