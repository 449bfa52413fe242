"""Throughput over HTTP with auth on, as a share of the plain loop of the same function.

The loop runs `engines.core.run.run` on the same job in as many processes as the service has
slots, or clients where those are fewer. Beside it stands `benchmarks.bare`, on the same server
and pool, and beside `edges` any of `benchmarks.peers`. All are measured in turns, in one run, and
medians are compared.
"""

import argparse
import gc
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import psutil

from benchmarks.load import Load, keep_asking
from benchmarks.peers import MODULES, Peer, peer_request, peer_serving, why_not
from benchmarks.picture import jpeg
from engines.core.registry import by_service
from engines.core.run import Job, name_of, run
from engines.process.preparation import prepare
from engines.process.slot import begin
from gateway.dialects.ltu.present import envelope
from gateway.pool.fork_server import slot_environment
from gateway.settings import usable_cores
from tests.serving import Served, running, serving

BOUNDARY = "8f3c5d0e6b7a49218c1d2e3f4a5b6c7d"


@dataclass(frozen=True)
class Turn:
    """One measurement: what was seen, and CPU a picture."""

    seen: Load
    cpu_ms: float


Sides: TypeAlias = list[tuple[list[Turn], Callable[[], Turn]]]
"""What is measured in turns: what was seen so far, and how to measure once more."""


def loop_turn(job: Job, processes: int, seconds: float) -> Turn:
    """The plain loop over a job in as many processes."""
    context = multiprocessing.get_context("spawn")
    os.environ.update(slot_environment(100_000_000))  # as the slots have it
    with context.Pool(processes, _begin) as pool:
        pool.map(_loop, [(job, 0.2)] * processes, chunksize=1)
        turns = pool.map(_loop, [(job, seconds)] * processes, chunksize=1)
    latencies = [latency for turn in turns for latency in turn.seen.latencies]
    done = Load(statistics.fmean(turn.seen.seconds for turn in turns), latencies)
    done.statuses[200] = len(latencies)
    return Turn(done, statistics.fmean(turn.cpu_ms for turn in turns))


def _begin() -> None:
    """Make a process what a slot is."""
    begin(4_000_000_000, prepare)
    gc.collect()
    gc.freeze()


def _loop(arguments: tuple[Job, float]) -> Turn:
    (job, seconds), seen = arguments, Load()
    start, cpu = time.perf_counter(), time.process_time()
    while seen.seconds < seconds:
        run(job)
        now = time.perf_counter() - start
        seen.latencies.append(now - seen.seconds)
        seen.seconds = now
    return Turn(seen, 1000 * (time.process_time() - cpu) / len(seen.latencies))


def job_of(service: str, picture: bytes) -> Job:
    """What a request for a service without parameters has computed."""
    engine = by_service(service)
    assert engine, service
    return Job(engine.name, (picture,) * len(engine.inputs), engine.params(), name_of(envelope))


def http_turn(served: Served | Peer, request: bytes, clients: int, seconds: float) -> Turn:
    """The same over HTTP."""
    before = _cpu_seconds(served)
    seen = keep_asking("127.0.0.1", served.port, request, clients=clients, seconds=seconds)
    return Turn(seen, 1000 * (_cpu_seconds(served) - before) / len(seen.latencies))


def _cpu_seconds(served: Served | Peer) -> float:
    """CPU of the whole tree of processes."""
    root = psutil.Process(served.process.pid)
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def http_request(served: Served, token: str, service: str, picture: bytes) -> bytes:
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
        f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n"
        f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    )
    return head.encode() + body


def measure(
    service: str, clients: int, turns: int, seconds: float, peers: Sequence[str]
) -> dict[str, Any]:
    """Loop, bare server, service and peers in turns."""
    picture = jpeg()
    job = job_of(service, picture)
    processes = min(usable_cores(), clients)
    loops: list[Turn] = []
    bares: list[Turn] = []
    https: list[Turn] = []
    others: dict[str, list[Turn]] = {name: [] for name in peers}
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(2)]
        bare = stack.enter_context(running(folders[0], "benchmarks.bare", workers=1))
        served = stack.enter_context(serving(folders[1], workers=1, access_seconds=86_400))
        to_bare = http_request(bare, "", service, picture)
        request = http_request(served, served.token(), service, picture)
        http_turn(bare, to_bare, clients, 1.0)
        http_turn(served, request, clients, 1.0)
        sides: Sides = [
            (loops, lambda: loop_turn(job, processes, seconds)),
            (bares, lambda: http_turn(bare, to_bare, clients, seconds)),
            (https, lambda: http_turn(served, request, clients, seconds)),
        ]
        for name, seen in others.items():
            peer = stack.enter_context(peer_serving(name))
            asked = partial(http_turn, peer, peer_request(peer, picture), clients)
            asked(1.0)
            sides.append((seen, partial(asked, seconds)))
        take_turns(sides, turns)
    loop, http = middle(loops), middle(https)
    beside = {}
    for name, seen in others.items():
        beside[f"{name} ratio"] = f"{middle(seen).seen.rate / loop.seen.rate:.3f}"
        beside[f"{name} CPU ms"] = f"{middle(seen).cpu_ms:.2f}"
    return {
        "service": service,
        "clients": clients,
        "loop/s": f"{loop.seen.rate:.1f}",
        "http/s": f"{http.seen.rate:.1f}",
        "bare ratio": f"{middle(bares).seen.rate / loop.seen.rate:.3f}",
        "ratio": f"{http.seen.rate / loop.seen.rate:.3f}",
        "loop p99 ms": f"{loop.seen.percentile(0.99):.1f}",
        "p50 ms": f"{http.seen.percentile(0.5):.1f}",
        "p99 ms": f"{http.seen.percentile(0.99):.1f}",
        "loop CPU ms": f"{loop.cpu_ms:.2f}",
        "http CPU ms": f"{http.cpu_ms:.2f}",
        "answers": " ".join(f"{status}:{n}" for status, n in http.seen.statuses.items()),
        **beside,
    }


def take_turns(sides: Sides, turns: int) -> None:
    """Measure all sides so often, each as often first as the others."""
    for _ in range(turns):
        for seen, take in sides:
            seen.append(take())
        sides.append(sides.pop(0))  # what comes first finds the machine in another state


def middle(turns: list[Turn]) -> Turn:
    """The one of median rate."""
    return sorted(turns, key=lambda turn: turn.seen.rate)[len(turns) // 2]


def print_row(row: dict[str, Any], *, is_first: bool) -> None:
    """A line of a table, below its head."""
    if is_first:
        print("  ".join(f"{name:>11}" for name in row))
    print("  ".join(f"{value:>11}" for value in row.values()), flush=True)


def main() -> None:
    """Print a table, a line a service and number of clients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", default=["edges", "colorPalette"])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--turns", type=int, default=3, help="measurements of each side")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of one measurement")
    parser.add_argument("--peers", action="append", choices=MODULES, default=[])
    chosen = parser.parse_args()
    missing = {name: why for name in chosen.peers if (why := why_not(name))}
    for name, why in missing.items():
        print(f"{name} is skipped: {why}")
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}; JPEG 1280 x 960 of {len(jpeg())} bytes; medians of "
        f"{chosen.turns} turns of {chosen.seconds:g} s"
    )
    for number, (service, clients) in enumerate(
        (service, clients) for service in chosen.services for clients in chosen.clients
    ):
        peers = [name for name in chosen.peers if name not in missing and service == "edges"]
        row = measure(service, clients, chosen.turns, chosen.seconds, peers)
        print_row(row, is_first=number == 0)


if __name__ == "__main__":
    main()
