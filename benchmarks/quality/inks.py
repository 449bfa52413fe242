"""Pages, charts, logos and flat greys, drawn with inks that are known."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from skimage import color

from benchmarks.quality.drawings import FACES, WORDS
from benchmarks.quality.pairs import Random
from benchmarks.quality.prints import FOLDER
from engines.core.shapes import Pixels

Numbers = NDArray[np.float64]

APART = 10.0
"""ΔE2000 between any two inks; flat greys are nearer."""
GREYS_APART = 3.0
LEAST_SHARE = 0.002
LEAST_CORE = 0.0005
"""Of the picture's pixels, how many an ink covers wholly: the eye needs some to know it."""
FINER = 4


@dataclass(slots=True)
class Sheet:
    """A picture in RGB, its inks, and how much of each pixel each of them covers."""

    levels: Numbers
    inks: list[Numbers] = field(default_factory=list)
    cover: list[Numbers] = field(default_factory=list)

    @property
    def image(self) -> Pixels:
        return np.ascontiguousarray(np.rint(self.levels[..., ::-1]).astype(np.uint8))

    def paint(self, mask: Numbers, ink: Numbers) -> None:
        """Cover each pixel by so much of an ink."""
        self.levels += mask[..., np.newaxis] * (ink - self.levels)
        self.cover = [one * (1 - mask) for one in self.cover]
        for known, one in zip(self.inks, self.cover, strict=True):
            if known is ink:
                one += mask
                return
        self.inks.append(ink)
        self.cover.append(mask.copy())

    def is_clear(self) -> bool:
        """Whether there is enough of every ink."""
        shares = [one.mean() for one in self.cover]
        cores = [(one > 0.9).mean() for one in self.cover]
        return bool(min(shares) >= LEAST_SHARE and min(cores) >= LEAST_CORE)


def drawn(kind: str, random: Random) -> Sheet:
    """A sheet of a kind on which every ink can be seen."""
    while True:
        sheet = KINDS[kind](random)
        if sheet.is_clear():
            return sheet


def page(random: Random) -> Sheet:
    """Lines of text on white, tinted or dark paper; sometimes a headline of another ink."""
    width, height = (int(side) for side in random.integers(300, 1100, 2))
    paper = _paper(random)
    inks = [paper, *_inks(random, int(random.integers(1, 3)), [paper])]
    sheet = _blank(width, height, paper)
    size_px = int(random.integers(11, 34))
    top, last = int(random.integers(8, 50)), int(height * random.uniform(0.4, 1))
    if len(inks) > 2:
        sheet.paint(_text(sheet, _line(random, 3), (12, top), size_px * 2, random), inks[2])
        top += size_px * 3
    step = random.uniform(1.3, 2)
    while top < last:
        words = _line(random, int(random.integers(2, 14)))
        sheet.paint(_text(sheet, words, (12, top), size_px, random), inks[1])
        top += int(step * size_px)
    return sheet


