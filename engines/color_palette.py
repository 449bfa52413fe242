"""Colour palette: the colours that a picture consists of, and their shares."""

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Image, Info, Parameters, Pixels
from engines.vision.morphology import square

Flags = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.intp]

_SAMPLES = 1 << 16  # Pixels looked at.
_CODES = 1 << 16  # Colours of five, six and five bits.
_NEAR = 1.0  # ΔE76 that nobody sees; colours nearer than that are one.
_NEAR_FLAT = 5.0  # The same where JPEG may have split one flat colour.
_QUIET = 2  # Grey levels; the range of a flat colour's neighbourhood, after JPEG too.
_SPARE = 8  # Colours found above those asked for, then given up again.
_BLOCK = 17  # A JPEG's ringing stays within 16 px of an edge.


class Params(Parameters):
    """How many colours."""

    count: int = Field(8, ge=1, le=32, description="Colours at most.")


Level = Annotated[int, Field(ge=0, le=255)]


class Color(NamedTuple):
    """A colour in sRGB, and how much of the picture it takes up."""

    red: Level
    green: Level
    blue: Level
    percent: Annotated[int, Field(ge=1, le=100)]


class Result(EngineResult[Info]):
    """The palette."""

    colors: list[Color] = Field(
        min_length=1,
        max_length=32,
        description="Most frequent first; of equal percentages that with less red, then green, "
        "then blue. The percentages add up to 100.",
    )


class Look(NamedTuple):
    """Some pixels of a picture: where they lie, and the least and greatest values near them."""

    places: Integers
    pixels: Pixels
    low: Pixels
    high: Pixels

    def is_quiet(self) -> Flags:
        """Which pixels have neighbours of their own colour only."""
        spread = (self.high - self.low)[np.newaxis]
        return cv2.inRange(spread, (0,) * 3, (_QUIET,) * 3).ravel() > 0

    def sharpened(self) -> Pixels:
        """The nearer of the two extremes (Kramer and Bruckner's toggle filter).

        So the pixels of a blurred edge count for the colours on both sides.
        """
        is_low = self.pixels - self.low <= self.high - self.pixels
        return np.where(is_low, self.low, self.high)


class Histogram(NamedTuple):
    """Colours in CIELAB, how often each occurs, and which of them each pixel looked at has."""

    colors: Floats
    weights: Floats
    position: Integers


@engine(version="1.0.0")
def color_palette(image: Image, *, params: Params) -> Result:
    """Find the colours that leave the least distance in CIELAB.

    Some more than asked for are found first, then those given up that cost least or lie near
    another; in a picture of flat colours also those that only its edges have.
    A colour is the geometric median of its pixels, which a blurred rim does not move.

    Args:
        image: uint8 (H, W, 3), BGR.

    Returns:
        colours in sRGB with their shares in whole percent; none of 0.

    Source:
        Own: k-medians on a histogram, after Celebi, Improving the performance of k-means for
        color quantization, Image and Vision Computing 29, 2011.
    """
    look = _look(image)
    seen = counted = _histogram(look.pixels)
    near = _NEAR
    is_flat = look.is_quiet().mean() >= 0.25
    if is_flat:
        counted, near = _histogram(look.sharpened()), _NEAR_FLAT
    centres = _refine(_seeds(counted, params.count + _SPARE), counted, rounds=8)
    if is_flat:
        centres = centres[~_only_at_edges(centres, counted, look, image)]
    centres = _reduce(centres, counted, params.count, near)
    centres = _reduce(_refine(centres, seen, rounds=12), seen, params.count, near)
    colors = _rated(_refine(centres, seen, rounds=12), counted)
    details = Details[Info](message=f"Found {len(colors)} colors", info=Info())
    return Result(colors=colors, details=details)


def _look(image: Pixels) -> Look:
    places = _places(image)
    pictures: tuple[Any, ...] = (image, cv2.erode(image, square(2)), cv2.dilate(image, square(2)))
    return Look(places, *(picture.reshape(-1, 3)[places] for picture in pictures))


def _places(image: Pixels) -> Integers:
    """Indices of the pixels to look at: all, or spread evenly without a period (R2 sequence)."""
    height, width = image.shape[:2]
    if height * width <= _SAMPLES:
        return np.arange(height * width)
    steps = np.arange(_SAMPLES)
    x = (steps * 3242174889 & 0xFFFFFFFF) * width >> 32
    y = (steps * 2447445414 & 0xFFFFFFFF) * height >> 32
    places: Integers = y * width + x
    return places


def _histogram(pixels: Pixels) -> Histogram:
    codes = _codes(pixels[np.newaxis]).ravel().astype(np.intp)
    counts = np.bincount(codes, minlength=_CODES)
    used = np.flatnonzero(counts)
    sums = [np.bincount(codes, pixels[:, channel], _CODES)[used] for channel in range(3)]
    means = np.stack(sums, axis=1) / counts[used, np.newaxis]
    position = np.zeros(_CODES, np.intp)
    position[used] = np.arange(len(used))
    return Histogram(_to_lab(means), counts[used].astype(np.float64), position[codes])


def _codes(image: Pixels) -> NDArray[np.uint16]:
    return cv2.cvtColor(image, cv2.COLOR_BGR2BGR565).view(np.uint16).reshape(image.shape[:2])


def _to_lab(bgr: Floats) -> Floats:
    unit = (bgr / 255).astype(np.float32)[np.newaxis]
    lab: Floats = cv2.cvtColor(unit, cv2.COLOR_BGR2LAB)[0].astype(np.float32)
    return lab


def _to_rgb(lab: Floats) -> Integers:
    unit = cv2.cvtColor(lab.astype(np.float32)[np.newaxis], cv2.COLOR_LAB2RGB)[0]
    rgb: Integers = np.rint(unit * 255).clip(0, 255).astype(np.intp)
    return rgb


