"""Tasks: how many a second the queue passes on, and how soon after its POST a short one is done.

The queue alone adds, claims and finishes tasks of work that does nothing; the service computes
`edges` of a small picture. With `--kept` so many finished tasks lie in the table meanwhile.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from sqlalchemy import insert

from benchmarks.picture import jpeg
from gateway.store.database import Database, open_database
from gateway.store.tables import tasks
from gateway.tasks.queue import Ending, Quota, TaskQueue
from gateway.tasks.task import Asked
from gateway.tasks.work import Run, TaskResult, Work
from tests import servers
from tests.serving import Served, serving

NOTHING = "benchmark.nothing"
EDGES = "/v2/services/image/edges"
LATER = {"Prefer": "respond-async"}
ROWS_AT_ONCE = 1000


async def do_nothing(run: Run) -> TaskResult:
    """The work of the queue alone."""
    return TaskResult({})


async def pass_on(queue: TaskQueue, count: int) -> None:
    """Add tasks and finish them, one after another."""
    for _ in range(count):
        await queue.add(str(uuid.uuid4()), Asked("ada", NOTHING, {}), ())
        if task := await queue.claim():
            await queue.finish(task, Ending({}))


async def queue_rate(database: Database, count: int, at_once: int) -> float:
    """Tasks a second that one process passes on."""
    quota = Quota(unfinished=10**9, stored_bytes=10**15)
    queue = TaskQueue(database, quota=quota, works={NOTHING: Work(NOTHING, do_nothing)})
    began = time.perf_counter()
    await asyncio.gather(*(pass_on(queue, count // at_once) for _ in range(at_once)))
    return count / (time.perf_counter() - began)


def keep(database: Database, count: int, owners: int) -> None:
    """Put finished tasks into the table."""
    now = time.time()
    for start in range(0, count, ROWS_AT_ONCE):
        rows = [_finished(place, owners, now) for place in range(start, start + ROWS_AT_ONCE)]
        with database.begin() as connection:
            connection.execute(insert(tasks), rows)


def _finished(place: int, owners: int, now: float) -> dict[str, object]:
    return {
        "id": str(uuid.uuid4()),
        "owner": f"owner {place % owners}",
        "work": NOTHING,
        "status": "done",
        "params": {},
        "inputs": [{"name": "image", "media_type": "image/jpeg", "bytes": 1000}],
        "told": {},
        "files": [],
        "progress": 1,
        "stored_bytes": 1000,
        "turn": place,
        "attempts": 1,
        "due_at": now,
        "created_at": now,
        "updated_at": now,
        "finished_at": now,
    }


def latencies(served: Served, count: int) -> list[float]:
    """Seconds from a POST to the answer that the task is done, one task after another."""
    found = []
    picture = jpeg(320, 240)
    with served.client() as client:
        for _ in range(count):
            began = time.perf_counter()
            _done(client, picture)
            found.append(time.perf_counter() - began)
    return found


def service_rate(served: Served, count: int, clients: int) -> float:
    """Tasks a second of clients that each wait for theirs."""
    picture = jpeg(320, 240)

    def ask(_: int) -> None:
        with served.client() as client:
            for _ in range(count // clients):
                _done(client, picture)

    with ThreadPoolExecutor(clients) as pool:
        began = time.perf_counter()
        list(pool.map(ask, range(clients)))
        return count / (time.perf_counter() - began)


def _done(client: httpx.Client, picture: bytes) -> None:
    accepted = client.post(EDGES, files={"image": picture}, headers=LATER)
    location = accepted.raise_for_status().headers["Location"]
    while "finished_at" not in client.get(location, params={"wait": 25}).json():
        pass


@contextmanager
def database_of(kind: str) -> Iterator[str]:
    """The address of a new database."""
    if kind == "postgresql":
        with servers.postgresql() as server:
            yield servers.new_database(server.address)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/rows.sqlite"


def measure(kind: str, chosen: argparse.Namespace) -> None:
    """Print the figures of one kind of database."""
    with database_of(kind) as address, tempfile.TemporaryDirectory() as folder:
        database = open_database(address)
        keep(database, chosen.kept, owners=10)
        for at_once in (1, 4):
            rate = asyncio.run(queue_rate(database, chosen.tasks, at_once))
            print(f"{kind}: queue alone, {at_once} at once, {rate:.0f} tasks/s (N {chosen.tasks})")
        database.dispose()
        with serving(Path(folder), database=address) as served:
            latencies(served, 10)
            _tell(kind, "service, 1 client", lambda: latencies(served, chosen.tasks // 10))
            rate = service_rate(served, chosen.tasks // 2, 8)
            print(f"{kind}: service, 8 clients, {rate:.0f} tasks/s (N {chosen.tasks // 2})")
            rss = sum(one.memory_info().rss for one in served.workers()) / 1e6
            print(f"{kind}: gateway workers {rss:.0f} MB with {chosen.kept} kept")


def _tell(kind: str, name: str, seen: Callable[[], list[float]]) -> None:
    ordered = sorted(seen())
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    print(
        f"{kind}: {name}, POST to done p50 {1000 * p50:.1f} ms, p99 {1000 * p99:.1f} ms "
        f"(N {len(ordered)})"
    )


def main() -> None:
    """Print the figures of each kind of database."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--kept", type=int, default=0, help="finished tasks in the table")
    parser.add_argument("--kinds", nargs="*", default=["sqlite", "postgresql"])
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}, 2 gateway workers")
    for kind in chosen.kinds:
        measure(kind, chosen)


if __name__ == "__main__":
    main()
