"""Correlation: how well a template, weighted or not, fits at each place of a picture."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from engines.core.choice import Choice
from engines.core.shapes import Pixels
from engines.vision.scaling import Size, size_of

FLAT_TEMPLATE = 1.0
"""Contrast, as a standard deviation in grey levels, below which a template has no pattern."""
FLAT_PLACE = 0.5
"""And below which a place has none; rounding alone makes 0.3."""
FLAT_LEVELS = 16.0
"""How far, in grey levels, a place is from a flat template where its score is 0."""
DECIMALS = 4
"""Of scores; more are noise of the Fourier transform, by which equal places would not tie."""
_BAND_PIXELS = 4_000_000
"""Of the picture that are looked at in one go, for memory's sake."""
_OPAQUE = 1 - 1e-6
_TINY = np.float32(1e-6)

Samples: TypeAlias = NDArray[np.float32]
Plane: TypeAlias = NDArray[np.float64]


class Method(Choice):
    """How a place is compared with the template, by OpenCV's names."""

    TM_CCOEFF_NORMED = "TM_CCOEFF_NORMED"
    TM_CCORR_NORMED = "TM_CCORR_NORMED"
    TM_SQDIFF_NORMED = "TM_SQDIFF_NORMED"
    TM_CCOEFF = "TM_CCOEFF"
    TM_CCORR = "TM_CCORR"
    TM_SQDIFF = "TM_SQDIFF"


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A template, ready to be compared.

    Args:
        kernel: (h, w, channels), the weighted levels without their mean.
        weights: (h, w), 0..1; None where all are 1.
        means: of each channel.
        count: the sum of the weights.
        variation: T'T', the weighted squares of the levels without their mean.
    """

    kernel: Samples
    weights: Samples | None
    means: Plane
    count: float
    variation: float

    @property
    def size(self) -> Size:
        return size_of(self.kernel)

    @property
    def energy(self) -> float:
        """TT."""
        return self.variation + self.count * float((self.means**2).sum())

    @property
    def is_flat(self) -> bool:
        return self.variation < self.squares_of(FLAT_TEMPLATE)

    def squares_of(self, levels: float) -> float:
        """The weighted squares of so many grey levels everywhere."""
        return self.count * len(self.means) * levels**2


def pattern(weighted: Samples) -> Pattern:
    """A template to compare.

    Args:
        weighted: (h, w, channels + 1), levels times weights, and the weights.
    """
    weights = weighted[..., -1]
    count = float(weights.sum(dtype=np.float64))
    means = weighted[..., :-1].sum(axis=(0, 1), dtype=np.float64) / count
    kernel = weighted[..., :-1] - weights[..., None] * means.astype(np.float32)
    squares = kernel**2 / np.maximum(weights, _TINY)[..., None]
    return Pattern(
        kernel=kernel,
        weights=None if weights.min() > _OPAQUE else weights.copy(),
        means=means,
        count=count,
        variation=float(squares.sum(dtype=np.float64)),
    )


def scores(
    planes: Sequence[Pixels], pattern: Pattern, method: Method, report: Callable[[float], None]
) -> Samples:
    """How well the pattern fits with its upper left corner at each pixel, 0..1.

    Args:
        planes: (H, W), the channels of a picture that is at least as large.
        pattern: of as many channels.
        method: see `engines.template_match` for what each computes.
        report: is told which share is done.

    Returns:
        (H - h + 1, W - w + 1), rounded to four decimals.
    """
    (height, width), (own_width, own_height) = planes[0].shape, pattern.size
    found = np.empty((height - own_height + 1, width - own_width + 1), np.float32)
    # Each band is looked at with the rows below it that the pattern reaches.
    rows = max(own_height, _BAND_PIXELS // width)
    for top in range(0, len(found), rows):
        band = [plane[top : top + rows + own_height - 1] for plane in planes]
        likeness = _likeness(_sums(band, pattern), pattern, method)
        found[top : top + rows] = likeness.clip(0, 1).round(DECIMALS)
        report(min(1, (top + rows) / len(found)))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Over the pixels and channels of each place, weighted.

    Args:
        agreement: T'I'.
        correlation: TI.
        variation: I'I'; 0 where the place is flat.
        energy: II; 0 where the place is black.
        distance: (T - I)².
    """

    agreement: Plane
    correlation: Plane
    variation: Plane
    energy: Plane
    distance: Plane


