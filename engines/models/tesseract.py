"""Reading with the program Tesseract; it wants a page that is level and upright."""

import csv
import re
import shutil
import subprocess
from functools import cache
from itertools import groupby
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.errors import EngineError, ModelUnavailable
from engines.core.shapes import Pixels
from engines.models.lines import Line, Word, moved
from engines.vision.boxes import corners
from engines.vision.morphology import square
from engines.vision.scaling import shrink

LONGEST_RUN_SECONDS = 60
NO_LANGUAGES = frozenset({"osd", "equ", "snum"})
CERTAIN = 0.75
"""Certainty from which a page is taken to be the right way up."""
MOST_POINTS = 20_000
SMALL = 1500
"""Short side below which a page is doubled, px: Tesseract wants letters of 20 px and more."""
INSTALL = "apt-get install tesseract-ocr tesseract-ocr-fra"


class Reading(NamedTuple):
    """Lines, and how sure Tesseract is of the average character, 0..1."""

    lines: list[Line]
    certainty: float


def read(image: Pixels) -> list[Line]:
    """The lines of a picture in Tesseract's order, corners in the picture's pixels.

    Raises:
        ModelUnavailable: Tesseract or its languages are not installed.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
    tilt = _tilt(grey)
    readings = []
    for turn in _turns(_turned(grey, tilt)[0]):
        readings.append(_read_turned(grey, tilt + turn))
        if readings[-1].certainty >= CERTAIN:
            break
    return max(readings, key=lambda reading: reading.certainty).lines


@cache
def version() -> str:
    """The program's name and version.

    Raises:
        ModelUnavailable: it is not installed.
    """
    return _run("--version").splitlines()[0].replace("tesseract", "Tesseract")


@cache
def languages() -> tuple[str, ...]:
    """The languages that it can read, by its own codes.

    Raises:
        ModelUnavailable: it is not installed, or without any language.
    """
    _, *listed = _run("--list-langs").splitlines()
    found = tuple(one for one in listed if one not in NO_LANGUAGES)
    if not found:
        raise ModelUnavailable(f"Tesseract has no languages; install them with: {INSTALL}.")
    return found


def _tilt(grey: Pixels) -> float:
    """By how many degrees to turn a page counter-clockwise, (-45, 45], until its lines are level.

    Lines are level or plumb where the profile of the ink along them is most uneven.
    """
    y, x = np.nonzero(_ink(grey))
    if len(x) < 2:
        return 0.0
    chosen = slice(None, None, -(-len(x) // MOST_POINTS))
    points = np.stack([x[chosen], y[chosen]]).astype(np.float64)
    # Off the grid, whose own rows would stand out at 45 degrees.
    points += np.random.default_rng(0).uniform(-0.5, 0.5, points.shape)
    rough = max(np.arange(-44.0, 46.0, 1.0), key=lambda angle: _unevenness(points, angle))
    fine = np.arange(rough - 1, rough + 1.05, 0.1)
    return float(max(fine, key=lambda angle: _unevenness(points, angle)))


def _ink(grey: Pixels) -> NDArray[np.bool_]:
    """Edges of letters, whichever of ink and paper is darker."""
    gradient = cv2.morphologyEx(shrink(grey, 1000), cv2.MORPH_GRADIENT, square(1))
    level, _ = cv2.threshold(gradient, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    return np.asarray(gradient > max(level, 16))


def _unevenness(points: NDArray[np.float64], angle: float) -> float:
    """Of the ink's profiles across and down the page when it is turned by an angle."""
    radians = np.deg2rad(angle)
    turned = np.array([[np.cos(radians), np.sin(radians)], [-np.sin(radians), np.cos(radians)]])
    both = np.round(turned @ points).astype(np.int64)
    profiles = (np.bincount(one - one.min()).astype(np.float64) for one in both)
    return max(float(np.square(np.diff(profile)).sum()) for profile in profiles)


def _turned(grey: Pixels, angle: float) -> tuple[Pixels, NDArray[np.float64]]:
    """The page turned counter-clockwise, doubled if small, and the way back as 2 x 3 matrix."""
    height, width = grey.shape
    scale = 2.0 if min(height, width) < SMALL else 1.0
    there = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    across, down = np.abs(there[:, :2]) @ (width, height)
    there[:, 2] += (across - width) / 2, (down - height) / 2
    size = (max(1, round(across)), max(1, round(down)))
    paper = float(np.median(grey))
    turned = cv2.warpAffine(
        grey, there, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
    )
    back = cv2.invertAffineTransform(there).astype(np.float64, copy=False)
    return turned.astype(np.uint8, copy=False), back


def _turns(level: Pixels) -> list[int]:
    """Quarter turns in the order to try them: first what Tesseract's own look suggests."""
    try:
        said = _run("stdin", "stdout", "--psm", "0", "-l", "osd", page=level)
    except EngineError:  # It gives up on little text, and has no say without its data.
        said = ""
    turn = re.search(r"^Rotate: (\d+)$", said, re.MULTILINE)
    first = -int(turn[1]) if turn else 0
    return [first, first + 180, first + 90, first - 90]


def _read_turned(grey: Pixels, angle: float) -> Reading:
    page, back = _turned(grey, angle)
    table = _run("stdin", "stdout", "-l", "+".join(languages()), "--psm", "3", "tsv", page=page)
    lines = [moved(line, back) for line in _lines(table)]
    words = [word for line in lines for word in line.words]
    if not words:
        return Reading([], 0.0)
    weights = [len(word.text) for word in words]
    return Reading(lines, float(np.average([word.score for word in words], weights=weights)))


def _lines(table: str) -> list[Line]:
    """Lines out of Tesseract's table of pages, blocks, paragraphs, lines and words."""
    rows = csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if row["level"] == "5" and row["text"].strip()]
    groups = groupby(words, key=lambda row: (row["block_num"], row["par_num"], row["line_num"]))
    return [_line([_word(row) for row in group]) for _, group in groups]


def _word(row: dict[str, str]) -> Word:
    left, top, width, height = (int(row[name]) for name in ("left", "top", "width", "height"))
    score = min(1.0, max(0.0, float(row["conf"]) / 100))
    return Word(row["text"].strip(), score, corners(left, top, left + width, top + height))


def _line(words: list[Word]) -> Line:
    points = np.concatenate([word.corners for word in words])
    return Line(tuple(words), corners(*points.min(axis=0), *points.max(axis=0)))


def _run(*arguments: str, page: Pixels | None = None) -> str:
    """What Tesseract says; it dies with this process."""
    try:
        done = subprocess.run(
            [*_prefix(), _program(), *arguments],
            input=b"" if page is None else cv2.imencode(".pgm", page)[1].tobytes(),
            capture_output=True,
            timeout=LONGEST_RUN_SECONDS,
            check=True,
        )
    except subprocess.TimeoutExpired:
        raise EngineError(
            f"Tesseract did not end within {LONGEST_RUN_SECONDS} s; a smaller picture might."
        ) from None
    except subprocess.CalledProcessError as error:
        raise EngineError(f"Tesseract failed with exit status {error.returncode}.") from None
    return done.stdout.decode("utf-8", "replace")


def _program() -> str:
    program = shutil.which("tesseract")
    if program is None:
        raise ModelUnavailable(f"Tesseract is not installed; install it with: {INSTALL}.")
    return program


@cache
def _prefix() -> tuple[str, ...]:
    """One thread; and, where util-linux has it, SIGKILL from the kernel when the slot dies."""
    guard = shutil.which("setpriv")
    return (*((guard, "--pdeathsig", "KILL") if guard else ()), "env", "OMP_THREAD_LIMIT=1")
