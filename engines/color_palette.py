"""Colour palette: the colours that a picture consists of, and their shares."""

from collections.abc import Callable
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
_DRAWN = 0.25  # The flat share of what is taken as drawn.
_CELLS = 64  # Cells along the longer side, for what lies beside what.
_LEAST_CELL_PX = 8
_REACH_PX = 2  # How far from a pixel its neighbourhood reaches.
_NEAR = 1.0  # ΔE76 that nobody sees; colours nearer than that are one.
_NEAR_FLAT = 3.0  # The same where JPEG may have split one flat colour.
_QUIET = 2  # Grey levels; the range of a flat colour's neighbourhood, after JPEG too.
_SPARE = 8  # Colours found above those asked for, then given up again.
_SPARE_INKS = 24  # The same where edges have colours of their own.
_LEAST = 0.0002  # The least share of the unmixed pixels that an ink has.
_SHADE = 10.0  # ΔE76 within which a colour beside an ink is a shade of it.
_OFF = 3.0  # Levels by which a mix of two equal inks may be off.
_MIXED = 0.6  # The share of a mix's pixels beside whose inks they are.
_LIKE = 30.0  # ΔE76 within which a pixel still shows where an ink is.
_PALER = 20.0  # ΔE76 by which JPEG may leave a thin stroke paler than its ink.
# Luma and chroma as JFIF (ITU-T T.871) defines them, of blue, green and red.
_OPPONENT = np.array(
    [[0.114, 0.587, 0.299], [0.5, -0.3313, -0.1687], [-0.0813, -0.4187, 0.5]], np.float32
)


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
        return _widest(self.high - self.low)

    def is_rippled(self) -> bool:
        """Whether JPEG or noise moves what would be flat: by little beside the edges near it."""
        spread = self.spread()
        edges = np.zeros((self.rows.max() + 1, self.columns.max() + 1), np.uint8)
        np.maximum.at(edges, (self.rows, self.columns), spread)
        edge = cv2.dilate(edges, square(1))[self.rows, self.columns]
        is_moved = spread > 0
        return bool((is_moved & (spread <= 0.15 * edge)).sum() > 0.13 * is_moved.sum())

    def is_unmixed(self, reach: float) -> Flags:
        """Which pixels are extremes near them, and so no blend of colours on both sides."""
        low, high, pixels = (part.astype(np.float32) for part in (self.low, self.high, self.pixels))
        half = (high - low) / 2
        away = np.linalg.norm(pixels - low - half, axis=1)
        is_unmixed: Flags = away >= reach * np.linalg.norm(half, axis=1) - _QUIET
        return is_unmixed

    def sharpened(self) -> Pixels:
        """The nearer of the two extremes (Kramer and Bruckner's toggle filter).

        So the pixels of a blurred edge count for the colours on both sides.
        """
        is_low = self.pixels - self.low <= self.high - self.pixels
        return np.where(is_low, self.low, self.high)


class Histogram(NamedTuple):
    """Colours, how often each occurs, and which of them each pixel looked at has."""

    colors: Floats
    weights: Floats
    position: Integers


class Clusters(NamedTuple):
    """Unmixed pixels of like colours: their colours in levels, and ΔE76 between any two.

    For each cell and cluster how many pixels lie there, and whether some lie in it or beside it;
    and the order in which they are judged, without those that are too small to be inks.
    """

    levels: Floats
    apart: Floats
    is_flat: Flags
    counts: Integers
    is_beside: Flags
    order: Integers


@engine(version="4.0.0")
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
    places = _places(image)
    look = _look(image, places) if _may_be_drawn(image, places) else None
    if look and (look.spread() <= _QUIET).mean() >= _DRAWN:
        centres = _inks(look, params.count)
        histogram = _histogram(look.sharpened(), _to_levels)
        distances = _squared(histogram.colors, _to_levels(_to_rgb(centres)[:, ::-1]))
    else:
        histogram = _histogram(_taken(image, places), _to_lab)
        centres = _medians(histogram, params.count)
        distances = _squared(histogram.colors, centres)
    colors = _rated(centres, histogram.weights, distances)
    details = Details[Info](message=f"Found {len(colors)} colors", info=Info())
    return Result(colors=colors, details=details)


