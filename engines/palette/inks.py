"""The inks of what was drawn or printed: what lies flat, and strokes that are no mixes of it."""

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.palette.k_medians import (
    Histogram,
    histogram_of,
    reduced,
    refined,
    seeds,
    squared_distances,
)
from engines.palette.sampling import QUIET, Look
from engines.palette.spaces import to_lab, to_levels, to_rgb
from engines.vision.morphology import square

Flags = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.intp]

_NEAR_FLAT = 3.0  # ΔE76 within which JPEG may have split one flat colour.
_SPARE_INKS = 24  # Colours found above those asked for, for edges have colours of their own.
_LEAST = 0.0002  # The least share of the unmixed pixels that an ink has.
_SHADE = 10.0  # ΔE76 within which a colour beside an ink is a shade of it.
_OFF = 3.0  # Levels by which a mix of two equal inks may be off.
_MIXED = 0.6  # The share of a mix's pixels beside whose inks they are.
_LIKE = 30.0  # ΔE76 within which a pixel still shows where an ink is.
_PALER = 20.0  # ΔE76 by which JPEG may leave a thin stroke paler than its ink.


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


def inks(look: Look, count: int) -> Floats:
    """The colours that lie flat, and the others that are no mixes of what is beside them."""
    is_rippled = look.is_rippled()
    unmixed = look.at(look.is_unmixed(0.85 if is_rippled else 0.95))
    histogram = histogram_of(unmixed.pixels, to_lab)
    centres = refined(seeds(histogram, count + _SPARE_INKS), histogram, rounds=8)
    clusters = _clusters(unmixed, histogram, centres, is_rippled)
    kept: list[int] = []
    for index in clusters.order:
        if clusters.is_flat[index] or not _is_mixed(clusters, index, kept, is_rippled):
            kept.append(index)
    return reduced(centres[kept], histogram, count, _NEAR_FLAT)


def _clusters(look: Look, histogram: Histogram, centres: Floats, is_rippled: bool) -> Clusters:
    owner = squared_distances(histogram.colors, centres).argmin(axis=1)[histogram.position]
    sizes = np.bincount(owner, minlength=len(centres))
    quiet = np.bincount(owner, look.spread <= QUIET, len(centres))
    apart = np.sqrt(squared_distances(centres, centres))
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
        to_levels(to_rgb(centres)[:, ::-1]),
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
