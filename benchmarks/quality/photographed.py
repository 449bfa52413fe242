"""Photographs whose object is known: outlined by hand, or pasted onto a photographed ground.

`photographed.json` holds the outlines: a photograph's name and its objects' vertices, several
where the picture is of several things.
"""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.pairs import Random, as_pixels, jpeg, photographs
from benchmarks.quality.things import STAMPS
from engines.core.shapes import Box, Mask, Pixels

WIDTH, HEIGHT = 640, 480
GROUNDS = {
    "brick": Box(0, 0, 512, 512),
    "camera": Box(350, 0, 512, 512),
    "china": Box(362, 0, 640, 427),
    "coffee": Box(482, 0, 600, 400),
    "flower": Box(455, 0, 640, 427),
    "grass": Box(0, 0, 512, 512),
    "gravel": Box(0, 0, 512, 512),
    "hubble_deep_field": Box(0, 0, 1000, 872),
    "ihc": Box(0, 0, 512, 512),
    "moon": Box(0, 0, 512, 512),
    "motorcycle_left": Box(581, 0, 741, 500),
    "rocket": Box(0, 0, 300, 427),
}
"""Parts of photographs that show no one thing."""
CUT = ("astronaut", "camera", "chelsea", "china", "coffee", "coins", "flower", "motorcycle_left")
STAMPED = (
    *("animals/birds/albino_peahen", "animals/birds/helmeted_guineafowl"),
    *("animals/mammals/aquatic/otter", "animals/mammals/bears/european-bear"),
    *("animals/mammals/bovines/gnu-baby", "animals/mammals/cats/lion-2"),
    *("animals/mammals/cats/tiger_sumatran", "animals/mammals/rodents/capybara"),
    *("food/fruit/Apricot_whole", "food/fruit/Strawberry2", "food/spices/ginger"),
    *("hobbies/music/percussion/drum_tomtom_floor", "household/tools/cementmixer"),
    *("people/fireman200b", "plants/flowers/anemone_red", "seasonal/christmas/Mince_Pie"),
    *("seasonal/christmas/Christmas_pudding", "seasonal/christmas/Roast_turkey"),
    *("vehicles/construction/dumper", "vehicles/emergency/firetruck"),
    *("vehicles/flight/balloon360", "vehicles/garbagetruck"),
    *("vehicles/masstransit/green_korean_bus", "vehicles/wheel_tractor"),
)
"""Photographed things of Debian's tuxpaint-stamps-default, of 150 px and more."""

Levels = NDArray[np.float64]


class Photograph(NamedTuple):
    """A picture, where its objects are, and how many."""

    image: Pixels
    mask: Mask
    objects: int = 1


def outlined() -> list[Photograph]:
    """Those outlined by hand; the mask is what lies within the outlines."""
    return [
        Photograph(photographs()[name], _filled(photographs()[name], outlines), len(outlines))
        for name, outlines in _outlines().items()
    ]


def cut_out(random: Random) -> Photograph:
    """An object cut out of a photograph on the ground of another."""
    name = str(random.choice(CUT))
    outlines = _outlines()[name]
    image = photographs()[name]
    mask = _filled(image, [outlines[random.integers(len(outlines))]])
    soft = cv2.GaussianBlur(mask.astype(np.float64), (0, 0), 0.7)
    return _pasted(image, np.asarray(soft, np.float64), random)


def stamped(random: Random) -> Photograph:
    """A thing of `STAMPED` on the ground of a photograph."""
    path = STAMPS / f"{random.choice(STAMPED)}.png"
    stamp = as_pixels(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    return _pasted(stamp[..., :3], stamp[..., 3] / 255, random)


@cache
def _outlines() -> dict[str, list[list[list[int]]]]:
    text = (Path(__file__).parent / "photographed.json").read_text()
    return {str(name): outlines for name, outlines in json.loads(text).items()}


def _filled(image: Pixels, outlines: list[list[list[int]]]) -> Mask:
    mask = np.zeros(image.shape[:2], np.uint8)
    for outline in outlines:
        cv2.fillPoly(mask, [np.array(outline, np.int32)], 1)
    return mask > 0


def _pasted(image: Pixels, cover: Levels, random: Random) -> Photograph:
    """The object scaled by chance and perhaps mirrored on a ground, then saved as JPEG."""
    matrix = _placing(cover, random)
    size = (WIDTH, HEIGHT)
    over = np.asarray(cv2.warpAffine(cover, matrix, size), np.float64)[..., np.newaxis]
    placed = cv2.warpAffine(image, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    blended = _ground(random) * (1 - over) + placed * over
    picture = as_pixels(blended.clip(0, 255).round())
    return Photograph(jpeg(picture, 90), over[..., 0] >= 0.5)


def _placing(cover: Levels, random: Random) -> Levels:
    """To 0.4 to 0.85 of the height or width, wholly within the picture."""
    left, top, width, height = cv2.boundingRect((cover >= 0.5).astype(np.uint8))
    scale = random.uniform(0.4, 0.85) * min(HEIGHT / height, WIDTH / width)
    room = np.array([WIDTH - scale * width, HEIGHT - scale * height])
    corner = random.uniform(0.02, 0.98, 2) * room
    to = corner - scale * np.array([left, top])
    matrix = np.array([[scale, 0, to[0]], [0, scale, to[1]]])
    if random.random() < 0.5:
        matrix[0] = WIDTH * np.eye(3)[2] - matrix[0]
    return matrix


def _ground(random: Random) -> Pixels:
    """Most of a photograph's part, perhaps mirrored and out of focus."""
    name = str(random.choice(list(GROUNDS)))
    left, top, right, bottom = GROUNDS[name]
    part = photographs()[name][top:bottom, left:right]
    height, width = part.shape[:2]
    high, wide = (int(side * random.uniform(0.6, 1)) for side in (height, width))
    y, x = random.integers(height - high + 1), random.integers(width - wide + 1)
    crop = part[y : y + high, x : x + wide][:, :: random.choice([-1, 1])]
    ground = cv2.resize(crop, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return as_pixels(cv2.GaussianBlur(ground, (0, 0), random.uniform(0.3, 3)))
