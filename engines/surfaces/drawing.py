"""A model in its scene, as seen from the side that was scanned."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.core.shapes import Pixels
from engines.surfaces.cloud import Array, Neighbours, Surface, diameter_of
from engines.surfaces.refinement import LEAST_COSINE
from engines.surfaces.visibility import view_of

SIDE_PX = 800
WINDOW = 1.8
"""Times the model's diameter that the picture's side is at most."""
GROUND = (40, 36, 34)
MET, NOT_MET = (80, 220, 90), (40, 140, 255)
"""BGR: green, and orange."""


def in_scene(scene: Surface, model: Surface, reach: float) -> Pixels:
    """The scene in grey; the model's points that face the viewer, in green where they are met."""
    view = _View.of(scene, model.points)
    image = _scene(scene, view)
    nearest, far = Neighbours(scene.points).nearest(model.points)
    alike = np.einsum("ij,ij->i", model.normals, scene.normals[nearest]) >= LEAST_COSINE
    faces = model.normals @ view.axes[2] < 0
    is_met = (far <= reach) & alike
    colours = np.where(is_met[faces, None], MET, NOT_MET).astype(np.uint8)
    _paint(image, view.projected(model.points[faces]), colours, 1.5)
    return image


def alone(scene: Surface) -> Pixels:
    """The scene in grey."""
    return _scene(scene, _View.of(scene, scene.points))


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    middle: Array
    axes: Array
    scale: float
    """px for the clouds' unit."""

    @classmethod
    def of(cls, scene: Surface, shown: Array) -> "_View":
        middle, reach = shown.mean(axis=0), diameter_of(shown)
        side = min(WINDOW * reach, 1.1 * diameter_of(scene.points))
        return cls(middle, _axes(scene, middle), SIDE_PX / side)

    def projected(self, points: Array) -> Array:
        return (points - self.middle) @ self.axes.T * self.scale


def _scene(scene: Surface, view: _View) -> Pixels:
    image = np.full((SIDE_PX, SIDE_PX, 3), GROUND, np.uint8)
    shade = 70 + 150 * np.abs(scene.normals @ view.axes[2])
    colours = np.repeat(shade[:, None], 3, axis=1).astype(np.uint8)
    _paint(image, view.projected(scene.points), colours, _dot(scene.points) * view.scale)
    return image


def _axes(scene: Surface, middle: Array) -> Array:
    """Right, down and ahead of the sensor, or of who looks from where the scene faces.

    Scans in a camera's frame, where z is ahead, keep its upright; others stand along z.
    """
    view = view_of(scene)
    ahead = middle if view.ahead is None else view.ahead
    ahead = ahead / max(float(np.linalg.norm(ahead)), 1e-12)
    down = np.array([0.0, 1.0, 0.0]) if ahead[2] > 0.5 else np.array([0.0, 0.0, -1.0])
    right = np.cross(down, ahead)
    if np.linalg.norm(right) < 0.1:  # straight from above
        right = np.cross([0.0, 1.0, 0.0], ahead)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(ahead, right), ahead])


def _dot(points: Array) -> float:
    """Half of what points are apart, so that dots close a surface."""
    nearest = Neighbours(points).of_each(2)[:, 1]
    return 1.1 * float(np.median(np.linalg.norm(points - points[nearest], axis=1)))


def _paint(image: Pixels, points: Array, colours: NDArray[np.uint8], radius: float) -> None:
    """Dots, the nearest last."""
    reach = int(np.clip(np.ceil(radius), 1, 6))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    inside = x * x + y * y <= max(radius, 1) ** 2 + 0.5
    far_first = np.argsort(-points[:, 2], kind="stable")
    at = np.floor(points[far_first, :2] + SIDE_PX / 2).astype(np.int64)
    column = (at[:, :1] + x[inside]).ravel()
    row = (at[:, 1:] + y[inside]).ravel()
    shown = (column >= 0) & (column < SIDE_PX) & (row >= 0) & (row < SIDE_PX)
    colour = np.repeat(colours[far_first], int(inside.sum()), axis=0)
    image[row[shown], column[shown]] = colour[shown]
