"""Refinement: iterative closest points, point to plane, and how well a pose is met."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.surfaces.cloud import Array, Neighbours, Surface

LEAST_COSINE = 0.8
DEPTH, STEEP = 6, 0.7
"""How far above the scene's surface, in reaches, and how nearly straight, points are before it."""
FREE = 0.02
"""Of the firmest direction's hold: what a whole model is held by where it is symmetric."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A scene's surface, its search tree, and what of it lies on planes larger than the model."""

    surface: Surface
    neighbours: Neighbours
    is_plane: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Meeting:
    """Which of a model's points have the scene's surface near them, facing alike, and how far off.

    Args:
        is_before: points that hang above the scene's surface, where its scan saw nothing.
        distances: along the scene's normals; of the points that are met.
        partners: the scene's points that those meet.
    """

    is_met: NDArray[np.bool_]
    is_before: NDArray[np.bool_]
    partners: NDArray[np.intp]
    distances: Array

    @property
    def share(self) -> float:
        """Of the model's points."""
        return float(self.is_met.mean())

    @property
    def score(self) -> float:
        """What speaks for the pose less what speaks against it."""
        return float(self.is_met.mean() - self.is_before.mean())

    @property
    def residual(self) -> float:
        """Root of the mean square."""
        return float(np.sqrt(np.mean(self.distances**2))) if len(self.distances) else np.inf


def met(model: Surface, pose: Array, target: Target, reach: float) -> Meeting:
    """Look which of the model's points are met within `reach`."""
    placed = model.moved(pose)
    nearest, far = target.neighbours.nearest(placed.points)
    faces = np.einsum("ij,ij->i", placed.normals, target.surface.normals[nearest])
    is_met = (far <= reach) & (faces >= LEAST_COSINE) & ~target.is_plane[nearest]
    off = placed.points - target.surface.points[nearest]
    along = np.einsum("ij,ij->i", off, target.surface.normals[nearest])
    is_before = (far > reach) & (far <= DEPTH * reach) & (along > STEEP * far)
    return Meeting(is_met, is_before, nearest[is_met], along[is_met])


def refine(
    model: Surface, pose: Array, target: Target, *, reach: float, tolerance: float, iterations: int
) -> Array:
    """Move a pose until the scene's surface is met best (Chen and Medioni).

    It ends when the residual changes by less than the share `tolerance`.
    """
    before = -1.0
    for _ in range(iterations):
        meeting = met(model, pose, target, reach)
        now = meeting.residual
        if len(meeting.distances) < 6 or abs(before - now) <= tolerance * now:
            break
        before = now
        pose = _step(model.moved(pose)[meeting.is_met], target.surface[meeting.partners]) @ pose
    return pose


def _step(model: Surface, scene: Surface) -> Array:
    """The small motion that brings points nearest to their partners' planes."""
    middle = scene.points.mean(axis=0)
    size = np.linalg.norm(scene.points - middle, axis=1).max()
    arms = (model.points - middle) / size
    columns = np.hstack([np.cross(arms, scene.normals), scene.normals])
    off = np.einsum("ij,ij->i", scene.points - model.points, scene.normals) / size
    hold = 1e-6 * len(off) * np.eye(6)  # for what slides along itself
    turn_and_shift = np.linalg.solve(columns.T @ columns + hold, columns.T @ off)
    turn = _rotation(turn_and_shift[:3])
    motion = np.eye(4)
    motion[:3, :3] = turn
    motion[:3, 3] = middle + turn_and_shift[3:] * size - turn @ middle
    return motion


def _rotation(vector: Array) -> Array:
    """Rodrigues' formula."""
    angle = float(np.linalg.norm(vector))
    if angle == 0:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def hold(model: Surface, is_met: NDArray[np.bool_]) -> float:
    """How firmly the met points hold the model in its freest direction, against all points.

    Directions in which the whole model is free, as a bottle about its axis, count for nothing.
    """
    if not is_met.any():
        return 0.0
    whole, part = _stiffness(model, model), _stiffness(model, model[is_met])
    firmness, directions = np.linalg.eigh(whole)
    is_held = firmness > FREE * firmness[-1]
    scaled = directions[:, is_held] / np.sqrt(firmness[is_held])
    return float(np.sqrt(max(np.linalg.eigvalsh(scaled.T @ part @ scaled)[0], 0)))


def _stiffness(model: Surface, part: Surface) -> Array:
    """The mean square by which a part's points leave their planes, as a form of small motions."""
    middle = model.points.mean(axis=0)
    size = np.linalg.norm(model.points - middle, axis=1).max()
    columns = np.hstack([np.cross((part.points - middle) / size, part.normals), part.normals])
    return np.asarray(columns.T @ columns / len(part))


def on_rotations(pose: Array) -> Array:
    """The nearest pose whose turn is a rotation, against what rounding adds up to."""
    left, _, right = np.linalg.svd(pose[:3, :3])
    left[:, 2] *= np.linalg.det(left @ right)
    exact = pose.copy()
    exact[:3, :3] = left @ right
    return exact