def chart(random: Random) -> Sheet:
    """Axes with figures, and courses, bars or sectors of two to six inks."""
    width, height = (int(side) for side in random.integers(320, 1000, 2))
    paper = _paper(random)
    axis, *series = _inks(random, int(random.integers(3, 7)), [paper])
    sheet = _blank(width, height, paper)
    plots: list[Callable[[Sheet, Numbers, int, int, Random], Numbers]] = [_course, _bar, _sector]
    plot = plots[int(random.integers(3))]
    for number, ink in enumerate(series):
        sheet.paint(plot(sheet, ink, number, len(series), random), ink)
    corner = np.array([[40, 12], [40, height - 30], [width - 12, height - 30]])
    sheet.paint(_stroke(sheet, corner, random.uniform(1.5, 3)), axis)
    for number in range(6):
        place = (46 + number * (width - 60) // 6, height - 26)
        text = str(random.integers(1000))
        sheet.paint(_text(sheet, text, place, int(random.integers(12, 20)), random), axis)
    return sheet


def logo(random: Random) -> Sheet:
    """One to three shapes, a name, and a small accent."""
    width, height = (int(side) for side in random.integers(120, 800, 2))
    paper = _paper(random) if random.random() < 0.7 else _inks(random, 1, [])[0]
    accent, letters, *shapes = _inks(random, int(random.integers(3, 6)), [paper])
    sheet = _blank(width, height, paper)
    for ink in shapes:
        sheet.paint(_blob(sheet, random.uniform(0.1, 0.3) * min(width, height), random), ink)
    size_px = int(random.uniform(0.1, 0.25) * min(width, height)) + 12
    place = (8, int(random.integers(height // 2, height - height // 5)))
    sheet.paint(_text(sheet, str(random.choice(WORDS)), place, size_px, random), letters)
    radius = np.sqrt(random.uniform(0.004, 0.02) * width * height / np.pi)
    sheet.paint(_blob(sheet, radius, random), accent)
    return sheet


def greys(random: Random) -> Sheet:
    """Bars of two to eight greys, or of one hue, edge to edge."""
    count = int(random.integers(2, 9))
    width, height = int(random.integers(count * 20, 900)), int(random.integers(40, 500))
    hue = random.uniform(-12, 12, 3)
    while True:
        levels = random.uniform(15, 240, count)[:, np.newaxis] + hue
        inks = [np.rint(one) for one in levels]
        if all(apart(inks[i], inks[j]) >= GREYS_APART for i in range(count) for j in range(i)):
            break
    sheet = _blank(width, height, inks[0])
    for number, ink in enumerate(inks[1:], 1):
        mask = np.zeros((height, width))
        mask[:, number * width // count :] = 1
        sheet.paint(mask, ink)
    return sheet


KINDS: dict[str, Callable[[Random], Sheet]] = {
    "pages": page,
    "charts": chart,
    "logos": logo,
    "greys": greys,
}


def _blank(width: int, height: int, paper: Numbers) -> Sheet:
    sheet = Sheet(np.zeros((height, width, 3)))
    sheet.paint(np.ones((height, width)), paper)
    return sheet


def _paper(random: Random) -> Numbers:
    kind = random.random()
    if kind < 0.5:
        return np.full(3, 255.0)
    low, high = (225, 256) if kind < 0.8 else (0, 50)
    return random.integers(low, high, 3).astype(np.float64)


def _inks(random: Random, count: int, others: list[Numbers]) -> list[Numbers]:
    """Inks by chance, a third of the first of them black or white, each apart from all."""
    known = list(others)
    while len(known) < len(others) + count:
        ink = random.integers(0, 256, 3).astype(np.float64)
        if len(known) == len(others) and random.random() < 0.3:
            ink = np.full(3, 255.0 * (random.random() < 0.3))
        if all(apart(ink, other) >= APART for other in known):
            known.append(ink)
    return known[len(others) :]


def apart(one: Numbers, other: Numbers) -> Numbers:
    """ΔE2000 between RGB levels."""
    labs = [color.rgb2lab(levels / 255) for levels in (one, other)]
    distances: Numbers = color.deltaE_ciede2000(*labs)  # type: ignore[no-untyped-call]
    return distances


def _line(random: Random, count: int) -> str:
    return " ".join(str(word) for word in random.choice(WORDS, count))


def _text(sheet: Sheet, text: str, place: tuple[int, int], size_px: int, random: Random) -> Numbers:
    height, width = sheet.levels.shape[:2]
    mask = Image.new("L", (width, height))
    face = ImageFont.truetype(FOLDER / FACES[random.integers(len(FACES))], size_px)
    ImageDraw.Draw(mask).text(place, text, 255, font=face)
    return np.asarray(mask) / 255


def _reduced(large: Pixels) -> Numbers:
    size = (large.shape[1] // FINER, large.shape[0] // FINER)
    return np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA)) / 255


def _canvas(sheet: Sheet) -> Pixels:
    height, width = sheet.levels.shape[:2]
    return np.zeros((height * FINER, width * FINER), np.uint8)


def _stroke(sheet: Sheet, points: Numbers, thickness: float) -> Numbers:
    large = _canvas(sheet)
    course = np.rint(points * FINER).astype(np.int32)
    cv2.polylines(large, [course], False, 255, round(thickness * FINER))
    return _reduced(large)


def _course(sheet: Sheet, ink: Numbers, number: int, count: int, random: Random) -> Numbers:
    height, width = sheet.levels.shape[:2]
    x = np.linspace(44, width - 14, int(random.integers(4, 40)))
    steps = np.cumsum(random.normal(0, height / 20, len(x))) + random.uniform(0.2, 0.8) * height
    points = np.column_stack([x, steps.clip(12, height - 34)])
    return _stroke(sheet, points, random.uniform(2, 4.5))


def _bar(sheet: Sheet, ink: Numbers, number: int, count: int, random: Random) -> Numbers:
    height, width = sheet.levels.shape[:2]
    mask, group = np.zeros((height, width)), (width - 60) / 4
    for left in 48 + group * np.arange(4) + number * group / (count + 1):
        top = int(random.uniform(0.1, 0.8) * height)
        mask[top : height - 31, int(left) : int(left + group / (count + 1))] = 1
    return mask


def _sector(sheet: Sheet, ink: Numbers, number: int, count: int, random: Random) -> Numbers:
    height, width = sheet.levels.shape[:2]
    large = _canvas(sheet)
    centre, radius = (width * FINER // 2, height * FINER // 2), min(width, height) * FINER // 3
    turn = 360 / count
    cv2.ellipse(
        large, centre, (radius, radius), 0, number * turn, (number + 1) * turn, 255, cv2.FILLED
    )
    return _reduced(large)


def _blob(sheet: Sheet, radius: float, random: Random) -> Numbers:
    """A disc or a turned polygon."""
    height, width = sheet.levels.shape[:2]
    large = _canvas(sheet)
    margin = min(radius, width / 2 - 1, height / 2 - 1)
    centre = random.uniform((margin, margin), (width - margin, height - margin)) * FINER
    corners = int(random.choice([3, 4, 5, 60]))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + random.uniform(0, 2 * np.pi)
    around = np.column_stack([np.cos(angles), np.sin(angles)]) * radius * FINER
    cv2.fillPoly(large, [np.rint(centre + around).astype(np.int32)], 255)
    return _reduced(large)
