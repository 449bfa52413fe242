"""Our CPU beside that of libraries people would take for the same job, on the same files.

The libraries live in environments of their own, and are left out where those are absent:
`PEERS_PYTHON` names a Python with colorthief, imagehash, rapidocr and Pillow, and
`RIVALS_NODE_MODULES` a folder with pixelmatch, odiff-bin and pngjs. Ours is the whole job, decoding
and presenting included; theirs is what a caller writes in a line or two.
"""

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2

from benchmarks.engines import cpu_ms, page, photograph, slot, turned
from benchmarks.quality.rivals.pixels import MODULES
from engines.core.pixels import Mode, decode
from engines.core.registry import by_service
from engines.core.run import Job, name_of, run
from gateway.dialects.ltu.present import envelope

PYTHON = os.environ.get("PEERS_PYTHON", "")
SIZE = (1280, 960)


class Contest(NamedTuple):
    """A service, the files that it and its libraries are given, and the libraries."""

    service: str
    files: tuple[Path, ...]
    libraries: tuple[str, ...]


def main() -> None:
    """Print a line a service and library."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=7, help="measurements of each")
    turns = parser.parse_args().turns
    print(f"CPU ms, medians of {turns}; {SIZE[0]} x {SIZE[1]}")
    with tempfile.TemporaryDirectory() as folder, slot() as process:
        for service, files, libraries in contests(Path(folder)):
            own = process.apply(ours, (service, files, turns))
            print(f"{service:>16}  {'ours':>12}  {own:8.1f}", flush=True)
            for library in libraries:
                print(f"{service:>16}  {library:>12}  {theirs(library, files, turns)}", flush=True)


def contests(folder: Path) -> list[Contest]:
    """What is compared, its files written."""
    picture = photograph(*SIZE)
    first, text = folder / "photograph.jpg", folder / "page.jpg"
    first.write_bytes(picture)
    text.write_bytes(page(*SIZE))
    # In place, for pixelmatch and odiff align nothing.
    before, after = decode(picture, Mode.COLOUR), decode(picture, Mode.COLOUR)
    cv2.circle(after, (SIZE[0] // 3, SIZE[1] // 3), SIZE[1] // 20, (40, 200, 40), cv2.FILLED)
    names = ("before.png", "after.png", "turned.jpg")
    files = [folder / name for name in names]
    for file, image in zip(files, (before, after, turned(picture)), strict=True):
        cv2.imwrite(str(file), image)
    return [
        Contest("colorPalette", (first,), ("colorthief", "pillow")),
        Contest("distance", (first, files[2]), ("imagehash",)),
        Contest("differences", (files[0], files[1]), ("pixelmatch", "odiff")),
        Contest("textDetection", (text,), ("rapidocr",)),
    ]


def ours(service: str, files: tuple[Path, ...], turns: int) -> float:
    """The median of our CPU, ms."""
    engine = by_service(service)
    assert engine, service
    sent = [file.read_bytes() for file in files]
    inputs = engine.arranged(sent[-1], sent[0])
    job = Job(engine.name, inputs, engine.params(), name_of(envelope))
    run(job)
    return statistics.median(cpu_ms(lambda: run(job)) for _ in range(turns))


def theirs(library: str, files: tuple[Path, ...], turns: int) -> str:
    """The median of a library's CPU, ms, or why there is none."""
    if library == "odiff":
        return _of_modules(lambda: str(statistics.median(_odiff(files) for _ in range(turns))))
    if library == "pixelmatch":
        return _of_modules(lambda: _pixelmatch(files, turns))
    if not PYTHON:
        return "not measured: PEERS_PYTHON names no Python that has it"
    # -P, for beside the script lies our http.py.
    command = [PYTHON, "-EP", str(Path(__file__).with_name("library.py")), library, str(turns)]
    try:
        return _rounded(_said([*command, *map(str, files)]))
    except subprocess.CalledProcessError as error:
        return f"not measured: {error.stderr.splitlines()[-1]}"


def _of_modules(measure: Callable[[], str]) -> str:
    if not (Path(MODULES) / "pixelmatch").is_dir():
        return "not measured: npm install pixelmatch odiff-bin pngjs, see RIVALS_NODE_MODULES"
    return _rounded(measure())


def _pixelmatch(files: tuple[Path, ...], turns: int) -> str:
    # Modules are looked for beside the script, so it runs from a copy beside them.
    script = Path(MODULES).resolve().parent / "pixelgate-library.mjs"
    script.write_text(Path(__file__).with_name("library.mjs").read_text())
    try:
        return _said(["node", str(script), str(turns), *map(str, files)])
    finally:
        script.unlink()


def _odiff(files: tuple[Path, ...]) -> float:
    """CPU of the program, which is how it is used, ms."""
    program = Path(MODULES).resolve() / ".bin" / "odiff"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = files[0].with_name("odiff.png")
    subprocess.run([program, *files, result], capture_output=True, timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)


def _said(command: list[str]) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return done.stdout.splitlines()[-1]


def _rounded(milliseconds: str) -> str:
    return f"{float(milliseconds):8.1f}"


if __name__ == "__main__":
    main()