def _sums(band: Sequence[Pixels], pattern: Pattern) -> _Sums:
    # OpenCV transforms in single precision. So only what is left without the mean goes through
    # it, and all sums are put together from that; its own are garbage where a place is flat.
    agreement, correlation, variation, energy, shift = (np.zeros((1, 1)) for _ in range(5))
    for channel, plane in enumerate(band):
        mean = float(pattern.means[channel])
        product = _correlated(plane - np.float32(mean), pattern.kernel[..., channel])
        levels, squares = _window_sums(plane, pattern)
        agreement = agreement + product
        correlation = correlation + product + mean * levels
        variation = variation + squares - levels**2 / pattern.count
        energy = energy + squares
        shift = shift + (levels - pattern.count * mean) ** 2 / pattern.count
    distance = shift + variation + pattern.variation - 2 * agreement
    nothing = pattern.squares_of(FLAT_PLACE)
    variation[variation < nothing] = 0
    energy[energy < nothing] = 0
    return _Sums(agreement, correlation, variation, energy, distance)


def _window_sums(plane: Pixels, pattern: Pattern) -> tuple[Plane, Plane]:
    """Of levels and of their squares; exact without weights, for they are whole numbers."""
    if pattern.weights is not None:
        unit = plane.astype(np.float32)
        return _correlated(unit, pattern.weights), _correlated(unit**2, pattern.weights)
    levels, squares = cv2.integral2(plane, sdepth=cv2.CV_64F, sqdepth=cv2.CV_64F)
    return _within(levels, pattern.size), _within(squares, pattern.size)


def _within(integral: MatLike, size: Size) -> Plane:
    """Sums of each window out of those from the upper left corner on."""
    width, height = size
    upper, lower = integral[:-height], integral[height:]
    return np.asarray(lower[:, width:] - lower[:, :-width] - upper[:, width:] + upper[:, :-width])


def _correlated(plane: Samples, kernel: Samples) -> Plane:
    # A template that hardly moves is taken in strips: whole, its transforms fill gigabytes.
    places, strip_rows = len(plane) - len(kernel) + 1, _BAND_PIXELS // plane.shape[1]
    strips = np.array_split(kernel, max(1, len(kernel) // max(1, places, strip_rows)))
    found, top = np.zeros((1, 1)), 0
    for strip in strips:
        part = plane[top : top + len(strip) + places - 1]
        found = found + cv2.matchTemplate(part, strip, cv2.TM_CCORR)
        top += len(strip)
    return found


def _likeness(sums: _Sums, pattern: Pattern, method: Method) -> Plane:
    if pattern.is_flat:
        return 1 - sums.distance / pattern.squares_of(FLAT_LEVELS)
    match method:
        case Method.TM_CCOEFF_NORMED:
            return _ratio(sums.agreement, np.sqrt(pattern.variation * sums.variation))
        case Method.TM_CCORR_NORMED:
            return _ratio(sums.correlation, np.sqrt(pattern.energy * sums.energy))
        case Method.TM_SQDIFF_NORMED:
            most = np.sqrt(pattern.energy * sums.energy)
            return _ratio(most - sums.distance, most)
        case Method.TM_CCOEFF:
            return sums.agreement / np.maximum(pattern.variation, sums.variation)
        case Method.TM_CCORR:
            return sums.correlation / np.maximum(pattern.energy, sums.energy)
        case Method.TM_SQDIFF:
            return 1 - sums.distance / pattern.variation


def _ratio(one: Plane, other: Plane) -> Plane:
    """0 where the place has nothing to compare."""
    return np.divide(one, other, out=np.zeros_like(one), where=other > 0)
