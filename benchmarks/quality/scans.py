"""Scans of scenes: what one camera sees of known solids on a table, with noise."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from sklearn.neighbors import KDTree

from benchmarks.quality.solids import (
    SOLIDS,
    Array,
    Pose,
    Random,
    any_rotation,
    first_in_cell,
    rotation,
    surface,
)

DENSE = 24_000
CLEARANCE = 0.8
"""Of two solids' radii, what their middles are apart at least."""
TABLE_HALF = 3.5


@dataclass(frozen=True, slots=True)
class Scan:
    """A model, a scene, and where the model is in it, if it is.

    Args:
        hidden: share of what the camera would see of the model alone that other things hide.
        occlusion: share of the model's whole surface that the camera does not see.
    """

    name: str
    model: Array
    scene: Array
    pose: Pose | None
    hidden: float = 0
    occlusion: float = 0


@dataclass(frozen=True, slots=True)
class _Placed:
    name: str
    scale: float
    pose: Pose

    @property
    def cloud(self) -> Array:
        dense = _dense(self.name)
        return self.pose.place(np.hstack([dense[:, :3] * self.scale, dense[:, 3:]]))

    @property
    def radius(self) -> float:
        return self.scale * float(np.linalg.norm(_dense(self.name)[:, :3], axis=1).max())


@dataclass(frozen=True, slots=True)
class _Camera:
    eye: Array
    turn: Array
    """Its rows are right, down and ahead."""
    pixel: float
    """At distance 1."""

    def seen(self, things: list[_Placed], *, with_table: bool = True) -> tuple[Array, Array]:
        """Points with normals in the camera's frame, and of which thing each is; -1 the table."""
        clouds = [one.cloud for one in things] + [self._table()] * with_table
        owners = [*range(len(things))] + [-1] * with_table
        owner = np.repeat(owners, [len(one) for one in clouds])
        cloud = np.vstack(clouds)
        local = Pose(self.turn, -self.turn @ self.eye).place(cloud)
        points, normals = local[:, :3], local[:, 3:]
        faces = np.flatnonzero((points * normals).sum(axis=1) < 0)
        at = np.floor(points[faces, :2] / points[faces, 2:] / self.pixel).astype(np.int64)
        near_first = np.argsort(points[faces, 2], kind="stable")
        kept = np.sort(faces[near_first[first_in_cell(at[near_first])]])
        return local[kept], owner[kept]

    def _table(self) -> Array:
        """A point of the table for each pixel that looks at it."""
        reach = int(1.2 / self.pixel)
        x, y = np.meshgrid(np.arange(-reach, reach) + 0.5, np.arange(-reach, reach) + 0.5)
        rays = np.stack([x * self.pixel, y * self.pixel, np.ones_like(x)], -1).reshape(-1, 3)
        rays = rays @ self.turn
        rays = rays[rays[:, 2] < -0.05]
        at = self.eye - rays * (self.eye[2] / rays[:, 2])[:, None]
        at = at[np.abs(at[:, :2]).max(axis=1) < TABLE_HALF]
        return np.hstack([at, np.broadcast_to([0.0, 0.0, 1.0], at.shape)])


@cache
def _dense(name: str) -> Array:
    return surface(SOLIDS[name], DENSE, np.random.default_rng(0))


def present(random: Random, *, hidden: tuple[float, float]) -> Scan:
    """A scene that holds the model, of which others hide a share between these two.

    It is drawn anew where what is seen would not tell the pose, as of a mug without its handle.
    """
    name = str(random.choice([*SOLIDS]))
    while True:
        things = _arranged(random, name)
        camera = _looking_at(random, things[0])
        if not _hide(random, things, camera, hidden):
            continue
        scan = _scanned(random, name, things, camera)
        if hidden[0] <= scan.hidden <= hidden[1] and is_determined(scan):
            return _at_any_scale(random, scan)


def absent(random: Random) -> Scan:
    """A scene that holds other things only."""
    name, other = map(str, random.choice([*SOLIDS], 2, replace=False))
    things = _arranged(random, other, never=name)
    camera = _looking_at(random, things[0])
    _hide(random, things, camera, (0, 0.6))
    return _at_any_scale(random, replace(_scanned(random, name, things, camera), pose=None))


