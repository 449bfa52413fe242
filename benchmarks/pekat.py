"""The PEKAT Vision API over HTTP with a key, as a share of the plain loop of its project.

The project is one of cheap modules, without the detector: what is measured is the way to it. The
loop runs the same job in as many processes; all take turns in one run, as in `benchmarks.http`.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import orjson

from benchmarks.conversation import Conversation
from benchmarks.http import Turn, http_turn, loop_turn, middle, print_row, take_turns
from benchmarks.picture import jpeg
from engines.core.decoders import Decoder
from engines.core.run import Job, name_of
from engines.inspection.flow import PHOTOGRAPH, inspection
from gateway.dialects.pekat import present
from gateway.dialects.pekat.projects import read_project
from gateway.dialects.pekat.raw_pixels import RawPixels
from gateway.settings import usable_cores
from tests.keys import api_key
from tests.serving import Served, running

PROJECT = """
[[module]]
use = "crop"
left = 400
top = 300
width = 512
height = 512

[[module]]
use = "image_quality"
"""
WIDTH, HEIGHT = 1920, 1080


class Case(NamedTuple):
    """A route, the body that it is sent, and the picture that this means."""

    target: str
    body: bytes
    picture: bytes
    decoder: Decoder


@contextmanager
def cases() -> Iterator[dict[str, Case]]:
    """By the route's name; the block of shared memory is there meanwhile."""
    pixels = cv2.imdecode(np.frombuffer(jpeg(WIDTH, HEIGHT), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    raw, size = RawPixels(WIDTH, HEIGHT), f"width={WIDTH}&height={HEIGHT}&"
    block = SharedMemory(create=True, size=pixels.nbytes)
    assert block.buf is not None
    block.buf[:] = pixels.tobytes()
    named = f"/analyze_image_shared_memory?name={block.name}&{size}"
    try:
        yield {
            "image": Case("/analyze_image?", jpeg(), jpeg(), PHOTOGRAPH),
            "raw_image": Case(
                f"/analyze_raw_image?{size}", pixels.tobytes(), pixels.tobytes(), raw
            ),
            "shared": Case(named, b"", pixels.tobytes(), raw),
        }
    finally:
        block.close()
        block.unlink()


def measure(
    name: str, case: Case, served: Served, project: Path, clients: int, turns: int, seconds: float
) -> dict[str, Any]:
    """Loop and service in turns."""
    context = name_of(present.context)
    job = Job(
        inspection.__name__,
        (case.picture,),
        read_project(project).flow,
        context,
        decoders=(case.decoder,),
    )
    request = http_request(served, case)
    check(served, request)
    loops: list[Turn] = []
    https: list[Turn] = []
    http_turn(served, request, clients, 1.0)
    processes = min(usable_cores(), clients)
    take_turns(
        [
            (loops, lambda: loop_turn(job, processes, seconds)),
            (https, lambda: http_turn(served, request, clients, seconds)),
        ],
        turns,
    )
    loop, http = middle(loops), middle(https)
    return {
        "analyze_…": name,
        "bytes": len(case.picture),
        "clients": clients,
        "loop/s": f"{loop.seen.rate:.1f}",
        "http/s": f"{http.seen.rate:.1f}",
        "ratio": f"{http.seen.rate / loop.seen.rate:.3f}",
        "loop p50 ms": f"{loop.seen.percentile(0.5):.1f}",
        "p50 ms": f"{http.seen.percentile(0.5):.1f}",
        "p99 ms": f"{http.seen.percentile(0.99):.1f}",
        "loop CPU ms": f"{loop.cpu_ms:.2f}",
        "http CPU ms": f"{http.cpu_ms:.2f}",
    }


@contextmanager
def serving_project(last_images: int) -> Iterator[tuple[Served, Path]]:
    """The service with the project, and the project's file."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project.toml"
        project.write_text(PROJECT)
        told = {"workers": 1, "pekat_projects": project, "last_images": last_images}
        with running(Path(folder), "gateway", "serve", **told, pekat_shared_memory=True) as served:
            yield served, project


def http_request(served: Served, case: Case) -> bytes:
    """An upload as it goes over the wire."""
    target = f"{case.target}api_key={api_key(served)}"
    head = f"POST {target} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(case.body)}\r\n\r\n"
    return head.encode() + case.body


def check(served: Served, request: bytes) -> None:
    """See that a context comes back."""
    conversation = Conversation(served.port)
    reply = conversation.ask(request)
    conversation.close()
    assert "modules" in orjson.loads(reply.body), reply


def main() -> None:
    """Print a table, a line a route, number of clients, and whether last images are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--turns", type=int, default=3, help="measurements of each side")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one measurement")
    chosen = parser.parse_args()
    is_first = True
    with cases() as made:
        for last_images in (100, 0):
            print(f"PEKAT Vision API, last images of {last_images} callers kept")
            with serving_project(last_images) as (served, project):
                for name, case in made.items():
                    for clients in chosen.clients:
                        row = measure(
                            name, case, served, project, clients, chosen.turns, chosen.seconds
                        )
                        print_row(row, is_first=is_first)
                        is_first = False


if __name__ == "__main__":
    main()
