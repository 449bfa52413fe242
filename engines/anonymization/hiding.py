"""Hiding: what is seen of a region is replaced by a few mean colours, or by black.

Nothing else of the region goes into the picture, so that no deconvolution brings it back.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.anonymization.masks import Areas, covered
from engines.anonymization.sighting import Kind, Sighting
from engines.core.shapes import Box

MOST_CELLS = {
    Kind.FACE: 3,
    Kind.LICENSE_PLATE: 4,
    Kind.PERSON: 8,
    Kind.VEHICLE: 8,
    Kind.REGION: 4,
}
"""On each side of a region, however small a kernel is asked for: more show a face or a number."""
LEAST_CELL_PX = 4
"""However small a region is: of a few pixels, each would be a cell of its own."""

MOST_STOP = 0.2
"""Of a kernel's stop: at 0.3 a face is found again, at 0.5 a plate is read."""

Samples: TypeAlias = NDArray[Any]
"""uint8 or uint16, (H, W), (H, W, 3) BGR or (H, W, 4) BGRA."""


class Method(StrEnum):
    """How a region is hidden; detect hides nothing."""

    BLUR = "blur"
    PIXELATE = "pixelate"
    BLACKEN = "blacken"
    DETECT = "detect"


class Kernel(NamedTuple):
    """How coarse a region becomes, and how soft its edge is.

    Args:
        share: least side of a cell, as a share of the region's.
        px: least side of a cell, pixels.
        start: how far outside of the region a blur begins, as a share of its shorter side.
        stop: how far inside of the region it is whole, as a share of its shorter side.
    """

    share: float = 0.0
    px: float = 1.0
    start: float = 0.0
    stop: float = 0.0


def hide(
    samples: Samples,
    found: Iterable[Sighting],
    method: Method,
    kernels: Mapping[Kind, Kernel],
    ignores: Areas,
) -> Samples:
    """A copy of the picture with the regions hidden, and with no colour where it is transparent.

    With the method detect it is the picture itself. Where regions overlap, the coarser lies
    above: in the finer cells of a person a face might be recognised that its own cells hide.

    Args:
        kernels: by kind; one that is absent makes the region of its most cells.
        ignores: polygons (N, 2) in which nothing is hidden.
    """
    if method is Method.DETECT:
        return samples

    def cell(one: Sighting) -> tuple[float, float]:
        return _least_cell(one, kernels.get(one.kind, Kernel()))

    seen = samples.copy()
    if seen.ndim == 3 and seen.shape[2] == 4:
        seen[seen[..., 3] == 0] = 0
    hidden = seen.copy()
    for one in sorted(found, key=lambda one: math.prod(cell(one))):
        kernel = kernels.get(one.kind, Kernel()) if method is Method.BLUR else Kernel()
        window = _window(one.box, kernel, samples.shape)
        place = slice(window.top, window.bottom), slice(window.left, window.right)
        replaced = REPLACEMENTS[method](seen[place], _cells(cell(one), window))
        opacity = _opacity(one, window, kernel, ignores)
        hidden[place] = _blended(hidden[place], replaced, opacity)
    return hidden


def _window(box: Box, kernel: Kernel, shape: tuple[int, ...]) -> Box:
    """The part of the picture that changes, and a pixel around it where the edge is soft."""
    is_soft = kernel.start + kernel.stop > 0
    rim = int(np.ceil(kernel.start * _shorter(box))) + is_soft
    bottom, right = min(box.bottom + rim, shape[0]), min(box.right + rim, shape[1])
    return Box(max(box.left - rim, 0), max(box.top - rim, 0), right, bottom)


def _shorter(box: Box) -> int:
    return min(box.right - box.left, box.bottom - box.top)


def _least_cell(one: Sighting, kernel: Kernel) -> tuple[float, float]:
    """Width and height, px."""

    def least(side: int) -> float:
        return max(side / MOST_CELLS[one.kind], side * kernel.share, kernel.px, LEAST_CELL_PX)

    return least(one.box.right - one.box.left), least(one.box.bottom - one.box.top)


def _cells(least: tuple[float, float], window: Box) -> tuple[int, int]:
    """Cells of the window across and down."""
    across = max(1, round((window.right - window.left) / least[0]))
    return across, max(1, round((window.bottom - window.top) / least[1]))


def _blurred(part: Samples, cells: tuple[int, int]) -> Samples:
    return _enlarged(part, cells, cv2.INTER_CUBIC)


def _pixelated(part: Samples, cells: tuple[int, int]) -> Samples:
    return _enlarged(part, cells, cv2.INTER_NEAREST)


def _enlarged(part: Samples, cells: tuple[int, int], interpolation: int) -> Samples:
    means = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    size = part.shape[1], part.shape[0]
    return np.asarray(cv2.resize(means, size, interpolation=interpolation))


def _black(part: Samples, cells: tuple[int, int]) -> Samples:
    black = np.zeros_like(part)
    if part.ndim == 3 and part.shape[2] == 4:
        black[..., 3] = np.iinfo(part.dtype).max
    return black


REPLACEMENTS: Mapping[Method, Callable[[Samples, tuple[int, int]], Samples]] = {
    Method.BLUR: _blurred,
    Method.PIXELATE: _pixelated,
    Method.BLACKEN: _black,
}


def _opacity(one: Sighting, window: Box, kernel: Kernel, ignores: Areas) -> NDArray[np.float32]:
    """(h, w), 0..1: how much of what replaces the window is seen."""
    inside = covered(one, window, ())
    opacity = inside.astype(np.float32)
    if width := (kernel.start + min(kernel.stop, MOST_STOP)) * _shorter(one.box):
        outward = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_C, 3)
        inward = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_C, 3)
        depth = inward - outward + kernel.start * _shorter(one.box)
        opacity = np.clip(depth / width, 0, 1).astype(np.float32)
    for area in ignores:
        cv2.fillPoly(opacity, [area - (window.left, window.top)], 0.0)
    return opacity


def _blended(under: Samples, over: Samples, opacity: NDArray[np.float32]) -> Samples:
    share = opacity if under.ndim == 2 else opacity[..., None]
    mixed = under + (over.astype(np.float32) - under) * share
    return np.asarray(np.rint(mixed).astype(under.dtype))
