"""Figures of `templateMatch`: templates at known places, absent and plain; beside OpenCV alone."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pairs import Random, as_pixels, jpeg, lit, noisy, photograph
from benchmarks.quality.row import Row, cpu_time
from benchmarks.quality.tally import Tally
from engines.core.shapes import Pixels
from engines.template_match import Params, template_match
from engines.vision.scaling import size_of

SEED = 2026
PICTURES = 300
DRAWINGS = 150
LEAST_CONTRAST = 10
"""Of a template cut from a photograph, as a standard deviation in grey levels."""
NEAR_PX = 1

Places: TypeAlias = Sequence[tuple[int, int]]
Find: TypeAlias = Callable[[Pixels, Pixels], Places]


class Scene(NamedTuple):
    """A picture, a template, and the upper left corner of each place where it is."""

    image: Pixels
    template: Pixels
    places: Places


def rows(count: int = PICTURES, drawings: int = DRAWINGS, seed: int = SEED) -> list[Row]:
    """The table, on so many photographs and drawings of a kind."""
    found = [
        *_placed("photographs", _Scenes(_cut, count, seed)),
        *_absent("photographs", _Scenes(_foreign, count, seed)),
        *_several("plain patches", _Scenes(_patches, drawings, seed)),
    ]
    for kind in KINDS:
        without, alone, several = (
            _Scenes(partial(_drawing, kind, most), drawings, seed) for most in (0, 1, 8)
        )
        found += [*_placed(kind, alone), *_several(kind, several), *_absent(kind, without)]
    return [*found, _time(seed)]


@dataclass(frozen=True, slots=True)
class _Scenes:
    """So many scenes of a kind, made anew each time."""

    make: Callable[[Random], Scene]
    count: int
    seed: int

    def made(self) -> Iterator[Scene]:
        """Each has a random generator of its own, so that what one draws does not move the next."""
        seeds = np.random.SeedSequence(self.seed).spawn(self.count)
        return (self.make(np.random.default_rng(one)) for one in seeds)


def _ours(image: Pixels, template: Pixels, *, grayscale: bool = True) -> Places:
    params = Params(max_results=1000, grayscale=grayscale)
    found = template_match(image, template, params=params).matches
    return [(one.box.left, one.box.top) for one in found]


def _in_colour(image: Pixels, template: Pixels) -> Places:
    return _ours(image, template, grayscale=False)


def _opencv(image: Pixels, template: Pixels) -> Places:
    """What most do: every pixel of the response from 0.8 on, the best first."""
    response = _response(image, template)
    y, x = np.nonzero(response >= 0.8)
    order = np.argsort(-response[y, x], kind="stable")
    return list(zip(x[order].tolist(), y[order].tolist(), strict=True))


def _opencv_best(image: Pixels, template: Pixels) -> Places:
    """The one best pixel, whatever its score."""
    _, _, _, (x, y) = cv2.minMaxLoc(_response(image, template))
    return [(x, y)]


def _response(image: Pixels, template: Pixels) -> NDArray[np.float32]:
    grey, part = (cv2.cvtColor(one, cv2.COLOR_BGR2GRAY) for one in (image, template))
    return np.asarray(cv2.matchTemplate(grey, part, cv2.TM_CCOEFF_NORMED), np.float32)


def _is_near(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) <= NEAR_PX


def _placed(kind: str, scenes: _Scenes) -> list[Row]:
    """How often the best place is the true one."""
    ways: dict[str, tuple[Find, float]] = {
        "": (_ours, 0.99),
        ", in colour": (_in_colour, 0),
        ", OpenCV's maximum": (_opencv_best, 0),
    }
    made = []
    for name, (find, target) in ways.items():
        hits = []
        for image, template, places in scenes.made():
            found = find(image, template)
            hits.append(bool(found) and _is_near(found[0], places[0]))
        share = float(np.mean(hits))
        case = f"{kind}, noise, JPEG 50, other light: within 1 px{name}"
        made.append(_row(case, f"{share:.1%}", share, target, len(hits), scenes.seed))
    return made


def _several(kind: str, scenes: _Scenes) -> list[Row]:
    made = []
    for name, find, target in (("", _ours, 0.95), (", OpenCV's pixels", _opencv, 0)):
        tally = _tally(scenes, find)
        least = min(tally.recall, tally.precision)
        made.append(
            _row(f"{kind}, copies{name}", str(tally), least, target, tally.true, scenes.seed)
        )
    return made


def _tally(scenes: _Scenes, find: Find) -> Tally:
    """A place that is found twice is right once."""
    right = found = true = 0
    for image, template, places in scenes.made():
        ours = find(image, template)
        right += sum(any(_is_near(one, place) for one in ours) for place in places)
        found, true = found + len(ours), true + len(places)
    return Tally(right, found, true)


def _absent(kind: str, scenes: _Scenes) -> list[Row]:
    made = []
    for name, find, target in (("", _ours, 0.99), (", OpenCV", _opencv, 0)):
        share = float(np.mean([not find(one.image, one.template) for one in scenes.made()]))
        case = f"{kind}, template absent: nothing found at 0.8{name}"
        made.append(_row(case, f"{share:.1%}", share, target, scenes.count, scenes.seed))
    return made


def _row(case: str, figure: str, share: float, target: float, n: int, seed: int) -> Row:
    return Row(case, figure, f">= {target}" if target else "none set", share >= target, n, seed)


def _time(seed: int) -> Row:
    random = np.random.default_rng(seed)
    image = as_pixels(random.integers(0, 256, (3000, 4000, 3)))
    template = image[100:164, 100:164]
    return cpu_time(lambda: _ours(image, template), at_most_ms=2000, seed=seed)


def _degraded(image: Pixels, random: Random) -> Pixels:
    image = lit(image, random.uniform(0.8, 1.2))
    return jpeg(noisy(image, random.uniform(0, 6), random), 50)


def _template(image: Pixels, random: Random) -> tuple[Pixels, tuple[int, int]]:
    """A part of 16 to 96 px a side that shows something, and its place."""
    width, height = size_of(image)
    while True:
        wide, high = random.integers(16, 97, 2)
        x, y = int(random.integers(width - wide + 1)), int(random.integers(height - high + 1))
        part = image[y : y + high, x : x + wide]
        if cv2.cvtColor(part, cv2.COLOR_BGR2GRAY).std() >= LEAST_CONTRAST:
            return part.copy(), (x, y)


def _cut(random: Random) -> Scene:
    _, image = photograph(random)
    template, place = _template(image, random)
    return Scene(_degraded(image, random), template, [place])


def _foreign(random: Random) -> Scene:
    """A part of another photograph."""
    name, image = photograph(random)
    _, other = photograph(random, besides=name)
    template, _ = _template(other, random)
    return Scene(_degraded(image, random), template, [])


def _patches(random: Random) -> Scene:
    """Plain patches of five levels on something rough, and the template one of them."""
    wide, high = (int(side) for side in random.integers(12, 60, 2))
    image = as_pixels(random.normal(128, 40, (240, 360, 1)).clip(0, 255).repeat(3, axis=2))
    levels = random.permutation(np.arange(15, 256, 30))[:5]
    corners = [(x, y) for x in (0, 120, 240) for y in (0, 120)]
    places = [(x + int(random.integers(60)), y + int(random.integers(60))) for x, y in corners]
    for level, (x, y) in zip(levels, places, strict=False):
        image[y : y + high, x : x + wide] = level
    template = np.full((high, wide, 3), levels[0], np.uint8)
    return Scene(noisy(image, 2, random), template, places[:1])


KINDS = ("icons", "words", "buttons", "board parts")
GAP_PX = 2
READABLE = 60
"""Difference of letters and ground, grey levels."""


def _drawing(kind: str, most_copies: int, random: Random) -> Scene:
    """A plain screen or board with copies, one at least if any, among others of the kind."""
    width, height = int(random.integers(480, 1000)), int(random.integers(360, 700))
    darkest, lightest = (20, 90) if kind == "board parts" else (150, 256)
    ground = random.integers(darkest, lightest, 3)
    image = np.ones((height, width, 1)) * ground
    thing, *others = (_thing(kind, ground, random) for _ in range(6))
    wanted = [thing] * int(random.integers(min(1, most_copies), most_copies + 1))
    wanted += [others[random.integers(len(others))] for _ in range(random.integers(4, 13))]
    places, taken = [], np.zeros((height, width), np.bool_)
    for one in wanted:
        place = _free(size_of(one), taken, random)
        if place is None:
            continue
        x, y = place
        image[y : y + one.shape[0], x : x + one.shape[1]] = one
        if one is thing:
            places.append(place)
    return Scene(_degraded(as_pixels(image), random), thing, places)


def _free(
    size: tuple[int, int], taken: NDArray[np.bool_], random: Random
) -> tuple[int, int] | None:
    """A place that nothing is on, or None where none was met."""
    width, height = size
    for _ in range(100):
        x = int(random.integers(taken.shape[1] - width + 1))
        y = int(random.integers(taken.shape[0] - height + 1))
        around = (
            slice(max(0, y - GAP_PX), y + height + GAP_PX),
            slice(max(0, x - GAP_PX), x + width + GAP_PX),
        )
        if not taken[around].any():
            taken[y : y + height, x : x + width] = True
            return x, y
    return None


def _thing(kind: str, ground: NDArray[np.integer], random: Random) -> Pixels:
    """What is drawn on a tile of the ground."""
    if kind == "icons":
        return _icon(ground, random)
    if kind == "words":
        return _word(ground, _ink(ground, random), random, margin=3)
    if kind == "buttons":
        fill = random.integers(60, 240, 3)
        margin = int(random.integers(6, 20))
        return _word(fill, _ink(fill, random), random, margin=margin)
    return _part(ground, random)


def _colour(random: Random) -> tuple[int, ...]:
    return tuple(int(level) for level in random.integers(0, 256, 3))


def _ink(ground: NDArray[np.integer], random: Random) -> tuple[int, ...]:
    """A colour that can be read on the ground."""
    while True:
        colour = _colour(random)
        if abs(float(np.mean(colour)) - float(ground.mean())) > READABLE:
            return colour


def _icon(ground: NDArray[np.integer], random: Random) -> Pixels:
    side = int(random.integers(16, 65))
    tile = as_pixels(np.ones((side, side, 1)) * ground)
    for _ in range(random.integers(2, 6)):
        points = random.integers(1, side - 1, (int(random.integers(3, 6)), 2)).astype(np.int32)
        cv2.fillPoly(tile, [points], _colour(random), cv2.LINE_AA)
        middle = (int(random.integers(side)), int(random.integers(side)))
        cv2.circle(tile, middle, int(random.integers(2, side // 4)), _colour(random), -1)
    return tile


def _word(
    ground: NDArray[np.integer], ink: tuple[int, ...], random: Random, *, margin: int
) -> Pixels:
    letters = random.choice([*"abcdefghijklmnopqrstuvwxyzABCDEFGHKLMNPRSTUVXYZ0123456789"], 8)
    text = "".join(letters[: random.integers(3, 9)])
    scale = random.uniform(0.5, 1.1)
    (width, height), below = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    tile = np.ones((height + below + 2 * margin, width + 2 * margin, 1)) * ground
    corner = (margin, margin + height)
    levels = as_pixels(tile)
    cv2.putText(levels, text, corner, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, 2, cv2.LINE_AA)
    return levels


def _part(ground: NDArray[np.integer], random: Random) -> Pixels:
    """A chip with pins on two sides and a dot, on the board's lacquer."""
    width, height = (int(side) for side in random.integers(24, 80, 2))
    tile = as_pixels(np.ones((height, width, 1)) * ground)
    pitch = int(random.integers(5, 12))
    for x in range(4, width - 4, pitch):
        cv2.rectangle(tile, (x, 1), (x + 2, height - 2), (190, 200, 205), -1)
    body = tuple(int(level) for level in random.integers(15, 70, 3))
    cv2.rectangle(tile, (2, 5), (width - 3, height - 6), body, -1)
    spot = (int(random.integers(6, width - 6)), int(random.integers(9, height - 8)))
    cv2.circle(tile, spot, int(random.integers(2, 5)), (200, 200, 200), -1, cv2.LINE_AA)
    return tile
