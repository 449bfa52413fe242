"""Engines on other machines: our workers beside plain Dask, Ray and the embedded pool, in one run.

`python -m benchmarks.cluster` prints, for two engine processes behind each, jobs a second and what
a client waits, with pictures of 200 KB and 4 MB for an engine that does nothing, and of 200 KB for
one of about 10 ms; then what the death of the computing process costs a job; then what our
workers compute when there are one, two and three of them. All run on this machine and take turns,
so that a busy machine slows all of them. Ray is left out where it is not installed.
"""

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import psutil
from distributed import Client

from benchmarks import dispatch
from engines.core.run import Answer, Job
from engines.core.shapes import Parameters
from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import Pool, SlotPool
from gateway.pool.cluster.files import ReceivedFiles
from gateway.pool.cluster.from_settings import cluster_pool, security
from gateway.pool.cluster.worker import EngineWorker, ReportedQuarantine
from gateway.settings import Settings
from gateway.store.scratch import open_scratch

SLOTS = 2
CLIENTS = 8
SMALL, LARGE = 200_000, 4_000_000
COMPUTE_SECONDS = 1.0
START_SECONDS = 60.0

Run: TypeAlias = Callable[[Job], Awaitable[Answer]]


class Told(Parameters):
    """Where a job says which process computes it."""

    path: str = ""


class Figures(NamedTuple):
    """Jobs a second, and what a client waits for one, ms."""

    rate: float
    median: float
    p99: float


def work(job: Job) -> Answer:
    """Compute for a second and say where, or what `benchmarks.dispatch` does."""
    cv2.setNumThreads(1)  # Others leave it as it is.
    if job.engine != "second":
        return dispatch.work(job)
    assert isinstance(job.params, Told)
    with Path(job.params.path).open("a") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(COMPUTE_SECONDS)
    return Answer(b"", "text/plain")


def job(engine: str, picture: bytes = b"", path: str = "") -> Job:
    return Job(engine, (picture,), Told(path=path), "nobody:presents")


@asynccontextmanager
async def embedded(slots: int) -> AsyncIterator[Run]:
    pool = _slot_pool(slots)
    async with _started(pool) as run:
        yield run


@asynccontextmanager
async def cluster(workers: int) -> AsyncIterator[Run]:
    """Our workers of one slot each."""
    with _processes() as start, tempfile.TemporaryDirectory() as folder:
        port = _scheduler(start)
        for number in range(workers):
            words = ("-m", "benchmarks.cluster", "--worker", f"tcp://127.0.0.1:{port}")
            start(*words, "--folder", f"{folder}/{number}")
        pool = cluster_pool(
            Settings(pool=f"dask://127.0.0.1:{port}", queue_length=1000), MemoryQuarantine()
        )
        async with _started(pool) as run:
            await _until(lambda: pool.snapshot().slots == workers)
            yield run


@asynccontextmanager
async def dask_tasks(workers: int) -> AsyncIterator[Run]:
    """Dask's own tasks; pictures are scattered to a worker past the scheduler."""
    with _processes() as start:
        port = _scheduler(start)
        address = f"tcp://127.0.0.1:{port}"
        for _ in range(workers):
            start(
                "-m", "dask", "worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard"
            )
        async with Client(address, asynchronous=True, direct_to_workers=True) as client:
            await client.wait_for_workers(workers, timeout=START_SECONDS)

            async def run(job: Job) -> Answer:
                sent = await client.scatter(job, direct=True, hash=False)
                answer: Answer = await client.submit(work, sent, pure=False, retries=1)
                return answer

            yield run


@asynccontextmanager
async def ray_tasks(workers: int) -> AsyncIterator[Run]:
    # Half a minute is little where many wait for two cores.
    os.environ.setdefault("RAY_raylet_start_wait_time_s", "120")
    import ray

    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False)
    try:
        remote = ray.remote(num_cpus=1, max_retries=1)(work)

        async def run(job: Job) -> Answer:
            answer: Answer = await remote.remote(job)
            return answer

        yield run
    finally:
        ray.shutdown()


WAYS: dict[str, Callable[[int], Any]] = {
    # First, for it gives up when its own processes are slow to start.
    "Ray tasks": ray_tasks,
    "embedded": embedded,
    "our workers": cluster,
    "Dask tasks": dask_tasks,
}


async def flood(run: Run, job: Job, *, seconds: float) -> Figures:
    """What clients get who send the next as soon as they have one."""
    start, waits = time.perf_counter(), list[float]()

    async def client() -> None:
        while (begun := time.perf_counter()) - start < seconds:
            await run(job)
            waits.append(1000 * (time.perf_counter() - begun))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    rate = len(waits) / (time.perf_counter() - start)
    return Figures(rate, statistics.median(waits), float(np.percentile(waits, 99)))


