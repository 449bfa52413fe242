"""Solids of known shape as signed distances, and scans of scenes that hold them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.float64]
Random: TypeAlias = np.random.Generator
Solid: TypeAlias = Callable[[Array], Array]
"""Signed distance of points (N, 3) from a surface, negative inside."""


def _norm(p: Array) -> Array:
    return np.asarray(np.linalg.norm(p, axis=-1))


def ball(radius: float, *stretch: float) -> Solid:
    """A ball, or roughly an ellipsoid."""
    by = np.array(stretch or (1, 1, 1))
    return lambda p: (_norm(p / by) - radius) * by.min()


def box(*sides: float, rounding: float = 0.0) -> Solid:
    """A box of these half sides."""

    def distance(p: Array) -> Array:
        q = np.abs(p) - np.array(sides) + rounding
        return np.asarray(_norm(np.maximum(q, 0)) + np.minimum(q.max(axis=1), 0) - rounding)

    return distance


def cylinder(radius: float, half: float) -> Solid:
    """A cylinder along z."""

    def distance(p: Array) -> Array:
        q = np.stack([_norm(p[:, :2]) - radius, np.abs(p[:, 2]) - half], axis=1)
        return np.asarray(_norm(np.maximum(q, 0)) + np.minimum(q.max(axis=1), 0))

    return distance


def prism(corners: int, radius: float, half: float) -> Solid:
    """A regular prism along z, by its inner radius."""
    at = np.arange(corners) * 2 * np.pi / corners
    sides = np.stack([np.cos(at), np.sin(at)])
    return lambda p: np.maximum((p[:, :2] @ sides).max(axis=1) - radius, np.abs(p[:, 2]) - half)


def cone(low: float, high: float, half: float) -> Solid:
    """A frustum along z, of these radii at its ends."""
    slope = (high - low) / (2 * half)
    by = 1 / np.hypot(1, slope)
    return lambda p: np.maximum(
        (_norm(p[:, :2]) - low - slope * (p[:, 2] + half)) * by, np.abs(p[:, 2]) - half
    )


def ring(radius: float, thickness: float) -> Solid:
    """A torus around z."""
    return lambda p: np.hypot(_norm(p[:, :2]) - radius, p[:, 2]) - thickness


def moved(one: Solid, *by: float) -> Solid:
    return lambda p: one(p - np.array(by))


def turned(one: Solid, axis: str, degrees: float) -> Solid:
    """Turned about a coordinate axis through the origin."""
    turn = rotation(np.eye(3)["xyz".index(axis)], np.radians(degrees))
    return lambda p: one(p @ turn)


def joined(*parts: Solid, blend: float = 0.0) -> Solid:
    """The union, with fillets where `blend` is above 0."""

    def distance(p: Array) -> Array:
        total = parts[0](p)
        for part in parts[1:]:
            other = part(p)
            near = np.clip(blend - np.abs(total - other), 0, None)
            fillet = near**2 / (4 * blend) if blend else 0.0
            total = np.minimum(total, other) - fillet
        return total

    return distance


def without(one: Solid, *holes: Solid) -> Solid:
    return lambda p: np.maximum(one(p), -np.minimum.reduce([hole(p) for hole in holes]))


def rotation(axis: Array, angle: float) -> Array:
    """Rodrigues' formula."""
    x, y, z = axis / np.linalg.norm(axis)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)


def any_rotation(random: Random) -> Array:
    """Uniform over all rotations, by a quaternion."""
    w, x, y, z = (q := random.normal(size=4)) / np.linalg.norm(q)
    return rotation(np.array([x, y, z]), 2 * np.arctan2(np.sqrt(x * x + y * y + z * z), w))


def _gear(teeth: int) -> Solid:
    at = [(np.cos(a), np.sin(a), a) for a in np.arange(teeth) * 2 * np.pi / teeth]
    tooth = [
        moved(turned(box(0.14, 0.1, 0.2), "z", np.degrees(a)), 0.95 * x, 0.95 * y, 0)
        for x, y, a in at
    ]
    hub = moved(cylinder(0.4, 0.15), 0, 0, 0.25)
    return without(joined(cylinder(0.85, 0.2), *tooth, hub), cylinder(0.2, 1))


