"""The pixels of a picture that its palette is made of, and what is near them."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.vision.morphology import square

Flags = NDArray[np.bool_]
Integers = NDArray[np.intp]

QUIET = 2  # Grey levels; the range of a flat colour's neighbourhood, after JPEG too.
_SAMPLES = 1 << 16  # Pixels looked at.
_DRAWN = 0.25  # The flat share of what is taken as drawn.
_CELLS = 64  # Cells along the longer side, for what lies beside what.
_LEAST_CELL_PX = 8
_REACH_PX = 2  # How far from a pixel its neighbourhood reaches.


class Look(NamedTuple):
    """Some pixels, the least and greatest values near them, and the cells in which they lie.

    `spread` is the range of values near each, in the channel that has the widest.
    """

    pixels: Pixels
    low: Pixels
    high: Pixels
    spread: Pixels
    rows: Integers
    columns: Integers

    def at(self, flags: Flags) -> "Look":
        low, high, spread = self.low[flags], self.high[flags], self.spread[flags]
        rows, columns = self.rows[flags], self.columns[flags]
        return Look(self.pixels[flags], low, high, spread, rows, columns)

    def is_drawn(self) -> bool:
        return bool((self.spread <= QUIET).mean() >= _DRAWN)

    def is_rippled(self) -> bool:
        """Whether JPEG or noise moves what would be flat: by little beside the edges near it."""
        edges = np.zeros((self.rows.max() + 1, self.columns.max() + 1), np.uint8)
        np.maximum.at(edges, (self.rows, self.columns), self.spread)
        edge = cv2.dilate(edges, square(1))[self.rows, self.columns]
        is_moved = self.spread > 0
        return bool((is_moved & (self.spread <= 0.15 * edge)).sum() > 0.13 * is_moved.sum())

    def is_unmixed(self, reach: float) -> Flags:
        """Which pixels are extremes near them, and so no blend of colours on both sides."""
        low, high, pixels = (part.astype(np.float32) for part in (self.low, self.high, self.pixels))
        half = (high - low) / 2
        away = np.linalg.norm(pixels - low - half, axis=1)
        is_unmixed: Flags = away >= reach * np.linalg.norm(half, axis=1) - QUIET
        return is_unmixed

    def sharpened(self) -> Pixels:
        """The nearer of the two extremes (Kramer and Bruckner's toggle filter).

        So the pixels of a blurred edge count for the colours on both sides.
        """
        is_low = self.pixels - self.low <= self.high - self.pixels
        return np.where(is_low, self.low, self.high)


def places_of(image: Pixels) -> Integers:
    """Indices of the pixels to look at: all, or spread evenly without a period (R2 sequence)."""
    height, width = image.shape[:2]
    if height * width <= _SAMPLES:
        return np.arange(height * width)
    steps = np.arange(_SAMPLES)
    x = (steps * 3242174889 & 0xFFFFFFFF) * width >> 32
    y = (steps * 2447445414 & 0xFFFFFFFF) * height >> 32
    places: Integers = y * width + x
    return places


def taken(image: Pixels, places: Integers) -> Pixels:
    # Without a check of each place, for that takes most of the time.
    return image.reshape(-1, 3).take(places, axis=0, mode="clip")


def may_be_drawn(image: Pixels, places: Integers) -> bool:
    """Whether enough pixels are like four around them; a photograph's look costs more than this."""
    some = places[:: 1 + len(places) // 16384]
    steps = [
        y * image.shape[1] + x for y in (-_REACH_PX, _REACH_PX) for x in (-_REACH_PX, _REACH_PX)
    ]
    low = high = taken(image, some)
    for step in steps:
        beside = taken(image, some + step)
        low, high = np.minimum(low, beside), np.maximum(high, beside)
    return bool((_widest(high - low) <= QUIET).mean() >= _DRAWN)


def look_at(image: Pixels, places: Integers) -> Look:
    height, width = image.shape[:2]
    window = square(_REACH_PX)
    low: Any = cv2.erode(image, window)
    high: Any = cv2.dilate(image, window)
    cell_px = max(_LEAST_CELL_PX, max(height, width) // _CELLS)
    rows, columns = places // width // cell_px, places % width // cell_px
    pixels, low, high = (taken(one, places) for one in (image, low, high))
    return Look(pixels, low, high, _widest(high - low), rows, columns)


def _widest(ranges: Pixels) -> Pixels:
    blue, green, red = np.ascontiguousarray(ranges.T)
    return np.asarray(np.maximum(np.maximum(blue, green), red), np.uint8)
