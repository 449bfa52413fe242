"""Throughput over HTTP with auth on, as a share of the plain loop of the same function.

The loop runs `engines.core.run.run` on the same job in as many processes as the service has
slots; loop and service are measured in turns, in one run, and medians are compared.
"""

import argparse
import asyncio
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from benchmarks import load
from benchmarks.picture import jpeg
from engines.core.preparation import prepare
from engines.core.registry import by_service
from engines.core.run import Job, run
from engines.core.slot import begin
from gateway.dialects.ltu.present import envelope
from gateway.pool.nursery import slot_environment
from gateway.settings import usable_cores
from tests.serving import Served, serving

BOUNDARY = "pixelgate-benchmark"


@dataclass(frozen=True)
class Turn:
    """One measurement: pictures a second and CPU a picture."""

    rate: float
    cpu_ms: float
    seen: load.Load | None = None


def loop_turn(service: str, picture: bytes, processes: int, seconds: float) -> Turn:
    """The plain loop in as many processes."""
    context = multiprocessing.get_context("spawn")
    os.environ.update(slot_environment(100_000_000))  # as the slots have it
    with context.Pool(processes, begin, (4_000_000_000, prepare)) as pool:
        pool.map(_loop, [(service, picture, 0.2)] * processes, chunksize=1)
        counts = pool.map(_loop, [(service, picture, seconds)] * processes, chunksize=1)
    rate = sum(count / elapsed for count, elapsed, _ in counts)
    return Turn(rate, 1000 * sum(cpu for *_, cpu in counts) / sum(count for count, *_ in counts))


def _loop(arguments: tuple[str, bytes, float]) -> tuple[int, float, float]:
    service, picture, seconds = arguments
    job = _job(service, picture)
    count, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        run(job)
        count += 1
    return count, time.perf_counter() - start, time.process_time() - cpu


def _job(service: str, picture: bytes) -> Job:
    engine = by_service(service)
    assert engine, service
    return Job(engine.name, (picture,) * len(engine.inputs), engine.params(), envelope)


def http_turn(served: Served, request: bytes, clients: int, seconds: float) -> Turn:
    """The same over HTTP."""
    before = _cpu_seconds(served)
    seen = asyncio.run(
        load.run("127.0.0.1", served.port, request, clients=clients, seconds=seconds)
    )
    done = max(1, len(seen.latencies))
    return Turn(seen.rate, 1000 * (_cpu_seconds(served) - before) / done, seen)


def _cpu_seconds(served: Served) -> float:
    """CPU of the whole tree of processes."""
    root = psutil.Process(served.process.pid)
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def http_request(served: Served, service: str, picture: bytes) -> bytes:
    """A multipart upload as it goes over the wire."""
    engine = by_service(service)
    assert engine, service
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"; filename="a.jpg"\r\n\r\n%s\r\n'
        % (BOUNDARY.encode(), one.name.encode(), picture)
        for one in engine.inputs
        if one.is_required
    ]
    body = b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
    head = (
        f"POST /v2/services/image/{service} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        f"Authorization: Bearer {served.token()}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    return head.encode() + body


def measure(service: str, clients: int, turns: int, seconds: float) -> dict[str, Any]:
    """Loop and service in turns."""
    picture = jpeg()
    slots = usable_cores()
    loops, https = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), workers=1, access_seconds=86_400) as served,
    ):
        request = http_request(served, service, picture)
        http_turn(served, request, clients, 1.0)
        for _ in range(turns):
            loops.append(loop_turn(service, picture, slots, seconds))
            https.append(http_turn(served, request, clients, seconds))
    middle = sorted(https, key=lambda turn: turn.rate)[len(https) // 2]
    assert middle.seen is not None
    loop_rate = statistics.median(turn.rate for turn in loops)
    return {
        "service": service,
        "clients": clients,
        "loop/s": f"{loop_rate:.1f}",
        "http/s": f"{middle.rate:.1f}",
        "ratio": f"{middle.rate / loop_rate:.3f}",
        "p50 ms": f"{middle.seen.percentile(0.5):.1f}",
        "p99 ms": f"{middle.seen.percentile(0.99):.1f}",
        "loop CPU ms": f"{statistics.median(turn.cpu_ms for turn in loops):.2f}",
        "http CPU ms": f"{middle.cpu_ms:.2f}",
        "answers": " ".join(f"{status}:{n}" for status, n in middle.seen.statuses.items()),
    }


def main() -> None:
    """Print a table, a line a service and number of clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", default=["edges", "colorPalette"])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--turns", type=int, default=3, help="measurements of each side")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one measurement")
    chosen = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}; JPEG 1280 x 960 of {len(jpeg())} bytes; medians of "
        f"{chosen.turns} turns of {chosen.seconds:g} s"
    )
    for number, (service, clients) in enumerate(
        (service, clients) for service in chosen.services for clients in chosen.clients
    ):
        row = measure(service, clients, chosen.turns, chosen.seconds)
        if number == 0:
            print("  ".join(f"{name:>11}" for name in row))
        print("  ".join(f"{value:>11}" for value in row.values()), flush=True)


if __name__ == "__main__":
    main()