SOLIDS: dict[str, Solid] = {
    "bracket": without(
        joined(box(0.9, 0.5, 0.1), moved(box(0.1, 0.5, 0.6), -0.8, 0, 0.5)),
        moved(cylinder(0.2, 1), 0.45, 0.1, 0),
        moved(turned(cylinder(0.15, 1), "y", 90), -0.8, -0.15, 0.7),
    ),
    "mug": joined(
        without(cylinder(0.55, 0.7), moved(cylinder(0.46, 0.7), 0, 0, 0.12)),
        without(moved(turned(ring(0.38, 0.09), "x", 90), 0.6, 0, 0), cylinder(0.5, 0.65)),
    ),
    "gear": _gear(9),
    "torus": ring(0.7, 0.28),
    "blob": joined(
        ball(0.5),
        moved(ball(0.35), 0.6, 0.2, 0.1),
        moved(ball(0.3), -0.2, 0.6, 0.25),
        moved(ball(0.27), -0.1, -0.35, 0.55),
        blend=0.3,
    ),
    "rabbit": joined(
        ball(0.6, 1.2, 0.9, 0.9),
        moved(ball(0.36), 0.75, 0, 0.4),
        moved(turned(ball(0.36, 0.3, 0.22, 1), "y", -20), 0.65, 0.2, 0.95),
        moved(turned(ball(0.36, 0.3, 0.22, 1), "y", 15), 0.75, -0.2, 0.95),
        moved(ball(0.18), -0.75, 0, 0.1),
        blend=0.12,
    ),
    "tee": without(
        joined(
            cylinder(0.3, 0.9),
            turned(moved(cylinder(0.25, 0.4), 0, 0, 0.5), "y", 90),
            moved(cylinder(0.45, 0.08), 0, 0, -0.85),
        ),
        cylinder(0.2, 2),
        turned(moved(cylinder(0.16, 0.6), 0, 0, 0.5), "y", 90),
    ),
    "bolt": joined(prism(6, 0.45, 0.2), moved(cylinder(0.25, 0.6), 0, 0, 0.75)),
    "hammer": joined(
        turned(cylinder(0.12, 0.9), "x", 90),
        moved(box(0.45, 0.17, 0.17, rounding=0.04), 0.1, 0.85, 0),
        moved(turned(prism(4, 0.14, 0.2), "y", 60), -0.45, 0.85, 0),
        blend=0.04,
    ),
    "camera": joined(
        box(0.7, 0.25, 0.45, rounding=0.08),
        moved(turned(cylinder(0.3, 0.3), "x", 90), 0.15, -0.45, -0.05),
        moved(box(0.15, 0.12, 0.08), -0.35, 0, 0.5),
    ),
    "duck": joined(
        ball(0.6, 1.25, 0.85, 0.7),
        moved(ball(0.34), 0.5, 0, 0.55),
        moved(ball(0.2, 1.2, 0.8, 0.35), 0.88, 0, 0.5),
        moved(turned(cone(0.25, 0.03, 0.25), "y", -60), -0.8, 0, 0.2),
        blend=0.1,
    ),
    "bottle": joined(cylinder(0.4, 0.6), moved(cone(0.4, 0.15, 0.2), 0, 0, 0.8),
                     moved(cylinder(0.15, 0.2), 0, 0, 1.15), blend=0.03),
    "plate": without(
        joined(box(1, 0.6, 0.08), moved(box(0.15, 0.5, 0.25), 0.6, 0, 0.2),
               moved(cylinder(0.2, 0.25), -0.5, 0.25, 0.2)),
        moved(cylinder(0.18, 1), -0.1, -0.25, 0),
    ),
    "plane": joined(
        turned(ball(0.2, 1, 1, 4.5), "y", 90),
        moved(box(0.2, 0.9, 0.05, rounding=0.04), 0.1, 0, 0),
        moved(box(0.12, 0.35, 0.04, rounding=0.03), -0.75, 0, 0.05),
        moved(box(0.14, 0.04, 0.22, rounding=0.03), -0.75, 0, 0.22),
        blend=0.06,
    ),
    "step": joined(box(0.8, 0.5, 0.2), moved(box(0.5, 0.5, 0.2), -0.3, 0, 0.35),
                   moved(box(0.2, 0.3, 0.25), -0.55, -0.15, 0.75)),
    "figure": joined(
        moved(cone(0.5, 0.3, 0.4), 0, 0, -0.4),
        moved(ball(0.3, 1, 0.8, 1.2), 0, 0, 0.25),
        moved(ball(0.24), 0.03, 0, 0.8),
        moved(turned(cylinder(0.09, 0.35), "x", 55), 0, 0.4, 0.3),
        moved(turned(cylinder(0.09, 0.3), "x", -20), 0.1, -0.35, 0.1),
        blend=0.1,
    ),
}  # fmt: skip
"""Parts as of CAD and freeform shapes, about two units long."""


def gradient(solid: Solid, p: Array) -> Array:
    """The direction away from the surface, of length 1."""
    steps = 1e-4 * np.eye(3)
    slope = np.stack([solid(p + one) - solid(p - one) for one in steps], axis=1)
    return np.asarray(slope / np.maximum(_norm(slope), 1e-12)[:, None])


def surface(solid: Solid, count: int, random: Random) -> Array:
    """So many points with normals (N, 6) or a little less, spread evenly over the surface."""
    p = random.uniform(-1.7, 1.7, (6 * count, 3))
    p = p[np.argsort(np.abs(solid(p)), kind="stable")[: 3 * count]]
    for _ in range(4):
        p = p - solid(p)[:, None] * gradient(solid, p)
    p = p[np.abs(solid(p)) < 1e-3]
    low, high = 1e-3, 1.0
    for _ in range(12):  # the cell that leaves one point in each of so many cells
        side = np.sqrt(low * high)
        kept = first_in_cell(np.floor(p / side).astype(np.int64))
        low, high = (side, high) if len(kept) > count else (low, side)
    p = p[kept]
    return np.hstack([p, gradient(solid, p)])


def first_in_cell(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which rows are the first with their whole numbers, in order."""
    sides = np.ptp(cells, axis=0) + 1
    keys = np.ravel_multi_index(tuple((cells - cells.min(axis=0)).T), tuple(sides))
    return np.sort(np.unique(keys, return_index=True)[1])


@dataclass(frozen=True, slots=True)
class Pose:
    """Turn, then shift."""

    turn: Array
    shift: Array

    def place(self, cloud: Array) -> Array:
        """Points with normals (N, 6), moved."""
        normals = cloud[:, 3:] @ self.turn.T
        return np.hstack([cloud[:, :3] @ self.turn.T + self.shift, normals])
