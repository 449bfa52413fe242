"""Visibility: which of a model's points a scan should have seen where the model is placed."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.surfaces.cloud import Array, Surface, diameter_of

FACING = 0.25
SENSOR_AT_ORIGIN = 0.98
"""Share of a scan's points that face the origin where the sensor stands there."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """From where a scene was scanned: the origin, as of a depth camera, or a direction."""

    scene: Surface
    ahead: Array | None

    @property
    def is_known(self) -> bool:
        """Whether the sensor's place is known, and not its direction alone guessed."""
        return self.ahead is None

    def conflicts(self, model: Surface, *, reach: float, pixel: float) -> NDArray[np.bool_]:
        """Points of the placed model that face the viewer, and through which the scene is seen."""
        middle = model.points.mean(axis=0)
        axes = _axes(middle if self.ahead is None else self.ahead)
        size = 0.6 * diameter_of(model.points)
        scene_cells, scene_depth = self._projected(self.scene.points, axes, middle, pixel)
        cells, depth = self._projected(model.points, axes, middle, pixel)
        half = int(np.ceil(size / pixel))
        nearest = np.full((2 * half + 1, 2 * half + 1), -np.inf)
        inside = (np.abs(scene_cells) <= half).all(axis=1)
        column, row = (scene_cells[inside] + half).T
        nearest[row, column] = np.inf
        np.minimum.at(nearest, (row, column), scene_depth[inside])
        column, row = (cells.clip(-half, half) + half).T
        rays = model.points if self.ahead is None else self.ahead
        facing = -(model.normals * rays).sum(axis=1) / np.linalg.norm(rays, axis=-1)
        return np.asarray((facing > FACING) & (nearest[row, column] > depth + reach))

    def _projected(
        self, points: Array, axes: Array, middle: Array, pixel: float
    ) -> tuple[NDArray[np.int64], Array]:
        """Cells of a picture in the plane of the model's middle, and how far behind the viewer."""
        if self.ahead is not None:
            local = (points - middle) @ axes.T
            return np.floor(local[:, :2] / pixel).astype(np.int64), local[:, 2]
        local = points @ axes.T
        depth = np.where(local[:, 2] > 0, local[:, 2], np.nan)
        flat = np.nan_to_num(local[:, :2] / depth[:, None], nan=1e6) * np.linalg.norm(middle)
        cells = np.floor(flat / pixel).clip(-(2**40), 2**40).astype(np.int64)
        return cells, np.linalg.norm(points, axis=1)


def view_of(scene: Surface) -> View:
    """From the origin if all the scene faces it; else from where it faces on the whole."""
    faces = np.einsum("ij,ij->i", scene.normals, scene.points) < 0
    if faces.mean() >= SENSOR_AT_ORIGIN:
        return View(scene, None)
    mean = scene.normals.mean(axis=0)
    return View(scene, -mean / np.linalg.norm(mean))


def _axes(ahead: Array) -> Array:
    """Right, down and ahead, upright in no special way."""
    ahead = ahead / np.linalg.norm(ahead)
    right = np.cross(np.eye(3)[np.abs(ahead).argmin()], ahead)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(ahead, right), ahead])
