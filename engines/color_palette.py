"""Colour palette: the colours that a picture consists of, and their shares."""

from typing import Annotated, Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from engines.core.decoders import PictureDecoder
from engines.core.pixels import Mode
from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Info, Parameters, Pixels
from engines.vision.morphology import square

Flags = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.intp]

_SAMPLES = 1 << 16  # Pixels looked at.
_CODES = 1 << 16  # Colours of five, six and five bits.
_CELLS = 64  # Cells along the longer side, for what lies beside what.
_LEAST_CELL_PX = 8
_NEAR = 1.0  # ΔE76 that nobody sees; colours nearer than that are one.
_NEAR_FLAT = 3.0  # The same where JPEG may have split one flat colour.
_QUIET = 2  # Grey levels; the range of a flat colour's neighbourhood, after JPEG too.
_RIPPLE = 8  # Grey levels; the range of a neighbourhood in which only JPEG drew something.
_SPARE = 8  # Colours found above those asked for, then given up again.
_SPARE_INKS = 24  # The same where edges have colours of their own.
_LEAST = 0.0002  # The least share of the unmixed pixels that an ink has.
_SHADE = 12.0  # ΔE76 below which a colour beside an ink may be a shade of it.
_MIX_LIGHTNESS, _MIX_CHROMA = 4.0, 8.0  # How far from a mix of two inks is still one.
_SLACK = 8.0  # What JPEG adds to these three.
_LIKE_FLAT, _LIKE_THIN = 10.0, 40.0  # ΔE76 that still shows where a flat or a thin ink is.


class Params(Parameters):
    """How many colours."""

    count: int = Field(8, ge=1, le=32, description="Colours at most.")


Large = Annotated[Pixels, PictureDecoder(Mode.COLOUR, enough_pixels=2_000_000)]
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
    """Some pixels, the least and greatest values near them, and the cells in which they lie."""

    pixels: Pixels
    low: Pixels
    high: Pixels
    rows: Integers
    columns: Integers

    def at(self, flags: Flags) -> "Look":
        low, high, rows, columns = self.low, self.high, self.rows, self.columns
        return Look(self.pixels[flags], low[flags], high[flags], rows[flags], columns[flags])

    def spread(self) -> Pixels:
        """The range of values near each pixel, in the channel that has the widest."""
        blue, green, red = np.ascontiguousarray((self.high - self.low).T)
        return np.asarray(np.maximum(np.maximum(blue, green), red), np.uint8)

    def is_rippled(self) -> bool:
        """Whether JPEG, noise or a gradient moves what would be flat."""
        spread = self.spread()
        return bool((spread[spread > 0] <= _RIPPLE).mean() > 0.05) if spread.any() else False

    def is_unmixed(self) -> Flags:
        """Which pixels are extremes near them, and so no blend of colours on both sides."""
        low, high, pixels = (part.astype(np.float32) for part in (self.low, self.high, self.pixels))
        half = (high - low) / 2
        reach = np.linalg.norm(pixels - low - half, axis=1)
        is_unmixed: Flags = reach >= 0.95 * np.linalg.norm(half, axis=1) - _QUIET
        return is_unmixed

    def sharpened(self) -> Pixels:
        """The nearer of the two extremes (Kramer and Bruckner's toggle filter).

        So the pixels of a blurred edge count for the colours on both sides.
        """
        is_low = self.pixels - self.low <= self.high - self.pixels
        return np.where(is_low, self.low, self.high)

    def beside(self, flags: Flags, cells: int) -> Flags:
        """Which pixels lie at most so many cells from one of those flagged."""
        grid = np.zeros((self.rows.max() + 1, self.columns.max() + 1), np.uint8)
        grid[self.rows[flags], self.columns[flags]] = 1
        beside: Flags = cv2.dilate(grid, square(cells))[self.rows, self.columns] > 0
        return beside


class Histogram(NamedTuple):
    """Colours in CIELAB, how often each occurs, and which of them each pixel looked at has."""

    colors: Floats
    weights: Floats
    position: Integers


@engine(version="3.0.0")
def color_palette(image: Large, *, params: Params) -> Result:
    """Find the colours that leave the least distance in CIELAB.

    Where a quarter of a picture is flat, it is taken as drawn, and its colours are inks: those
    that lie flat somewhere, and those of strokes too thin for that, unless what is beside them
    mixes to such a colour. Elsewhere, some more colours than asked for are found, then those
    given up that cost least.

    Args:
        image: uint8 (H, W, 3), BGR; a JPEG of 8 megapixels and more at half its size and less.

    Returns:
        colours in sRGB with their shares in whole percent; at least 1 each.

    Source:
        Own: k-medians on a histogram, after Celebi, Improving the performance of k-means for
        color quantization, Image and Vision Computing 29, 2011.
    """
    look = _look(image)
    if (look.spread() <= _QUIET).mean() >= 0.25:
        colors = _rated(_inks(look, params.count), _histogram(look.sharpened()))
    else:
        histogram = _histogram(look.pixels)
        colors = _rated(_medians(histogram, params.count), histogram)
    details = Details[Info](message=f"Found {len(colors)} colors", info=Info())
    return Result(colors=colors, details=details)