def _may_be_drawn(image: Pixels, places: Integers) -> bool:
    """Whether enough pixels are like four around them; a photograph's look costs more than this."""
    some = places[:: 1 + len(places) // 16384]
    steps = [
        y * image.shape[1] + x for y in (-_REACH_PX, _REACH_PX) for x in (-_REACH_PX, _REACH_PX)
    ]
    low = high = _taken(image, some)
    for step in steps:
        beside = _taken(image, some + step)
        low, high = np.minimum(low, beside), np.maximum(high, beside)
    return bool((_widest(high - low) <= _QUIET).mean() >= _DRAWN)


def _taken(image: Pixels, places: Integers) -> Pixels:
    # Without a check of each place, for that takes most of the time.
    return image.reshape(-1, 3).take(places, axis=0, mode="clip")


def _widest(ranges: Pixels) -> Pixels:
    blue, green, red = np.ascontiguousarray(ranges.T)
    return np.asarray(np.maximum(np.maximum(blue, green), red), np.uint8)


def _look(image: Pixels, places: Integers) -> Look:
    height, width = image.shape[:2]
    window = square(_REACH_PX)
    low: Any = cv2.erode(image, window)
    high: Any = cv2.dilate(image, window)
    cell_px = max(_LEAST_CELL_PX, max(height, width) // _CELLS)
    rows, columns = places // width // cell_px, places % width // cell_px
    pixels, low, high = (_taken(one, places) for one in (image, low, high))
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
    centres = _refine(_seeds(histogram, count + _SPARE), histogram, rounds=4)
    centres = _refine(_reduce(centres, histogram, count, _NEAR), histogram, rounds=20)
    return _reduce(centres, histogram, count, _NEAR)


def _inks(look: Look, count: int) -> Floats:
    """The colours that lie flat, and the others that are no mixes of what is beside them."""
    is_rippled = look.is_rippled()
    unmixed = look.at(look.is_unmixed(0.85 if is_rippled else 0.95))
    histogram = _histogram(unmixed.pixels, _to_lab)
    centres = _refine(_seeds(histogram, count + _SPARE_INKS), histogram, rounds=8)
    clusters = _clusters(unmixed, histogram, centres, is_rippled)
    kept: list[int] = []
    for index in clusters.order:
        if clusters.is_flat[index] or not _is_mixed(clusters, index, kept, is_rippled):
            kept.append(index)
    return _reduce(centres[kept], histogram, count, _NEAR_FLAT)


def _clusters(look: Look, histogram: Histogram, centres: Floats, is_rippled: bool) -> Clusters:
    owner = _squared(histogram.colors, centres).argmin(axis=1)[histogram.position]
    sizes = np.bincount(owner, minlength=len(centres))
    quiet = np.bincount(owner, look.spread() <= _QUIET, len(centres))
    apart = np.sqrt(_squared(centres, centres))
    is_ink = sizes >= max(4, _LEAST * len(owner))
    is_flat = is_ink & (quiet >= 0.35 * sizes)
    paper = sizes.argmax()
    is_ink[paper] = is_flat[paper] = True
    shape = (look.rows.max() + 1, look.columns.max() + 1, len(centres))
    cells = np.ravel_multi_index((look.rows, look.columns, owner), shape)
    counts = np.bincount(cells, minlength=int(np.prod(shape))).reshape(shape)
    beside = cv2.dilate((counts > 0).astype(np.uint8), square(2 if is_rippled else 1))
    # A stroke is purest where it is farthest from the paper.
    order = np.lexsort((-apart[paper], ~is_flat))
    return Clusters(
        _to_levels(_to_rgb(centres)[:, ::-1]),
        apart,
        is_flat,
        counts.reshape(-1, len(centres)),
        beside.reshape(-1, len(centres)) > 0,
        order[is_ink[order]],
    )


def _is_mixed(clusters: Clusters, index: int, inks: list[int], is_rippled: bool) -> bool:
    """Whether most pixels of a cluster lie beside inks that mix to its colour, or one like it.

    Pixels show that an ink is near if they are nearer to it than to the cluster's colour; with
    JPEG, which leaves thin strokes paler than their ink, not much farther.
    """
    levels, apart = clusters.levels, clusters.apart
    to_inks, to_it = apart[:, inks], apart[:, index, np.newaxis]
    is_purer = to_inks < to_it + (_PALER if is_rippled else 0)
    shows = is_purer & (to_inks < _LIKE)
    counts = clusters.counts[:, index]
    is_here = counts > 0
    near = (clusters.is_beside[is_here].astype(np.float32) @ shows > 0).astype(np.float32)
    mixes = _mixes(levels[index], levels[inks], is_rippled) | np.diag(apart[index, inks] < _SHADE)
    share = np.average((near @ mixes * near).any(axis=1), weights=counts[is_here])
    return bool(share >= _MIXED)


def _mixes(color: Floats, inks: Floats, is_rippled: bool) -> Flags:
    """Which pairs of inks, or an ink and itself, a colour may come from.

    A blend lies on the line between two inks, in levels. JPEG, which stores chroma at half the
    size, moves luma and chroma apart from each other, and the more, the more the inks differ.
    """
    way, offset = inks - inks[:, np.newaxis], (color - inks)[:, np.newaxis]
    length = np.linalg.norm(way, axis=2)
    if not is_rippled:
        is_on_line: Flags = _from_line(offset, way) <= _OFF + 0.04 * length
        return is_on_line
    is_between = _from_line(offset[..., :1], way[..., :1]) <= _OFF + 0.12 * length
    is_between &= _from_line(offset[..., 1:], way[..., 1:]) <= _OFF + 0.06 * length
    is_near = np.linalg.norm(offset, axis=2) <= 11 + 0.10 * length
    mixes: Flags = is_between | is_near
    return mixes


def _from_line(offset: Floats, way: Floats) -> Floats:
    """How far from a line, of which both are measured from one end."""
    along = (way * offset).sum(axis=2) / (way**2).sum(axis=2).clip(1e-9)
    distances: Floats = np.linalg.norm(offset - along.clip(0, 1)[..., np.newaxis] * way, axis=2)
    return distances


def _histogram(pixels: Pixels, space: Callable[[Floats], Floats]) -> Histogram:
    packed = cv2.cvtColor(pixels[np.newaxis], cv2.COLOR_BGR2BGR565)
    codes = packed.view(np.uint16).ravel().astype(np.intp)
    counts = np.bincount(codes, minlength=_CODES)
    used = np.flatnonzero(counts)
    sums = [np.bincount(codes, pixels[:, channel], _CODES)[used] for channel in range(3)]
    means = np.stack(sums, axis=1) / counts[used, np.newaxis]
    position = np.zeros(_CODES, np.intp)
    position[used] = np.arange(len(used))
    return Histogram(space(means), counts[used].astype(np.float64), position[codes])


def _to_levels(bgr: Floats | Integers) -> Floats:
    levels: Floats = bgr.astype(np.float32) @ _OPPONENT.T
    return levels


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
    between = np.sqrt(_squared(centres, centres))
    np.fill_diagonal(between, np.inf)
    kept = np.arange(len(centres))
    while len(kept) > 1:
        is_spare = between[np.ix_(kept, kept)].min(axis=1) < near
        if len(kept) > count:
            is_spare[:] = True
        if not is_spare.any():
            break
        costs = _costs(centres[kept], histogram)
        kept = np.delete(kept, np.where(is_spare, costs, np.inf).argmin())
    return centres[kept]


def _costs(centres: Floats, histogram: Histogram) -> Floats:
    """The distance that each centre spares its colours."""
    squared = _squared(histogram.colors, centres)
    best, second = np.sqrt(np.partition(squared, 1, axis=1)[:, :2]).T
    spared = histogram.weights * (second - best)
    return np.bincount(squared.argmin(axis=1), spared, len(centres)).astype(np.float64)


def _rated(centres: Floats, weights: Floats, distances: Floats) -> list[Color]:
    sizes = np.bincount(distances.argmin(axis=1), weights, len(centres)).astype(np.float64)
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
