"""How long a start takes, what the service costs while nobody asks, and the first requests.

`python -m benchmarks.start` starts it so often with one gateway worker and two slots. CPU until
ready is that of all its processes; it says more than the time where the machine is busy.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from benchmarks.picture import jpeg
from tests.serving import Served, serving

LEARNED = ("classification", "objectDetection", "textDetection", "anonymize")
"""The services that compute with a learned model, which is loaded when it is first needed."""


def start(served: Served) -> tuple[float, float]:
    """Start it anew: seconds until it is ready, and CPU seconds."""
    served.end()
    began = time.perf_counter()
    served.start()
    return time.perf_counter() - began, cpu_seconds(served)


def cpu_seconds(served: Served) -> float:
    times = [process.cpu_times() for process in served.processes()]
    return sum(one.user + one.system for one in times)


def first_requests(served: Served) -> list[str]:
    """The first and the second request of each learned service, in ms."""
    lines = []
    with served.client() as client:
        for service in LEARNED:
            first, second = (ask(client, service) for _ in range(2))
            lines.append(f"{service}: {1000 * first:.0f} ms, then {1000 * second:.0f} ms")
    return lines


def ask(client: httpx.Client, service: str) -> float:
    began = time.perf_counter()
    client.post(f"/v2/services/image/{service}", files={"image": jpeg()}).raise_for_status()
    return time.perf_counter() - began


def idle(served: Served, seconds: float) -> list[str]:
    """What its processes hold and do while nobody asks."""
    before = {one.pid: sum(one.cpu_times()[:2]) for one in served.processes()}
    time.sleep(seconds)
    lines, total = [], 0
    for process in served.processes():
        pss = process.memory_full_info().pss
        share = (sum(process.cpu_times()[:2]) - before[process.pid]) / seconds
        lines.append(f"{name(served, process)}: {pss / 1e6:.1f} MB PSS, {share:.2%} of a core")
        total += pss
    return [*lines, f"all: {total / 1e6:.1f} MB PSS"]


def name(served: Served, process: psutil.Process) -> str:
    """What a process is, by its parent."""
    if process.pid == served.process.pid:
        return "master"
    if process.ppid() == served.process.pid:
        return "gateway worker"
    return "fork server" if process.parent() in served.workers() else "engine process"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="how long it is left idle")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), workers=1, slots=2) as served,
    ):
        starts = [start(served) for _ in range(chosen.starts)]
        seconds, cpu = (statistics.median(figures) for figures in zip(*starts, strict=True))
        print(f"ready after {seconds:.2f} s, {cpu:.2f} s of CPU (medians of {chosen.starts})")
        print(*idle(served, chosen.seconds), sep="\n")
        print("first requests", *first_requests(served), sep="\n")


if __name__ == "__main__":
    main()
