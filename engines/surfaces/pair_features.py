"""Point pair features: poses of a model that pairs of a scene's points vote for."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.surfaces.cloud import Array, Indices, Surface

MOST_PAIRS_A_FEATURE = 128
"""Pairs as of one plane are so many that they cost most of the time, and tell least."""
MOST_PARTNERS = 4000
"""Points within reach of one that are paired with it; a solid's surface has fewer."""
PEAKS = 3
BLOCK = 256
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class PairTable:
    """The pairs of a model's points, by their features.

    Args:
        features: the different ones, in order; the pairs of one lie together.
        starts: where those of each begin, and of the last end.
        first: the pairs' first points.
        angles: of the pairs' second points about the first ones' normals.
    """

    model: Surface
    reach: float
    distance_step: float
    num_angles: int
    features: NDArray[np.int64]
    starts: NDArray[np.int64]
    first: NDArray[np.int32]
    angles: NDArray[np.float32]


def train(model: Surface, *, distance_step: float, num_angles: int) -> PairTable:
    """Sort all pairs of a model's points by their features."""
    reach = max(float(np.linalg.norm(model.points - one, axis=1).max()) for one in model.points)
    parts = []
    frames = frames_of(model.normals)
    every = np.arange(len(model))
    for start in range(0, len(model), BLOCK):
        chosen = every[start : start + BLOCK]
        first, second = (side.ravel() for side in np.meshgrid(chosen, every, indexing="ij"))
        first, second = first[first != second], second[first != second]
        features, angles = _features(model, frames, first, second, distance_step, num_angles)
        parts.append((features, first, angles))
    features, first, angles = map(np.concatenate, zip(*parts, strict=True))
    kept = _few_of_each(features)
    distinct, starts = np.unique(features[kept], return_index=True)
    return PairTable(
        model=model,
        reach=reach,
        distance_step=distance_step,
        num_angles=num_angles,
        features=distinct,
        starts=np.append(starts, len(kept)),
        first=first[kept].astype(np.int32),
        angles=angles[kept].astype(np.float32),
    )