def _hide(
    random: Random, things: list[_Placed], camera: _Camera, hidden: tuple[float, float]
) -> bool:
    """Move the second thing before the first, so that it hides about so much of it."""
    alone = len(camera.seen(things[:1], with_table=False)[1])
    for _ in range(20):
        other = _before(random, things[0], things[1], camera)
        left = (camera.seen([things[0], other], with_table=False)[1] == 0).sum()
        if hidden[0] <= 1 - left / alone <= hidden[1]:
            things[1] = other
            return True
    return False


def _arranged(random: Random, first: str, never: str = "") -> list[_Placed]:
    """The first at the middle of the table, others around it."""
    names = [one for one in SOLIDS if one not in (first, never)]
    placed = [_rested(random, first, 1.0, np.zeros(2))]
    for _ in range(int(random.integers(4, 9))):
        scale = random.uniform(0.6, 1.4)
        for _ in range(30):
            at = random.uniform(-3, 3, 2)
            one = _rested(random, str(random.choice(names)), scale, at)
            if all(_are_apart(one, other) for other in placed):
                placed.append(one)
                break
    return placed


def _rested(random: Random, name: str, scale: float, at: Array) -> _Placed:
    """Turned in any way, its lowest point on the table."""
    turn = any_rotation(random)
    low = float((_dense(name)[:, :3] @ turn.T)[:, 2].min()) * scale
    return _Placed(name, scale, Pose(turn, np.array([*at, -low])))


def _are_apart(one: _Placed, other: _Placed) -> bool:
    apart = float(np.linalg.norm(one.pose.shift - other.pose.shift))
    return apart > CLEARANCE * (one.radius + other.radius)


def _looking_at(random: Random, thing: _Placed) -> _Camera:
    around, above = random.uniform(0, 2 * np.pi), np.radians(random.uniform(25, 70))
    away = np.array([np.cos(around) * np.cos(above), np.sin(around) * np.cos(above), np.sin(above)])
    eye = thing.pose.shift + random.uniform(7, 12) * away
    right = np.cross([0, 0, -1.0], -away)
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(-away, right), -away])
    far = float(np.linalg.norm(eye - thing.pose.shift))
    return _Camera(eye, turn, random.uniform(0.03, 0.045) / far)


def _before(random: Random, thing: _Placed, other: _Placed, camera: _Camera) -> _Placed:
    """The other, moved to between the thing and the camera, a little aside."""
    ahead = camera.eye - thing.pose.shift
    ahead /= np.linalg.norm(ahead)
    far = random.uniform(CLEARANCE, 1.3) * (thing.radius + other.radius)
    aside = camera.turn[:2].T @ random.uniform(-1, 1, 2) * thing.radius
    return _Placed(
        other.name, other.scale, Pose(other.pose.turn, thing.pose.shift + far * ahead + aside)
    )


def _scanned(random: Random, name: str, things: list[_Placed], camera: _Camera) -> Scan:
    seen, owner = camera.seen(things)
    model = surface(SOLIDS[name], int(random.integers(2000, 5000)), random)
    scene = _noisy(random, seen, diameter_of(model) * random.uniform(0.001, 0.004))
    first = things[0].pose
    pose = Pose(camera.turn @ first.turn, camera.turn @ (first.shift - camera.eye))
    alone = len(camera.seen(things[:1], with_table=False)[1])
    hidden = 1 - int((owner == 0).sum()) / alone
    return Scan(name, model, scene, pose, hidden, _unseen(model, pose, seen[owner == 0]))


def diameter_of(cloud: Array) -> float:
    """The diagonal of a cloud's bounding box."""
    return float(np.linalg.norm(np.ptp(cloud[:, :3], axis=0)))


def _unseen(model: Array, pose: Pose, seen: Array) -> float:
    """The share of a model's points that have nothing seen of it around them."""
    if not len(seen):
        return 1.0
    far = KDTree(seen[:, :3]).query(pose.place(model)[:, :3])[0]
    return float((far > 0.06).mean())


