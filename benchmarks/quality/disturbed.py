"""Drawn objects on their grounds, disturbed: with a soft shadow, a frame, a scan edge, or bars."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.quality.inks import apart
from benchmarks.quality.pairs import Random, as_pixels, jpeg, noisy
from engines.core.shapes import Mask, Pixels

Levels = NDArray[np.float64]
APART = 25.0
"""ΔE2000 between an object and its ground."""
FINER = 4


class Disturbed(NamedTuple):
    """A picture, and where its object is."""

    image: Pixels
    mask: Mask


def disturbed(kind: str, random: Random) -> Disturbed:
    """An object on a plain or sloping ground, with one disturbance; half of them as JPEG."""
    width, height = (int(side) for side in random.integers(260, 900, 2))
    ground = _ground(width, height, random)
    ink = random.uniform(0, 255, 3)
    while apart(ink[::-1], ground.mean(axis=(0, 1))[::-1]) < APART:
        ink = random.uniform(0, 255, 3)
    cover = _cover(width, height, random)[..., np.newaxis]
    if kind == "shadow":
        ground = ground * _shade(cover, random)
    picture = ground * (1 - cover) + ink * cover
    if kind != "shadow":
        picture, cover = OVERLAYS[kind](picture, cover, random)
    image = noisy(as_pixels(picture.clip(0, 255)), random.uniform(0, 2), random)
    mask = cover[..., 0] >= 0.5
    return Disturbed(jpeg(image, 90) if random.random() < 0.5 else image, mask)


def _ground(width: int, height: int, random: Random) -> Levels:
    colour = random.uniform(60, 255, 3) if random.random() < 0.6 else np.full(3, 255.0)
    slope = random.choice([0, 1]) * random.uniform(-30, 30)
    levels = colour + np.linspace(0, slope, width)[:, np.newaxis]
    return np.tile(levels.clip(0, 255), (height, 1, 1))


def _cover(width: int, height: int, random: Random) -> Levels:
    """A disc or polygon, perhaps dented, away from the picture's border."""
    radius = random.uniform(0.15, 0.3) * min(width, height)
    margin = radius * 1.25
    centre = random.uniform((margin, margin), (width - margin, height - margin))
    corners = int(random.choice([3, 4, 5, 7, 60]))
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False) + random.uniform(0, 2 * np.pi)
    reach = radius * random.uniform(0.7, 1.15, corners) if 4 < corners < 60 else radius
    around = np.column_stack([np.cos(angles), np.sin(angles)]) * np.reshape(reach, (-1, 1))
    large = np.zeros((height * FINER, width * FINER), np.uint8)
    cv2.fillPoly(large, [np.rint((centre + around) * FINER).astype(np.int32)], 255)
    small = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small / 255, (0, 0), random.uniform(0.3, 0.9)), np.float64)


def _shade(cover: Levels, random: Random) -> Levels:
    """What light is left beside the object."""
    height, width = cover.shape[:2]
    side = min(width, height)
    move = np.array([[1, 0, 0], [0, 1, 0]], np.float64)
    move[:, 2] = random.uniform(0.02, 0.06, 2) * side * random.choice([-1, 1], 2)
    moved = cv2.warpAffine(cover[..., 0], move, (width, height))
    soft = cv2.GaussianBlur(moved, (0, 0), random.uniform(0.02, 0.05) * side)
    return 1 - random.uniform(0.2, 0.5) * np.asarray(soft, np.float64)[..., np.newaxis]


def _framed(picture: Levels, cover: Levels, random: Random) -> tuple[Levels, Levels]:
    """A line along the border, or some pixels within it."""
    height, width = picture.shape[:2]
    inset = int(random.integers(0, 2) * random.integers(1, 12))
    corner = (width - 1 - inset, height - 1 - inset)
    ink = _contrasting(picture, random)
    thickness = int(random.integers(1, 9))
    for step in range(thickness):
        first, last = (inset + step, inset + step), (corner[0] - step, corner[1] - step)
        cv2.rectangle(picture, first, last, ink.tolist(), 1)
    return picture, cover


def _scanned(picture: Levels, cover: Levels, random: Random) -> tuple[Levels, Levels]:
    """Dark strips where the sheet ends, on one or two sides, a little askew."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float64)
    depth, lean = random.uniform(2, 0.04 * width), random.uniform(-0.01, 0.01)
    is_off = x < depth + lean * y
    if random.random() < 0.5:
        is_off |= y > height - random.uniform(2, 0.04 * height) + lean * x
    picture[is_off] = random.uniform(0, 40)
    return picture, cover


def _barred(picture: Levels, cover: Levels, random: Random) -> tuple[Levels, Levels]:
    """Bars above and below, or on both sides."""
    height, width = picture.shape[:2]
    depth = int(random.uniform(0.04, 0.2) * height)
    ink = _contrasting(picture, random)
    bars = ((depth, depth), (0, 0)) if random.random() < 0.6 else ((0, 0), (depth, depth))
    cover = np.pad(cover, (*bars, (0, 0)))
    inside = np.pad(np.ones((height, width, 1)), (*bars, (0, 0)))
    return np.pad(picture, (*bars, (0, 0))) + (1 - inside) * ink, cover


def _contrasting(picture: Levels, random: Random) -> Levels:
    ink = np.full(3, random.choice([0.0, 0.0, 255.0, 128.0]))
    while apart(ink[::-1], picture[0, 0, ::-1]) < APART:
        ink = random.uniform(0, 255, 3)
    return ink


OVERLAYS: dict[str, Callable[[Levels, Levels, Random], tuple[Levels, Levels]]] = {
    "frame": _framed,
    "scan edge": _scanned,
    "bars": _barred,
}
KINDS = ("shadow", *OVERLAYS)
