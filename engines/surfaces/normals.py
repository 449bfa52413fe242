"""Normals of a cloud that has none: by the plane through each point's neighbours."""

from heapq import heappop, heappush

import numpy as np
from numpy.typing import NDArray

from engines.surfaces.cloud import Array, Neighbours, Surface, diameter_of

NEIGHBOURS = 12
MOST_POINTS = 20_000


def facing_origin(points: Array) -> Surface:
    """Normals that face the origin, where a depth camera stands in what it has scanned."""
    points = _thinned(points)
    normals, _ = _normals(points)
    away = np.einsum("ij,ij->i", normals, points) > 0
    return Surface(points, np.where(away[:, None], -normals, normals))


def facing_outward(points: Array) -> Surface:
    """Normals of a closed surface, neighbours alike (Hoppe et al.), those of its top upward."""
    points = _thinned(points)
    normals, neighbours = _normals(points)
    is_done = np.zeros(len(points), np.bool_)
    for top in np.argsort(-points[:, 2], kind="stable"):
        if not is_done[top]:
            normals[top] *= 1 if normals[top, 2] >= 0 else -1
            _spread(int(top), normals, neighbours, is_done)
    return Surface(points, normals)


def _spread(
    start: int, normals: Array, neighbours: NDArray[np.intp], is_done: NDArray[np.bool_]
) -> None:
    """Turn the normals of all that hangs together, the most parallel neighbours first."""
    waiting = [(0.0, start, start)]
    while waiting:
        _, origin, one = heappop(waiting)
        if is_done[one]:
            continue
        is_done[one] = True
        if normals[origin] @ normals[one] < 0:
            normals[one] *= -1
        for other in neighbours[one][~is_done[neighbours[one]]]:
            heappush(waiting, (1 - abs(float(normals[one] @ normals[other])), one, int(other)))


def _normals(points: Array) -> tuple[Array, NDArray[np.intp]]:
    """Normals that face either way, and each point's neighbours."""
    found = Neighbours(points).of_each(min(NEIGHBOURS, len(points)))
    around = points[found] - points[found].mean(axis=1, keepdims=True)
    _, axes = np.linalg.eigh(np.einsum("nki,nkj->nij", around, around))
    return axes[:, :, 0], found


def _thinned(points: Array) -> Array:
    """At most so many of the points, evenly, the first of each cell of a grid."""
    step = diameter_of(points) / 1000
    while len(points) > MOST_POINTS:
        cells = np.floor((points - points.min(axis=0)) / step).astype(np.int64)
        kept = np.unique(cells, axis=0, return_index=True)[1]
        points, step = points[np.sort(kept)], step * 1.25
    return points
