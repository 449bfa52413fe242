"""Planes that are larger than what is looked for: tables, floors, walls."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.surfaces.cloud import Array, Surface, diameter_of

TRIES = 200
FEWEST_POINTS = 20
MOST_PLANES = 6
SEED = 0
LEAST_COSINE = 0.9
LARGER = 1.5
"""Times the model's diameter that a plane extends to be none of its faces."""


@dataclass(frozen=True, slots=True, eq=False)
class Plane:
    """A plane through a point."""

    at: Array
    normal: Array

    def holds(self, surface: Surface, thickness: float) -> NDArray[np.bool_]:
        """Which points lie on it and face along it, either way."""
        is_near = np.abs((surface.points - self.at) @ self.normal) < thickness
        return np.asarray(is_near & (np.abs(surface.normals @ self.normal) > LEAST_COSINE))


def large_planes(scene: Surface, *, thickness: float, diameter: float) -> list[Plane]:
    """Planes that extend further than a model of this diameter, the largest first."""
    planes = list[Plane]()
    left = scene
    random = np.random.default_rng(SEED)
    while len(left) >= FEWEST_POINTS and len(planes) < MOST_PLANES:
        plane = _largest(left, thickness, random)
        on_it = plane.holds(left, thickness)
        if diameter_of(left.points[on_it]) < LARGER * diameter:
            break
        planes.append(plane)
        left = left[~on_it]
    return planes


def on_planes(surface: Surface, planes: list[Plane], thickness: float) -> NDArray[np.bool_]:
    """Which points lie on any of them."""
    is_on = np.zeros(len(surface), np.bool_)
    for plane in planes:
        is_on |= plane.holds(surface, thickness)
    return is_on


def _largest(scene: Surface, thickness: float, random: np.random.Generator) -> Plane:
    """The plane through one of the points that holds most of them, fitted anew to those."""
    tried = [
        Plane(scene.points[one], scene.normals[one])
        for one in random.integers(0, len(scene), TRIES)
    ]
    best = max(tried, key=lambda plane: int(plane.holds(scene, thickness).sum()))
    points = scene.points[best.holds(scene, thickness)]
    middle = points.mean(axis=0)
    return Plane(middle, np.linalg.svd(points - middle, full_matrices=False)[2][2])
