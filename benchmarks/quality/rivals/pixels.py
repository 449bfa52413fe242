"""What people would take to find differences: SSIM, pixelmatch, odiff and looks-same."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from engines.core.shapes import Box, Pixels
from engines.vision.morphology import square

Flags: TypeAlias = NDArray[np.bool_]

MODULES = os.environ.get("RIVALS_NODE_MODULES", "node_modules")
MISSING = (
    "pixelmatch, odiff and looks-same are not installed: npm install pixelmatch odiff-bin "
    "looks-same pngjs, and name the folder in RIVALS_NODE_MODULES"
)
SCRIPT = Path(__file__).with_suffix(".mjs")


class Case(NamedTuple):
    """Two pictures of one size, and where they may be compared."""

    first: Pixels
    second: Pixels
    valid: Flags


class Tuning(NamedTuple):
    """How a rival's pixels become boxes: its threshold, what is joined, and what is too small."""

    threshold: float
    gap_px: int
    least_area: int


UNTUNED = Tuning(0.1, 1, 1)
TUNED = {
    "SSIM": Tuning(0.3, 2, 500),
    "pixelmatch": Tuning(0.2, 8, 500),
    "odiff": Tuning(0.2, 8, 500),
    "looks-same": Tuning(0.2, 8, 500),
}
"""The best of 60 settings each for aligned photographs, on pairs of another seed; looks-same has
its own threshold, and its boxes are joined as odiff's."""


def are_present() -> bool:
    """Whether pixelmatch, odiff and looks-same can be asked; `MISSING` says what to do if not."""
    needed = ("pixelmatch", "odiff-bin", "looks-same", "pngjs")
    return all((Path(MODULES) / name).is_dir() for name in needed)


def found(cases: Sequence[Case], tunings: dict[str, Tuning]) -> dict[str, list[list[Box]]]:
    """What each rival finds in each case, of those that are installed."""
    tuning = tunings["SSIM"]
    by_name = {
        "SSIM": [_boxes(_unlike(one, tuning.threshold) & one.valid, tuning) for one in cases]
    }
    return by_name | _by_node(cases, tunings) if are_present() else by_name


def _by_node(cases: Sequence[Case], tunings: dict[str, Tuning]) -> dict[str, list[list[Box]]]:
    """What the three of them find, all in one run of node."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [_written(case, Path(folder) / str(place)) for place, case in enumerate(cases)]
        listed = Path(folder) / "tasks.json"
        listed.write_text(json.dumps([_task(path, tunings) for path in paths]))
        _run(listed)
        return {
            name: [
                _boxes(_opaque(Path(f"{path}.png.{name}.png"), case), tunings[name])
                for path, case in zip(paths, cases, strict=True)
            ]
            for name in ("pixelmatch", "odiff", "looks-same")
        }


def _task(path: Path, tunings: dict[str, Tuning]) -> dict[str, str | float]:
    return {
        "first": f"{path}.png",
        "second": f"{path}-2.png",
        "pixelmatch": tunings["pixelmatch"].threshold,
        "odiff": tunings["odiff"].threshold,
    }


def _unlike(case: Case, threshold: float) -> Flags:
    """Where the structural similarity, mapped to 0..1, falls below 1 - threshold."""
    rate: Callable[..., tuple[float, NDArray[np.float64]]] = structural_similarity
    _, similarity = rate(case.first, case.second, channel_axis=2, full=True)
    return np.asarray((1 - similarity.mean(axis=2)) / 2 > threshold)


def _written(case: Case, path: Path) -> Path:
    # Both the same where they may not be compared: neither rival takes a mask.
    second = np.where(case.valid[..., None], case.second, case.first)
    cv2.imwrite(f"{path}.png", case.first)
    cv2.imwrite(f"{path}-2.png", second)
    return path


def _run(listed: Path) -> None:
    # Modules are looked for beside the script, so it runs from a copy beside them.
    script = Path(MODULES).resolve().parent / "pixelgate-rivals.mjs"
    script.write_text(SCRIPT.read_text())
    try:
        subprocess.run(["node", str(script), str(listed)], check=True, timeout=3600)
    finally:
        script.unlink()


def _opaque(path: Path, case: Case) -> Flags:
    # odiff writes no file where nothing differs.
    shown = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.exists() else None
    if shown is None:
        return np.zeros_like(case.valid)
    return np.asarray((np.asarray(shown)[:, :, 3] > 0) & case.valid)


def _boxes(flags: Flags, tuning: Tuning) -> list[Box]:
    closed = cv2.morphologyEx(flags.astype(np.uint8), cv2.MORPH_CLOSE, square(tuning.gap_px))
    _, _, facts, _ = cv2.connectedComponentsWithStats(closed, connectivity=8)
    return [
        Box(x, y, x + width, y + height)
        for x, y, width, height, area in np.asarray(facts)[1:].tolist()
        if area >= tuning.least_area
    ]
