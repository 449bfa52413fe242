"""Photographs of things whose names and places are known."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from benchmarks.quality.pairs import photographs
from engines.core.shapes import Box, Mask, Pixels

STAMPS = Path("/usr/share/tuxpaint/stamps")
NO_STAMPS = "not measured: apt-get install tuxpaint-stamps-default"
BACKDROPS = ("grass", "gravel", "brick")


class Thing(NamedTuple):
    """What is to be found, where, and its pixels if they are known."""

    name: str
    box: Box
    body: Mask | None = None


PHOTOGRAPHS: dict[str, tuple[Thing, ...]] = {
    "chelsea": (Thing("Cat", Box(0, 3, 451, 300)),),
    "coffee": (Thing("Cup", Box(170, 15, 415, 267)),),
    "astronaut": (Thing("Person", Box(8, 5, 372, 512)),),
    "camera": (Thing("Person", Box(60, 62, 292, 512)),),
    "motorcycle_left": (Thing("Motorcycle", Box(112, 55, 680, 448)),),
    "rocket": (),
    "hubble_deep_field": (),
    "china": (),
    "flower": (),
}
"""Boxes as seen by eye, rounded; empty where no class of COCO is to be seen."""

CUTOUTS = {
    "Person": ("people/fireman240a.png", "people/fireman200b.png"),
    "Car": ("vehicles/auto/beetle.png", "vehicles/auto/sedan.png", "vehicles/auto/sportscar2.png"),
    "Bus": ("vehicles/masstransit/green_korean_bus.png",),
    "Cup": ("household/dishes/mug.png",),
}
"""Photographed things with a transparent surround, of Debian's tuxpaint-stamps-default."""

WHOLE = {"Cat": "chelsea", "Cup": "coffee"}
"""Photographs that are pasted as they are."""


def composite(
    name: str,
    random: np.random.Generator,
    size: tuple[int, int] = (640, 480),
    length: tuple[int, int] = (240, 401),
) -> tuple[Pixels, Thing]:
    """A thing on grass, gravel or bricks, so long, px; the second is beyond."""
    backdrop = photographs()[str(random.choice(BACKDROPS))]
    picture = np.asarray(cv2.resize(backdrop, size), np.uint8).copy()
    stamp, box = _stamp(name, random)
    scale = min(
        random.integers(*length) / max(stamp.shape[:2]),
        size[0] / stamp.shape[1],
        size[1] / stamp.shape[0],
    )
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    stamp = np.asarray(cv2.resize(stamp, None, fx=scale, fy=scale, interpolation=way), np.uint8)
    height, width = stamp.shape[:2]
    left = int(random.integers(size[0] - width + 1))
    top = int(random.integers(size[1] - height + 1))
    part = picture[top : top + height, left : left + width]
    alpha = stamp[..., 3:] / 255
    part[:] = np.round(stamp[..., :3] * alpha + part * (1 - alpha))
    sides = np.round(np.array(box) * scale + (left, top, left, top)).astype(int).tolist()
    body = np.zeros((size[1], size[0]), np.bool_)
    body[top : top + height, left : left + width] = stamp[..., 3] > 127
    return picture, Thing(name, Box(*sides), body)


def _stamp(name: str, random: np.random.Generator) -> tuple[Pixels, Box]:
    """BGRA, and where the thing is in it."""
    choices = (*CUTOUTS.get(name, ()), *([""] if name in WHOLE else []))
    chosen = choices[int(random.integers(len(choices)))]
    if not chosen:
        whole = cv2.cvtColor(photographs()[WHOLE[name]], cv2.COLOR_BGR2BGRA)
        return np.asarray(whole, np.uint8), PHOTOGRAPHS[WHOLE[name]][0].box
    stamp = np.asarray(cv2.imread(str(STAMPS / chosen), cv2.IMREAD_UNCHANGED), np.uint8)
    left, top, width, height = cv2.boundingRect((stamp[..., 3] > 127).astype(np.uint8))
    return stamp, Box(left, top, left + width, top + height)
