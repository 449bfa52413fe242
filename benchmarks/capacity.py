"""What the parts that all gateways share cost a request: CPU of their own processes.

CPU, for it depends least on who else uses the machine; a core of such a part takes as many a second
as fit into one second of it. Disks and networks come on top.
"""

import argparse
import asyncio
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil

from benchmarks.picture import jpeg
from gateway.limits.admission import Rate
from gateway.limits.rate_limit_storage import open_rate_limit_storage
from gateway.store.database import open_database
from gateway.store.storage import Storage
from tests import servers
from tests.certificates import Authority
from tests.filled import fill, operations
from tests.serving import TINY, WAIT_SECONDS, running

ROWS = 10_000


def measure(name: str, ask: Callable[[], object], seconds: float, program: str) -> None:
    """Ask for so long, and print what it cost the child processes of a program."""
    ask()
    count, before, begun = 0, _cpu_seconds(program), time.perf_counter()
    while (elapsed := time.perf_counter() - begun) < seconds:
        ask()
        count += 1
    spent = (_cpu_seconds(program) - before) / count
    print(
        f"{name:36}{1000 * spent:>10.3f}{1 / spent:>12,.0f}{1000 * elapsed / count:>10.2f}",
        flush=True,
    )


def _cpu_seconds(program: str) -> float:
    """Of the processes of this name, this one included."""
    ours = psutil.Process()
    processes = [one for one in (ours, *ours.children(recursive=True)) if program in one.name()]
    times = [one.cpu_times() for one in processes]
    return sum(one.user + one.system for one in times)


def postgresql(seconds: float) -> None:
    with servers.postgresql() as server:
        database = open_database(server.address)
        fill(database, ROWS)
        asked = operations(database, ROWS)
        for name in ("token check", "API key check", "login", "task, from queue to end"):
            measure(f"PostgreSQL: {name}", asked[name], seconds, "postgres")
        database.dispose()


def redis(seconds: float) -> None:
    with servers.redis() as server, tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/rows")
        with asyncio.Runner() as runner:
            rate = Rate("900000000/day", open_rate_limit_storage(server.address, database))
            measure("Redis: rate limit", lambda: runner.run(rate.count("ada")), seconds, "redis")
        database.dispose()


def storage(seconds: float) -> None:
    picture = jpeg()
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        files = Storage(f"file://{folder}")
        runner.run(files.put("tasks/1/a", picture))
        for name, ask in {
            "put": lambda: runner.run(files.put(f"tasks/{uuid.uuid4()}/a", picture)),
            "get": lambda: runner.run(files.get("tasks/1/a")),
        }.items():
            measure(f"files: {name} 0.2 MB, in the gateway", ask, seconds, "python")


def nginx(seconds: float) -> None:
    """TLS included; a service without engines stands behind it."""
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), TINY) as tiny:
        authority, body = Authority(), jpeg()
        with (
            servers.nginx(authority, [f"127.0.0.1:{tiny.port}"] * 2) as front,
            httpx.Client(
                base_url=front.address, verify=authority.trusted(), timeout=WAIT_SECONDS
            ) as client,
        ):
            measure(
                "nginx: a request of 0.2 MB",
                lambda: client.post("/read", content=body).raise_for_status(),
                seconds,
                program="nginx",
            )


def main() -> None:
    """Print a line for each thing that is asked of a part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one measurement")
    seconds = parser.parse_args().seconds
    print(f"{'':36}{'CPU ms':>10}{'a core/s':>12}{'wall ms':>10}")
    for part in (postgresql, redis, nginx, storage):
        part(seconds)


if __name__ == "__main__":
    main()