async def after_a_kill(run: Run, *, takes_worker: bool = False) -> str:
    """How long after the death of the computing process there is an answer, if there is one.

    Args:
        takes_worker: one of our workers dies, not only its engine process.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pids"
        computing = asyncio.ensure_future(run(job("second", path=str(file))))
        await _until(lambda: file.exists() and file.read_text())
        process = psutil.Process(int(file.read_text()))
        parents = [one for one in process.parents() if "--worker" in one.cmdline()]
        (parents[0] if takes_worker else process).kill()
        killed_at = time.perf_counter()
        try:
            await computing
        except Exception as error:  # Each way has its own.
            return f"lost: {type(error).__name__}"
        return f"{time.perf_counter() - killed_at - COMPUTE_SECONDS:.2f} s besides the computation"


async def compare(seconds: float, rounds: int) -> None:
    """Print what each way gives."""
    ways = {name: way for name, way in WAYS.items() if name != "Ray tasks" or find_spec("ray")}
    if len(ways) < len(WAYS):
        print("Ray is not installed and left out: pip install 'ray>=2.60,<3'")
    loads = {
        "nothing, 200 KB": job("nothing", bytes(SMALL)),
        "nothing, 4 MB": job("nothing", bytes(LARGE)),
        "edges, 200 KB": job("edges", dispatch.draw_picture()),
    }
    async with AsyncExitStack() as running:
        runs = {name: await running.enter_async_context(way(SLOTS)) for name, way in ways.items()}
        for load, one in loads.items():
            found: dict[str, list[Figures]] = {name: [] for name in runs}
            for _ in range(rounds):
                for name, run in runs.items():
                    found[name].append(await flood(run, one, seconds=seconds))
            for name, figures in found.items():
                _print(load, name, figures)
        for name, run in runs.items():
            print(f"{'killed in mid-job':<19} {name:<12} {await after_a_kill(run)}", flush=True)
        lost = await after_a_kill(runs["our workers"], takes_worker=True)
        print(f"{'worker killed':<19} {'our workers':<12} {lost}", flush=True)


async def grow(seconds: float, rounds: int, most: int) -> None:
    """Print what one, two and more workers compute, beside as many embedded slots."""
    loads = {"nothing": job("nothing"), "edges": job("edges", dispatch.draw_picture())}
    for count in range(1, most + 1):
        async with embedded(count) as inside, cluster(count) as outside:
            for load, one in loads.items():
                figures: list[list[Figures]] = [[], []]
                for _ in range(rounds):
                    for place, run in enumerate((inside, outside)):
                        figures[place].append(await flood(run, one, seconds=seconds))
                _print(load, f"{count} embedded", figures[0])
                _print(load, f"{count} workers", figures[1])


def _print(load: str, name: str, figures: list[Figures]) -> None:
    """Medians of the rounds."""
    rate, median, p99 = (statistics.median(one) for one in zip(*figures, strict=True))
    print(f"{load:<19} {name:<12} {rate:8.0f} /s {median:8.1f} ms {p99:8.1f} ms p99", flush=True)


def _slot_pool(slots: int) -> SlotPool:
    return SlotPool(
        slots=slots,
        queue_length=1000,
        quarantine=MemoryQuarantine(),
        work=work,
        preload=(),
    )


@asynccontextmanager
async def _started(pool: Pool) -> AsyncIterator[Run]:
    async def run(job: Job) -> Answer:
        return await pool.run(job, deadline_seconds=60, owner="all")

    await pool.start()
    try:
        yield run
    finally:
        await pool.stop(grace_seconds=0)


@contextmanager
def _processes() -> Iterator[Callable[..., None]]:
    """Start processes of Python, which are killed at the end."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> None:
        quiet = subprocess.DEVNULL
        started.append(subprocess.Popen([sys.executable, *words], stdout=quiet, stderr=quiet))

    try:
        yield start
    finally:
        for process in started:
            process.kill()
            process.wait()


def _scheduler(start: Callable[..., None]) -> int:

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    words = ("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(port))
    start(*words, "--no-dashboard")
    return port


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(START_SECONDS):
        while not condition():  # noqa: ASYNC110 - What is waited for happens in other processes.
            await asyncio.sleep(0.01)


async def serve(scheduler: str, folder: str) -> None:
    """Be one of our workers, of one slot."""
    with open_scratch(Path(folder)) as scratch:
        worker = EngineWorker(
            scheduler,
            _slot_pool(1),
            ReportedQuarantine(),
            slots=1,
            labels=(),
            files=ReceivedFiles(scratch),
            security=security(Settings()),
        )
        await worker.run(asyncio.Event(), drain_seconds=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2, help="of each way in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=3, help="to grow to")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.worker:
        asyncio.run(serve(told.worker, told.folder))
        return
    asyncio.run(compare(told.seconds, told.rounds))
    asyncio.run(grow(told.seconds, told.rounds, told.workers))


if __name__ == "__main__":
    # By the name that other processes import it by.
    from benchmarks import cluster as own

    own.main()
