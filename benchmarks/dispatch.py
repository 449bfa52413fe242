"""What the pool costs: jobs through it beside the plain loop over the same function.

`python -m benchmarks.dispatch` prints, for a job that does nothing and for one of about 10 ms,
the jobs a second of both and their ratio; no HTTP is in it. The two take turns, so that a
busy machine slows both.
"""

import argparse
import asyncio
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import NamedTuple

import cv2
import numpy as np

from engines.core.run import Answer, Job
from engines.core.shapes import Parameters
from engines.process.slot import limit_process
from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import SlotPool
from gateway.settings import usable_cores

SEED = 7
MEMORY_BYTES = 4_000_000_000


class Figures(NamedTuple):
    """Jobs a second by each way."""

    loop: float
    pool: float


def work(job: Job) -> Answer:
    """Nothing, or edges as a PNG."""
    picture = job.inputs[0]
    assert isinstance(picture, bytes)
    if job.engine == "nothing":
        return Answer(b"", "text/plain")
    grey = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert grey is not None
    _, png = cv2.imencode(".png", cv2.Canny(grey, 100, 200), [cv2.IMWRITE_PNG_BILEVEL, 1])
    return Answer(png.tobytes(), "image/png")


def draw_picture() -> bytes:
    """A JPEG of 1280 x 960 px and some 200 KB: soft shapes under noise."""
    random = np.random.default_rng(SEED)
    soft = cv2.resize(random.integers(0, 256, (24, 32, 3), np.uint8), (1280, 960))
    noise = random.normal(0, 5, soft.shape)
    noisy = np.clip(soft + noise, 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def loop(job: Job, seconds: float) -> float:
    """Jobs a second of one process that does nothing else."""
    count, start = 0, time.perf_counter()
    while (passed := time.perf_counter() - start) < seconds:
        work(job)
        count += 1
    return count / passed


async def flood(pool: SlotPool, job: Job, *, seconds: float, clients: int) -> float:
    """Jobs a second that so many clients get out of the pool."""
    start = time.perf_counter()

    async def client(name: str) -> int:
        count = 0
        while time.perf_counter() - start < seconds:
            await pool.run(job, deadline_seconds=20, owner=name)
            count += 1
        return count

    counts = await asyncio.gather(*(client(str(i)) for i in range(clients)))
    return sum(counts) / (time.perf_counter() - start)


@contextmanager
def plain_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Processes as the pool's own are, each ready to run the loop."""
    with ProcessPoolExecutor(
        count, get_context("spawn"), initializer=limit_process, initargs=(MEMORY_BYTES,)
    ) as executor:
        yield executor


async def compare(job: Job, *, slots: int, clients: int, seconds: float, rounds: int) -> Figures:
    """Medians over rounds in which both ways take turns."""
    from benchmarks import dispatch  # Not `__main__`, which no other process can import.

    pool = SlotPool(
        slots=slots,
        queue_length=clients,
        quarantine=MemoryQuarantine(),
        work=dispatch.work,
        preload=(),
    )
    loops, pools = [], []
    with plain_processes(slots) as executor:
        await pool.start()
        for _ in range(rounds):
            running = [executor.submit(dispatch.loop, job, seconds) for _ in range(slots)]
            loops.append(sum([await asyncio.wrap_future(future) for future in running]))
            pools.append(await flood(pool, job, seconds=seconds, clients=clients))
        await pool.stop(grace_seconds=5)
    return Figures(statistics.median(loops), statistics.median(pools))


async def alone(job: Job, *, count: int) -> tuple[float, float]:
    """Median and 99th percentile, in ms, of what one client waits beyond the bare work."""
    from benchmarks import dispatch

    pool = SlotPool(
        slots=1, queue_length=1, quarantine=MemoryQuarantine(), work=dispatch.work, preload=()
    )
    await pool.start()
    waits = []
    for _ in range(count):
        start = time.perf_counter()
        await pool.run(job, deadline_seconds=20, owner="alone")
        waits.append(1000 * (time.perf_counter() - start))
    await pool.stop(grace_seconds=5)
    return statistics.median(waits), statistics.quantiles(waits, n=100)[98]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--slots", type=int, default=usable_cores())
    parser.add_argument("--clients", type=int, nargs="+", default=[8, 64])
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    told = parser.parse_args()

    picture = draw_picture()
    print(f"{told.slots} slots, picture of {len(picture)} bytes, seed {SEED}")
    for name in ("nothing", "edges"):
        job = Job(name, (picture,), Parameters(), "")
        for clients in told.clients:
            figures = asyncio.run(
                compare(
                    job,
                    slots=told.slots,
                    clients=clients,
                    seconds=told.seconds,
                    rounds=told.rounds,
                )
            )
            print(
                f"{name:8} {clients:3} clients: loop {figures.loop:9.1f}/s, "
                f"pool {figures.pool:8.1f}/s, ratio {figures.pool / figures.loop:.3f}"
            )
        median, slowest = asyncio.run(alone(job, count=300))
        print(f"{name:8}   1 client:  p50 {median:.2f} ms, p99 {slowest:.2f} ms")


if __name__ == "__main__":
    main()