def _few_of_each(features: NDArray[np.int64]) -> Indices:
    """An order by features that keeps some of each, chosen at random."""
    shuffled = np.random.default_rng(SEED).permutation(len(features))
    order = shuffled[np.argsort(features[shuffled], kind="stable")]
    ordered = features[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    rank = np.arange(len(ordered)) - np.repeat(begins, np.diff(begins, append=len(ordered)))
    return order[rank < MOST_PAIRS_A_FEATURE]


def frames_of(normals: Array) -> Array:
    """For each normal a rotation (3, 3) that turns it to x."""
    aside = np.eye(3)[np.abs(normals).argmin(axis=1)]
    second = np.cross(normals, aside)
    second /= np.linalg.norm(second, axis=1, keepdims=True)
    return np.stack([normals, second, np.cross(normals, second)], axis=1)


def _features(
    surface: Surface,
    frames: Array,
    first: Indices,
    second: Indices,
    distance_step: float,
    num_angles: int,
) -> tuple[NDArray[np.int64], Array]:
    """The features of pairs as whole numbers, and the angle of each second point.

    Drost et al.: the distance, the angles of both normals to the line, and that between them.
    """
    line = surface.points[second] - surface.points[first]
    far = np.maximum(np.linalg.norm(line, axis=1), 1e-12)
    here, there = surface.normals[first], surface.normals[second]
    cosines = np.stack(
        [
            np.einsum("ij,ij->i", here, line) / far,
            np.einsum("ij,ij->i", there, line) / far,
            np.einsum("ij,ij->i", here, there),
        ]
    )
    bins = max(num_angles // 2, 1)
    turns = np.arccos(np.clip(cosines, -1, 1)) * (bins / np.pi)
    feature = np.floor(far / distance_step).astype(np.int64)
    for turn in turns:
        feature = feature * bins + np.minimum(turn.astype(np.int64), bins - 1)
    y = np.einsum("ij,ij->i", frames[first, 1], line)
    z = np.einsum("ij,ij->i", frames[first, 2], line)
    return feature, np.arctan2(z, y)


def vote(
    table: PairTable, scene: Surface, references: Indices, report: Callable[[float], None]
) -> tuple[Array, NDArray[np.int64]]:
    """The poses (K, 4, 4) that most pairs of each reference point agree on, and their votes."""
    frames = frames_of(scene.normals)
    model_frames = frames_of(table.model.normals)
    poses, votes = [np.empty((0, 4, 4))], [np.empty(0, np.int64)]
    for done, reference in enumerate(references):
        counts = _counts(table, scene, frames, reference)
        if counts is None:
            continue
        for point, angle, count in _peaks(counts):
            pose = _pose(model_frames[point], frames[reference], angle)
            pose[:3, 3] = scene.points[reference] - pose[:3, :3] @ table.model.points[point]
            poses.append(pose[None])
            votes.append(np.array([count]))
        report(done / len(references))
    return np.concatenate(poses), np.concatenate(votes)


def _counts(
    table: PairTable, scene: Surface, frames: Array, reference: int
) -> NDArray[np.int64] | None:
    """Votes by the model's points and the angle about the normal; None where there are none."""
    apart = np.linalg.norm(scene.points - scene.points[reference], axis=1)
    near = np.flatnonzero((apart <= table.reach) & (apart > 0))
    if len(near) == 0:
        return None
    near = near[:: 1 + len(near) // MOST_PARTNERS]
    features, angles = _features(
        scene, frames, np.full(len(near), reference), near, table.distance_step, table.num_angles
    )
    at = np.searchsorted(table.features, features)
    at[at == len(table.features)] = 0
    is_known = table.features[at] == features
    at, angles = at[is_known], angles[is_known]
    starts, sizes = table.starts[at], table.starts[at + 1] - table.starts[at]
    total = int(sizes.sum())
    if total == 0:
        return None
    pairs = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(total)
    turns = np.repeat(angles, sizes) - table.angles[pairs]
    bins = np.floor(turns * (table.num_angles / (2 * np.pi))).astype(np.int64) % table.num_angles
    cells = table.first[pairs].astype(np.int64) * table.num_angles + bins
    shape = (len(table.model), table.num_angles)
    return np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)


def _peaks(counts: NDArray[np.int64]) -> list[tuple[int, float, int]]:
    """The model's points with most votes, at which angle, and how many."""
    smooth = counts
    if counts.shape[1] > 2:
        smooth = 2 * counts + np.roll(counts, 1, axis=1) + np.roll(counts, -1, axis=1)
    best = smooth.max(axis=1)
    points = np.argpartition(-best, min(PEAKS, len(best) - 1))[:PEAKS]
    return [
        (
            int(point),
            float((smooth[point].argmax() + 0.5) * 2 * np.pi / counts.shape[1]),
            int(best[point]),
        )
        for point in points
        if best[point] * 2 > best.max()
    ]


def _pose(model_frame: Array, scene_frame: Array, angle: float) -> Array:
    cosine, sine = np.cos(angle), np.sin(angle)
    about_x = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    pose = np.eye(4)
    pose[:3, :3] = scene_frame.T @ about_x @ model_frame
    return pose


def clustered(
    poses: Array, votes: NDArray[np.int64], middle: Array, *, far: float, turned: float
) -> Array:
    """One pose of those that put the model's middle at most so far apart, and turn it alike.

    Returns:
        the pose with most votes of each cluster; the clusters with most votes first.
    """
    order = np.argsort(-votes, kind="stable")
    poses, votes = poses[order], votes[order]
    middles = poses[:, :3, :3] @ middle + poses[:, :3, 3]
    turns = poses[:, :3, :3].reshape(-1, 9)
    least_trace = 1 + 2 * np.cos(turned)
    is_left = np.ones(len(poses), np.bool_)
    leaders, totals = list[int](), list[int]()
    for at in range(len(poses)):
        if not is_left[at]:
            continue
        alike = is_left & (turns @ turns[at] >= least_trace)
        alike &= np.linalg.norm(middles - middles[at], axis=1) <= far
        alike[at] = True
        is_left &= ~alike
        leaders.append(at)
        totals.append(int(votes[alike].sum()))
    return poses[np.array(leaders, np.intp)[np.argsort(-np.array(totals), kind="stable")]]
