"""k-medians of colours, on a histogram."""

from collections.abc import Callable
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.intp]

_NEAR = 1.0  # ΔE76 that nobody sees; colours nearer than that are one.
_CODES = 1 << 16  # Colours of five, six and five bits.
_SPARE = 8  # Colours found above those asked for, then given up again.


class Histogram(NamedTuple):
    """Colours, how often each occurs, and which of them each pixel looked at has."""

    colors: Floats
    weights: Floats
    position: Integers


def histogram_of(pixels: Pixels, space: Callable[[Floats], Floats]) -> Histogram:
    """The means of BGR pixels that share a code of 16 bits, in a colour space."""
    packed = cv2.cvtColor(pixels[np.newaxis], cv2.COLOR_BGR2BGR565)
    codes = packed.view(np.uint16).ravel().astype(np.intp)
    counts = np.bincount(codes, minlength=_CODES)
    used = np.flatnonzero(counts)
    sums = [np.bincount(codes, pixels[:, channel], _CODES)[used] for channel in range(3)]
    means = np.stack(sums, axis=1) / counts[used, np.newaxis]
    position = np.zeros(_CODES, np.intp)
    position[used] = np.arange(len(used))
    return Histogram(space(means), counts[used].astype(np.float64), position[codes])


def medians(histogram: Histogram, count: int) -> Floats:
    """The geometric medians of at most `count` clusters."""
    centres = refined(seeds(histogram, count + _SPARE), histogram, rounds=4)
    centres = refined(reduced(centres, histogram, count, _NEAR), histogram, rounds=20)
    return reduced(centres, histogram, count, _NEAR)


def seeds(histogram: Histogram, count: int) -> Floats:
    """Start with the commonest colour; then each time where weight × distance² is greatest."""
    colors, weights, _ = histogram
    chosen = [int(weights.argmax())]
    squared = squared_distances(colors, colors[chosen])[:, 0]
    while len(chosen) < count and (weights * squared).max() > 0:
        chosen.append(int((weights * squared).argmax()))
        squared = np.minimum(squared, squared_distances(colors, colors[chosen[-1:]])[:, 0])
    return colors[chosen]


def refined(centres: Floats, histogram: Histogram, *, rounds: int) -> Floats:
    """Move each centre towards the geometric median of the colours nearest to it (Weiszfeld)."""
    colors, weights, _ = histogram
    for _ in range(rounds):
        squared = squared_distances(colors, centres)
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


def reduced(centres: Floats, histogram: Histogram, count: int, near: float) -> Floats:
    """Give up what costs least: above `count` of all, else of those near another."""
    between = np.sqrt(squared_distances(centres, centres))
    np.fill_diagonal(between, np.inf)
    squared = squared_distances(histogram.colors, centres)
    kept = np.arange(len(centres))
    while len(kept) > 1:
        is_spare = between[np.ix_(kept, kept)].min(axis=1) < near
        if len(kept) > count:
            is_spare[:] = True
        if not is_spare.any():
            break
        costs = _costs(squared.take(kept, axis=1), histogram.weights)
        kept = np.delete(kept, np.where(is_spare, costs, np.inf).argmin())
    return centres[kept]


def _costs(squared: Floats, weights: Floats) -> Floats:
    """The distance that each centre spares its colours, of the squares of all distances."""
    best, second = np.sqrt(np.partition(squared, 1, axis=1)[:, :2]).T
    spared = weights * (second - best)
    return np.bincount(squared.argmin(axis=1), spared, squared.shape[1]).astype(np.float64)


def squared_distances(colors: Floats, centres: Floats) -> Floats:
    products = colors @ centres.T
    lengths = [np.einsum("ij,ij->i", one, one) for one in (colors, centres)]
    squared: Floats = np.add.outer(*lengths)
    squared -= np.multiply(products, 2, out=products)
    return np.maximum(squared, 0, out=squared)
