"""Clouds of points with normals, and how they are thinned and searched."""

from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.intp]

MOST_CELLS_A_SIDE = 2**20
"""Three such sides and six facings fit into a key of 63 bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Oriented points: float64 (N, 3) each; the normals have length 1."""

    points: Array
    normals: Array

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, chosen: slice | Indices | NDArray[np.bool_]) -> "Surface":
        return Surface(self.points[chosen], self.normals[chosen])

    def moved(self, pose: Array) -> "Surface":
        """Turned and shifted by a 4 x 4 matrix."""
        return Surface(self.points @ pose[:3, :3].T + pose[:3, 3], self.normals @ pose[:3, :3].T)


def diameter_of(points: Array) -> float:
    """The diagonal of the bounding box."""
    return float(np.linalg.norm(np.ptp(points, axis=0)))


def thinned(surface: Surface, step: float) -> Surface:
    """One mean point for each cell of a grid, and for each of six ways that its normals may face.

    Both sides of a thin sheet thus stay apart, whose mean would face nowhere.
    """
    cells = np.floor((surface.points - surface.points.min(axis=0)) / step).astype(np.int64)
    axis = np.abs(surface.normals).argmax(axis=1)
    faces_back = np.take_along_axis(surface.normals, axis[:, None], axis=1)[:, 0] < 0
    columns = (*cells.T, axis, faces_back.astype(np.int64))
    keys = np.ravel_multi_index(columns, (*(cells.max(axis=0) + 1), 3, 2))
    _, group, counts = np.unique(keys, return_inverse=True, return_counts=True)
    means = [
        np.bincount(group, column) / counts for column in (*surface.points.T, *surface.normals.T)
    ]
    normals = np.stack(means[3:], axis=1)
    return Surface(
        np.stack(means[:3], axis=1), normals / np.linalg.norm(normals, axis=1, keepdims=True)
    )


class Neighbours:
    """Finds the nearest of some points; exactly, by a k-d tree."""

    def __init__(self, points: Array) -> None:
        self._middle = points.mean(axis=0)  # float32 holds what is near 0 best
        self._kept = np.ascontiguousarray(points - self._middle, np.float32)
        self._tree = cv2.flann.Index(self._kept, {"algorithm": 4, "leaf_max_size": 10})

    def nearest(self, points: Array) -> tuple[Indices, Array]:
        """For each point the index of the nearest, and how far that is."""
        asked = np.ascontiguousarray(points - self._middle, np.float32)
        found, squares = self._tree.knnSearch(asked, 1, params={"checks": -1})
        return found[:, 0].astype(np.intp), np.sqrt(squares[:, 0].astype(np.float64))

    def of_each(self, count: int) -> Indices:
        """The nearest of each of the points, itself among them."""
        return self._tree.knnSearch(self._kept, count, params={"checks": -1})[0].astype(np.intp)
