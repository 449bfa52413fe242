"""CPU that each engine takes for a picture, presenter included, beside decoding alone.

One job after another on one core, in a process set up as a slot is, engine and decoding in turns;
medians of process time. Most engines see a photograph, the one that parts object from ground a
cup on a plain table, the reader of text a page; those that compare two pictures the photograph and
one of it that is turned a little, with a disc on it that was not there.
"""

import argparse
import gc
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable
from multiprocessing.pool import Pool

import cv2
import numpy as np

from benchmarks.picture import jpeg
from benchmarks.quality.prints import Style, printed, words_of
from engines.core.pixels import Mode, Pixels, decode
from engines.core.registry import by_service
from engines.core.run import Job, name_of, run
from engines.process.preparation import prepare
from engines.process.slot import begin
from engines.vision.marking import FONT
from gateway.dialects.ltu.present import envelope
from gateway.pool.fork_server import slot_environment

SERVICES = (
    *("edges", "colorPalette", "imageQuality", "objectMaskDetection", "contours", "heatMap"),
    *("classification", "objectDetection", "alignmentMatrix", "differences", "distance"),
    "textDetection",
)
SIZES = {"1280x960": (1280, 960), "4000x3000": (4000, 3000)}
GRAIN = 3.0
"""Levels by which a sensor's noise moves each pixel of the larger photograph, which is enlarged."""
WORDS = 60


def main() -> None:
    """Print a table, a line a service."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", default=SERVICES)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--turns", type=int, default=7, help="measurements of each")
    chosen = parser.parse_args()
    print(
        f"{platform.processor() or platform.machine()}, Python {platform.python_version()}; CPU ms,"
        f" medians of {chosen.turns}, and how many times decoding that is"
    )
    print("  ".join(f"{name:>19}" for name in ("", *chosen.sizes)))
    with slot() as process:
        for service in chosen.services:
            sides = [(service, SIZES[size], chosen.turns) for size in chosen.sizes]
            cells = [process.apply(measured, one) for one in sides]
            print("  ".join(f"{cell:>19}" for cell in (service, *cells)), flush=True)


def slot() -> Pool:
    """A process set up as a slot is, from its start: libraries read how many threads they may have
    when they are loaded, and what idle ones spin is CPU too.
    """
    context = multiprocessing.get_context("spawn")
    os.environ.update(slot_environment(100_000_000))
    return context.Pool(1, begin, (4_000_000_000, prepare))


def measured(service: str, size: tuple[int, int], turns: int) -> str:
    """CPU of a service's job, ms, and its ratio to decoding in the same turns."""
    job = job_of(service, size)
    sent = [one for one in job.inputs if isinstance(one, bytes)]
    sides = (lambda: run(job), lambda: [decode(one, Mode.COLOUR) for one in sent])
    for side in sides:
        side()
    gc.collect()
    gc.freeze()  # as a slot does
    seen = [[cpu_ms(side) for side in sides] for _ in range(turns)]
    computed, decoded = (statistics.median(one) for one in zip(*seen, strict=True))
    return f"{computed:.1f} ({computed / decoded:.2f})"


def cpu_ms(action: Callable[[], object]) -> float:
    """What an action takes once."""
    start = time.process_time()
    action()
    return 1000 * (time.process_time() - start)


def job_of(service: str, size: tuple[int, int]) -> Job:
    """What a service is asked by default, of pictures of a width and height."""
    engine = by_service(service)
    assert engine, service
    make = {"textDetection": page, "objectMaskDetection": still_life}.get(service, photograph)
    picture = make(*size)
    shown = _encoded(turned(picture)) if engine.reference else picture
    return Job(engine.name, engine.arranged(shown, picture), engine.params(), name_of(envelope))


def photograph(width: int, height: int) -> bytes:
    """The photograph of the other benchmarks; a larger one has grain, as a sensor gives it."""
    if width <= 1280:
        return jpeg(width, height)
    return _encoded(_grained(decode(jpeg(width, height, 8_000_000), Mode.COLOUR)))


def still_life(width: int, height: int) -> bytes:
    """The middle of the photograph on a plain ground."""
    image = decode(photograph(width, height), Mode.COLOUR)
    cover = np.zeros((height, width), np.uint8)
    axes = (width // 4, height // 3)
    cv2.ellipse(cover, (width // 2, height // 2), axes, 10, 0, 360, 1, cv2.FILLED)
    ground = np.full_like(image, (205, 214, 220))
    return _encoded(_grained(np.where(cover[..., np.newaxis], image, ground)))


def page(width: int, height: int) -> bytes:
    """A page of words, printed the larger the larger it is."""
    random = np.random.default_rng(2026)
    style = Style(str(FONT), height // 30)
    return _encoded(
        printed(words_of("English", WORDS, random), style, random, (width, height)).image
    )


def turned(picture: bytes) -> Pixels:
    """A picture turned by three degrees, with a disc on it."""
    image = decode(picture, Mode.COLOUR)
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 3, 1.0)
    moved = cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    cv2.circle(moved, (width // 3, height // 3), height // 20, (40, 200, 40), cv2.FILLED)
    return np.asarray(moved, np.uint8)


def _grained(image: Pixels) -> Pixels:
    noise = np.random.default_rng(2026).normal(0, GRAIN, image.shape)
    return np.asarray(np.clip(np.rint(image + noise), 0, 255), np.uint8)


def _encoded(image: Pixels) -> bytes:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])
    return data.tobytes()


if __name__ == "__main__":
    main()