def _look(image: Pixels) -> Look:
    height, width = image.shape[:2]
    places = _places(image)
    pictures: tuple[Any, ...] = (image, cv2.erode(image, square(2)), cv2.dilate(image, square(2)))
    cell_px = max(_LEAST_CELL_PX, max(height, width) // _CELLS)
    rows, columns = places // width // cell_px, places % width // cell_px
    # Without a check of each place, for that takes most of the time.
    pixels, low, high = (one.reshape(-1, 3).take(places, axis=0, mode="clip") for one in pictures)
    return Look(pixels, low, high, rows, columns)


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


def _medians(histogram: Histogram, count: int) -> Floats:
    """The geometric medians of at most `count` clusters."""
    centres = _refine(_seeds(histogram, count + _SPARE), histogram, rounds=8)
    for _ in range(2):
        centres = _refine(_reduce(centres, histogram, count, _NEAR), histogram, rounds=12)
    return centres


def _inks(look: Look, count: int) -> Floats:
    """The colours that lie flat, and the others that are no shades of what is beside them.

    The others are taken from the farthest to the nearest of the commonest colour, since a
    stroke is purest where it is farthest from the paper.
    """
    unmixed = look.at(look.is_unmixed())
    histogram = _histogram(unmixed.pixels)
    centres = _refine(_seeds(histogram, count + _SPARE_INKS), histogram, rounds=8)
    apart = np.sqrt(_squared(histogram.colors, centres))
    owner = apart.argmin(axis=1)[histogram.position]
    sizes = np.bincount(owner, minlength=len(centres))
    quiet = np.bincount(owner, unmixed.spread() <= _QUIET, len(centres))
    is_ink = sizes >= max(4, _LEAST * len(owner))
    is_flat = is_ink & (quiet >= 0.35 * sizes)
    paper = sizes.argmax()
    is_ink[paper] = is_flat[paper] = True
    slack, cells = (_SLACK, 2) if look.is_rippled() else (0.0, 1)
    from_paper = np.linalg.norm(centres - centres[paper], axis=1)
    kept: list[int] = []
    beside = np.zeros((len(owner), 0), np.float32)
    for index in np.lexsort((-from_paper, ~is_flat)):
        if not is_flat[index]:
            is_like = apart[:, index] <= max(_LIKE_FLAT, apart[:, index].min())
            near = beside[is_like[histogram.position]]
            mixes = _mixes(centres[index], centres[kept], slack)
            is_ink[index] &= (near @ mixes * near).any(axis=1).mean() < 0.5
        if is_ink[index]:
            kept.append(index)
            like = _LIKE_FLAT if is_flat[index] else _LIKE_THIN
            is_like = (apart[:, index] < like)[histogram.position]
            beside = np.column_stack([beside, unmixed.beside(is_like, cells)])
    return _reduce(centres[kept], histogram, count, _NEAR_FLAT)


def _mixes(color: Floats, inks: Floats, slack: float) -> Flags:
    """Which pairs of inks, or an ink and itself, a colour may come from.

    JPEG stores colour more coarsely than lightness, so they are compared one by one.
    """
    one, other = inks[:, np.newaxis], inks[np.newaxis]
    low, high = np.minimum(one, other)[..., 0], np.maximum(one, other)[..., 0]
    is_between = np.abs(color[0] - color[0].clip(low, high)) <= _MIX_LIGHTNESS + slack
    way, offset = (other - one)[..., 1:], (color - one)[..., 1:]
    along = (way * offset).sum(axis=2) / (way**2).sum(axis=2).clip(1e-9)
    apart = np.linalg.norm(offset - along.clip(0, 1)[..., np.newaxis] * way, axis=2)
    is_near = np.linalg.norm(inks - color, axis=1) < _SHADE + slack
    mixes: Flags = np.diag(is_near) | (is_between & (apart < _MIX_CHROMA + slack))
    return mixes


def _histogram(pixels: Pixels) -> Histogram:
    packed = cv2.cvtColor(pixels[np.newaxis], cv2.COLOR_BGR2BGR565)
    codes = packed.view(np.uint16).ravel().astype(np.intp)
    counts = np.bincount(codes, minlength=_CODES)
    used = np.flatnonzero(counts)
    sums = [np.bincount(codes, pixels[:, channel], _CODES)[used] for channel in range(3)]
    means = np.stack(sums, axis=1) / counts[used, np.newaxis]
    position = np.zeros(_CODES, np.intp)
    position[used] = np.arange(len(used))
    return Histogram(_to_lab(means), counts[used].astype(np.float64), position[codes])


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
    return sorted((Color(*row) for row in rows.tolist()), key=lambda one: (-one.percent, one))


def _percentages(sizes: Floats) -> Integers:
    """Apportion 100 by largest remainders, after 1 each for those that have less."""
    exact = sizes / sizes.sum() * 100
    is_small = exact < 1
    exact[~is_small] *= (100 - is_small.sum()) / exact[~is_small].sum()
    exact[is_small] = 1
    percent: Integers = np.floor(exact).astype(np.intp)
    percent[np.argsort(percent - exact, kind="stable")[: 100 - percent.sum()]] += 1
    return percent