def _seeds(histogram: Histogram, count: int) -> Floats:
    """Start with the commonest colour; then each time where weight × distance² is greatest."""
    colors, weights, _ = histogram
    chosen = [int(weights.argmax())]
    squared = _squared(colors, colors[chosen])[:, 0]
    while len(chosen) < count and (weights * squared).max() > 0:
        chosen.append(int((weights * squared).argmax()))
        squared = np.minimum(squared, _squared(colors, colors[chosen[-1:]])[:, 0])
    return colors[chosen]


def _squared(colors: Floats, centres: Floats) -> Floats:
    products = colors @ centres.T
    lengths = [np.einsum("ij,ij->i", one, one) for one in (colors, centres)]
    squared: Floats = np.maximum(lengths[0][:, np.newaxis] + lengths[1] - 2 * products, 0)
    return squared


def _refine(centres: Floats, histogram: Histogram, *, rounds: int) -> Floats:
    """Move each centre towards the geometric median of the colours nearest to it (Weiszfeld)."""
    colors, weights, _ = histogram
    for _ in range(rounds):
        squared = _squared(colors, centres)
        nearest = squared.argmin(axis=1)
        distance = np.sqrt(squared[np.arange(len(colors)), nearest])
        pull = weights / distance.clip(0.5)
        total = np.bincount(nearest, pull, len(centres))
        is_used = total > 0
        sums = [np.bincount(nearest, pull * colors[:, c], len(centres)) for c in range(3)]
        means = np.stack(sums, axis=1)[is_used] / total[is_used, np.newaxis]
        moved = means.astype(np.float32)
        if is_used.all() and np.abs(moved - centres).max() < 0.05:
            return moved
        centres = moved
    return centres


def _only_at_edges(centres: Floats, histogram: Histogram, look: Look, image: Pixels) -> Flags:
    """Tell which colours anti-aliasing and JPEG made at the edges of flat areas.

    They have hardly a quiet pixel and no wide area, and are rare or beside a flat colour.
    """
    nearest = _squared(histogram.colors, centres).argmin(axis=1)
    sizes = np.bincount(nearest, histogram.weights, len(centres)).clip(1)
    shares = sizes / sizes.sum()
    owner = nearest[histogram.position]
    is_flat = np.bincount(owner, look.is_quiet(), len(centres)) >= 0.2 * sizes
    is_flat &= shares >= 0.005
    if shares[is_flat].sum() < 0.5:
        return np.zeros(len(centres), np.bool_)
    wide = _wide(image, centres[is_flat]).ravel()[look.places]
    is_wide = np.bincount(owner, wide, len(centres)) >= 0.25 * sizes
    distances = np.sqrt(_squared(centres, centres[is_flat]))
    distances[shares[:, np.newaxis] >= shares[is_flat]] = np.inf
    is_minor = np.logical_or(shares < 0.025, distances.min(axis=1) < 15)
    is_edge: Flags = ~is_flat & ~is_wide & is_minor
    return is_edge


def _wide(image: Pixels, flat: Floats) -> NDArray[Any]:
    """1 in areas wider than a JPEG's ringing that have none of the flat colours."""
    codes = np.arange(_CODES)
    levels = np.stack([codes << 3 & 248, codes >> 3 & 252, codes >> 8 & 248], axis=1) + 4.0
    is_other = (np.sqrt(_squared(_to_lab(levels), flat)).min(axis=1) > 9).astype(np.uint8)
    window = np.ones((_BLOCK, _BLOCK), np.uint8)
    return cv2.morphologyEx(is_other[_codes(image)], cv2.MORPH_OPEN, window)


def _reduce(centres: Floats, histogram: Histogram, count: int, near: float) -> Floats:
    """Give up what costs least: above `count` of all, else of those near another."""
    distances = np.sqrt(_squared(histogram.colors, centres))
    between = np.sqrt(_squared(centres, centres))
    np.fill_diagonal(between, np.inf)
    kept = np.arange(len(centres))
    while len(kept) > 1:
        is_spare = between[np.ix_(kept, kept)].min(axis=1) < near
        if len(kept) > count:
            is_spare[:] = True
        if not is_spare.any():
            break
        costs = _costs(distances[:, kept], histogram)
        kept = np.delete(kept, np.where(is_spare, costs, np.inf).argmin())
    return centres[kept]


def _costs(distances: Floats, histogram: Histogram) -> Floats:
    """The distance that each centre spares its colours."""
    best, second = np.partition(distances, 1, axis=1)[:, :2].T
    spared = histogram.weights * (second - best)
    return np.bincount(distances.argmin(axis=1), spared, distances.shape[1]).astype(np.float64)


def _rated(centres: Floats, histogram: Histogram) -> list[Color]:
    nearest = _squared(histogram.colors, centres).argmin(axis=1)
    sizes = np.bincount(nearest, histogram.weights, len(centres)).astype(np.float64)
    rows = np.column_stack([_to_rgb(centres), _percentages(sizes)])
    colors = [Color(*row) for row in rows.tolist()]
    return sorted(
        (color for color in colors if color.percent > 0), key=lambda one: (-one.percent, one)
    )


def _percentages(sizes: Floats) -> Integers:
    """Apportion 100 by largest remainders, and again without those that get nothing."""
    exact = sizes / sizes.sum() * 100
    percent: Integers = np.floor(exact).astype(np.intp)
    percent[np.argsort(percent - exact, kind="stable")[: 100 - percent.sum()]] += 1
    is_lost = (sizes > 0) & (percent == 0)
    return _percentages(np.where(is_lost, 0, sizes)) if is_lost.any() else percent
