"""Videos: how fast faces are hidden with one slot and with two, beside `deface` in the same run.

python -m venv /tmp/deface && /tmp/deface/bin/pip install deface==1.5.0 onnx onnxruntime
python -m benchmarks.video --deface /tmp/deface/bin/deface
"""

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.quality.anonymize_video import SEED, video, write
from engines.core.shapes import Pixels
from tests.gateway.dialects.celantur.callers import caller
from tests.gateway.dialects.celantur.pictures import ASYNC, FILE, TASK, sent
from tests.serving import Served, serving

MISSING = "deface is not installed: see the head of benchmarks/video.py"


def made(path: Path, scenes: int, height: int) -> int:
    """Write a video of heads on photographs, four scenes at a time; the number of its frames."""
    random = np.random.default_rng(SEED)
    pictures = [shot.picture for _ in range(scenes // 4) for shot in video(random)]
    write(path, [_scaled(picture, height) for picture in pictures], g="50")
    return len(pictures)


def _scaled(picture: Pixels, height: int) -> Pixels:
    scale = height / picture.shape[0]
    size = 2 * round(scale * picture.shape[1] / 2), height
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)


class Spent(NamedTuple):
    """What a video took.

    Args:
        seconds: from its upload, or from the command, to its end.
        cpu_seconds: of all processes.
        busiest_seconds: of CPU, of the process that had most of it: what would go by with cores
            of our own.
    """

    seconds: float
    cpu_seconds: float
    busiest_seconds: float | None = None


def by_service(data: bytes, slots: int) -> Spent:
    """By a gateway with so many engine processes."""
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), workers=1, slots=slots) as served,
        caller(served) as client,
    ):
        before, began = _cpu_seconds(served), time.perf_counter()
        upload = client.post(FILE, params={"face": True}, files=sent(data), headers=ASYNC)
        task = f"{TASK}/{upload.raise_for_status().json()['id']}"
        while (status := client.get(task).json()["status"]) in ("queued", "processing"):
            time.sleep(1)  # Asked more often, the gateway would take part of the CPU.
        assert status == "done", status
        seconds, after = time.perf_counter() - began, _cpu_seconds(served)
    used = [after[pid] - before.get(pid, 0) for pid in after]
    return Spent(seconds, sum(used), max(used))


def _cpu_seconds(served: Served) -> dict[int, float]:
    """By the numbers of the service's processes."""
    return {one.pid: sum(one.cpu_times()[:2]) for one in served.processes()}


def by_deface(command: str, source: Path) -> Spent:
    """By the tool, as it is without options; it has a thread for each core."""
    used, began = _children_seconds(), time.perf_counter()
    target = source.with_name("deface.mp4")
    subprocess.run([command, source, "-o", target], check=True, capture_output=True)
    return Spent(time.perf_counter() - began, _children_seconds() - used)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _told(spent: Spent, frames: int) -> str:
    rate, cpu = frames / spent.seconds, 1000 * spent.cpu_seconds / frames
    told = f"{spent.seconds:6.1f} s {rate:6.2f} frames/s {cpu:5.0f} ms of CPU a frame"
    if spent.busiest_seconds is None:
        return told
    return f"{told}, {frames / spent.busiest_seconds:5.2f} frames a second of the busiest process"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=8, help="of 25 frames each, by fours")
    parser.add_argument("--height", type=int, default=360, help="of the frames, px")
    parser.add_argument("--deface", default=shutil.which("deface"), help="the command")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in.mp4"
        frames = made(source, asked.scenes, asked.height)
        data = source.read_bytes()
        runs: dict[str, Callable[[], Spent]] = {
            "1 slot": lambda: by_service(data, 1),
            "2 slots": lambda: by_service(data, 2),
        }
        if asked.deface:
            runs["deface"] = lambda: by_deface(asked.deface, source)
        print(f"{frames} frames of {asked.height} px, seed {SEED}")
        for name, run in runs.items():
            print(f"{name:8} {_told(run(), frames)}")
    if not asked.deface:
        print(f"deface   skipped: {MISSING}")


if __name__ == "__main__":
    main()