def _noisy(random: Random, cloud: Array, sigma: float) -> Array:
    """Noise along the ray and of the normals."""
    points, normals = cloud[:, :3], cloud[:, 3:]
    away = points / np.linalg.norm(points, axis=1)[:, None]
    points = points + away * random.normal(0, sigma, (len(points), 1))
    normals = normals + random.normal(0, 0.08, normals.shape)
    normals /= np.linalg.norm(normals, axis=1)[:, None]
    return np.hstack([points, normals])


def _at_any_scale(random: Random, scan: Scan) -> Scan:
    by = 10 ** random.uniform(-1, 2.5)
    scale = np.array([by] * 3 + [1] * 3)
    pose = scan.pose and Pose(scan.pose.turn, scan.pose.shift * by)
    model, scene = (
        (one * scale).astype(np.float32).astype(float) for one in (scan.model, scan.scene)
    )
    return Scan(scan.name, model, scene, pose, scan.hidden, scan.occlusion)


@cache
def symmetries(name: str) -> tuple[Array, ...]:
    """The turns about a coordinate axis, by degrees, that leave a solid as it is."""
    points = _dense(name)[::60, :3]
    return tuple(one for one in _turns(1) if np.abs(SOLIDS[name](points @ one.T)).max() < 0.004)


def _turns(step: int) -> Iterator[Array]:
    flip = np.diag([1.0, -1.0, -1.0])
    yield np.eye(3)
    for axis in np.eye(3):
        for degrees in range(0, 360, step):
            turn = rotation(axis, np.radians(degrees))
            yield turn
            if axis[2]:
                yield turn @ flip


def is_determined(scan: Scan) -> bool:
    """Whether what is seen of the model tells its pose, but for the solid's symmetries."""
    assert scan.pose is not None
    own = (scan.scene[:, :3] - scan.pose.shift) @ scan.pose.turn
    solid = SOLIDS[scan.name]
    on_it = np.abs(solid(own)) < 0.03
    own = own[on_it]
    normals = scan.scene[on_it, 3:] @ scan.pose.turn
    if len(own) < 60:
        return False
    same = symmetries(scan.name)
    if len(same) < 100 and _least_held(own, normals) < 0.05:
        return False
    traces = np.einsum("aij,bij->ab", [*_turns(10)], same)
    is_symmetry = (traces > 1 + 2 * np.cos(np.radians(9))).any(axis=1)
    for turn in np.array([*_turns(10)])[~is_symmetry]:
        if np.quantile(np.abs(solid(own @ turn.T)), 0.9) < 0.025:
            return False
    return True


def _least_held(points: Array, normals: Array) -> float:
    """By how much points leave their planes when the surface moves by 1 in its freest way."""
    middle = points - points.mean(axis=0)
    columns = np.hstack([np.cross(middle, normals), normals])
    return float(np.sqrt(np.linalg.eigvalsh(columns.T @ columns / len(points))[0]))


def apart(scan: Scan, turn: Array, shift: Array) -> tuple[float, float]:
    """By how many degrees, and what share of the diameter, a pose misses the true one."""
    assert scan.pose is not None
    off = np.linalg.norm(shift - scan.pose.shift)  # the symmetries keep the model's origin
    angles = [
        np.degrees(np.arccos(np.clip((np.trace(turn.T @ scan.pose.turn @ one) - 1) / 2, -1, 1)))
        for one in symmetries(scan.name)
    ]
    return float(min(angles)), float(off) / diameter_of(scan.model)


def in_another_frame(random: Random, scan: Scan) -> Scan:
    """The same scan, turned and shifted, so that nobody knows where the sensor stood."""
    turn = any_rotation(random)
    shift = random.normal(size=3) * 3 * diameter_of(scan.model)
    frame = Pose(turn, shift - turn @ scan.scene[:, :3].mean(axis=0))
    pose = scan.pose and Pose(turn @ scan.pose.turn, turn @ scan.pose.shift + frame.shift)
    return replace(scan, scene=frame.place(scan.scene), pose=pose)
