"""Print how right the engines are: `python -m benchmarks.quality [NAME…]`.

A figure below its target is said to be so; it is no failure of the command. Models that the
settings bring in place of ours are measured in their place.
"""

import importlib
import os
import pkgutil
import platform
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from benchmarks import quality
from benchmarks.quality.row import Row
from engines.models import weights
from gateway.settings import Settings

Case: TypeAlias = Callable[[], list[Row]]
HEADINGS: tuple[str, ...] = ("case", "figure", "target", "reached", "N", "seed")


def main() -> None:
    """Measure those named, or all."""
    known = dict(_cases())
    names = sys.argv[1:] or list(known)
    if unknown := [name for name in names if name not in known]:
        raise SystemExit(f"No figures for {', '.join(unknown)}; there are {', '.join(known)}.")
    own = Settings().models
    weights.configure(own)
    lines = [HEADINGS]
    for name in names:
        lines += [_cells(name, row) for row in known[name]()]
    print("\n".join(_aligned(lines)))
    print(_machine(), *(f"{name}: {files.file.stem}" for name, files in own.items()), sep="; ")


def _cases() -> Iterator[tuple[str, Case]]:
    for module in pkgutil.iter_modules(quality.__path__):
        if module.name != "__main__":
            rows = getattr(
                importlib.import_module(f"{quality.__name__}.{module.name}"), "rows", None
            )
            if rows:
                yield module.name, rows


def _cells(name: str, row: Row) -> tuple[str, ...]:
    reached = "yes" if row.is_reached else "NO"
    return (f"{name}: {row.case}", row.figure, row.target, reached, str(row.n), str(row.seed))


def _aligned(lines: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _machine() -> str:
    return (
        f"{_processor()}, {os.cpu_count()} cores; Python {platform.python_version()},"
        f" OpenCV {version('opencv-contrib-python-headless')}, NumPy {version('numpy')}"
    )


def _processor() -> str:
    try:
        described = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.machine()
    names = [line for line in described.splitlines() if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


if __name__ == "__main__":
    main()
