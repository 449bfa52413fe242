"""Search: candidates that pairs of points vote for, refined, and checked against the scene."""

from dataclasses import dataclass

import numpy as np

from engines.core import progress
from engines.core.errors import UnsuitableCloud
from engines.surfaces.cloud import (
    MOST_CELLS_A_SIDE,
    Array,
    Neighbours,
    Surface,
    diameter_of,
    thinned,
)
from engines.surfaces.pair_features import PairTable, clustered, train, vote
from engines.surfaces.planes import Plane, large_planes, on_planes
from engines.surfaces.refinement import Target, hold, met, on_rotations, refine
from engines.surfaces.visibility import View, view_of

MOST_MODEL_SAMPLES, MOST_SCENE_SAMPLES = 1200, 200_000
COARSER = 1.15
PLANE = 0.6
"""Half of a plane's thickness, in sampling steps."""
FEWEST_REFERENCES, MOST_REFERENCES = 400, 3000
EVERY = 5
CHECKED_POINTS = 250
CHECKED_POSES, REFINED_POSES, FINISHED_POSES = 600, 60, 12
REACH, TIGHT = 0.4, 0.12
"""In sampling steps: how far the scene is from points that it meets, and from their planes."""
CHECK_STEPS, CHECK_TOLERANCE = 12, 0.01


@dataclass(frozen=True, slots=True)
class Refinement:
    """How far to refine: until the residual changes by less than this share, or so often."""

    tolerance: float
    iterations: int


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A pose, and what speaks for it.

    Args:
        voted: as the votes had it, before it was refined.
        overlap: share of the model's points that are met.
        tight: share that lies on the planes of what it meets.
        conflict: share through which the scene is seen.
        residual: of the points that are met.
        hold: see `refinement.hold`.
    """

    pose: Array
    voted: Array
    overlap: float
    tight: float
    conflict: float
    residual: float
    hold: float

    @property
    def score(self) -> float:
        return self.tight - self.conflict

    @property
    def visible_overlap(self) -> float:
        return self.tight / (self.tight + self.conflict) if self.tight else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """A model and a scene, each thinned twice: to vote with, and to be exact."""

    step: float
    coarse_model: Surface
    fine_model: Surface
    coarse_scene: Target
    fine_scene: Target
    view: View

    @classmethod
    def of(cls, model: Surface, scene: Surface, sampling_step: float) -> "Search":
        """Thin both, and tell the scene's large planes.

        Raises:
            UnsuitableCloud: the scene is too large for steps of a model of this size.
        """
        diameter = diameter_of(model.points)
        coarse_model, step = _few(model, sampling_step * diameter)
        if np.ptp(scene.points, axis=0).max() > step / 3 * MOST_CELLS_A_SIDE:
            raise _too_large()
        coarse = thinned(scene, step)
        if len(coarse) > MOST_SCENE_SAMPLES:
            raise _too_large()
        planes = large_planes(coarse, thickness=PLANE * step, diameter=diameter)
        fine = thinned(scene, step / 3)
        return cls(
            step=step,
            coarse_model=coarse_model,
            fine_model=thinned(model, step / 2),
            coarse_scene=_target(coarse, planes, PLANE * step),
            fine_scene=_target(fine, planes, PLANE * step),
            view=view_of(fine),
        )

    def poses(self, distance_step: float, num_angles: int, refinement: Refinement) -> list[Found]:
        """The poses that fit best, all different, the best first."""
        table = train(self.coarse_model, distance_step=distance_step, num_angles=num_angles)
        progress.report(0.1)
        voted = self._best_voted(self._voted(table))
        checked = sorted(
            (self._checked(pose) for pose in voted), key=lambda one: one[0], reverse=True
        )
        finished = [
            self._finished(pose, start, refinement)
            for _, pose, start in self._different(checked)[:FINISHED_POSES]
        ]
        return sorted(finished, key=lambda one: one.score, reverse=True)

    def _voted(self, table: PairTable) -> Array:
        scene = self.coarse_scene.surface[~self.coarse_scene.is_plane]
        count = np.clip(len(scene) // EVERY, FEWEST_REFERENCES, MOST_REFERENCES)
        references = np.arange(0, len(scene), max(1, len(scene) // count))
        poses, votes = vote(
            table, scene, references, lambda share: progress.report(0.1 + 0.6 * share)
        )
        middle = self.coarse_model.points.mean(axis=0)
        return clustered(poses, votes, middle, far=2 * self.step, turned=np.radians(15))

    def _best_voted(self, poses: Array) -> Array:
        few = self._few_points()
        scores = np.array(
            [met(few, pose, self.coarse_scene, self.step).score for pose in poses[:CHECKED_POSES]]
        )
        return poses[np.argsort(-scores, kind="stable")[:REFINED_POSES]]

    def _few_points(self) -> Surface:
        every = max(1, len(self.coarse_model) // CHECKED_POINTS)
        return self.coarse_model[::every]

    def _checked(self, start: Array) -> tuple[float, Array, Array]:
        """A pose refined a little, with its score and where it started."""
        few = self._few_points()
        pose = refine(
            few,
            start,
            self.coarse_scene,
            reach=self.step,
            tolerance=CHECK_TOLERANCE,
            iterations=CHECK_STEPS,
        )
        return met(few, pose, self.coarse_scene, 0.7 * self.step).score, pose, start

    def _different(
        self, checked: list[tuple[float, Array, Array]]
    ) -> list[tuple[float, Array, Array]]:
        """The best of those that came out as the same pose."""
        kept = list[tuple[float, Array, Array]]()
        for one in checked:
            if not any(self.is_same(one[1], other[1]) for other in kept):
                kept.append(one)
        return kept

    def is_same(self, one: Array, other: Array) -> bool:
        """Whether two poses are nearer to each other than refinement leaves different ones."""
        middle = np.append(self.coarse_model.points.mean(axis=0), 1)
        apart = np.linalg.norm((one - other)[:3] @ middle)
        return bool(apart < 0.4 * self.step and np.trace(one[:3, :3].T @ other[:3, :3]) > 2.98)

    def _finished(self, pose: Array, start: Array, refinement: Refinement) -> Found:
        for reach in (0.6, 0.2):
            pose = refine(
                self.fine_model,
                pose,
                self.fine_scene,
                reach=reach * self.step,
                tolerance=refinement.tolerance,
                iterations=refinement.iterations,
            )
        return self._judged(on_rotations(pose), on_rotations(start))

    def _judged(self, pose: Array, start: Array) -> Found:
        meeting = met(self.fine_model, pose, self.fine_scene, REACH * self.step)
        is_tight = meeting.is_met.copy()
        is_tight[meeting.is_met] = np.abs(meeting.distances) <= TIGHT * self.step
        conflicts = self.view.conflicts(
            self.fine_model.moved(pose), reach=REACH * self.step, pixel=REACH * self.step
        )
        return Found(
            pose=pose,
            voted=start,
            overlap=meeting.share,
            tight=float(is_tight.mean()),
            conflict=float((conflicts & ~is_tight).mean()),
            residual=meeting.residual,
            hold=hold(self.fine_model, is_tight),
        )


def _few(model: Surface, step: float) -> tuple[Surface, float]:
    """The model thinned, more coarsely than asked for if that leaves too many points."""
    while len(few := thinned(model, step)) > MOST_MODEL_SAMPLES:
        step *= COARSER
    return few, step


def _target(surface: Surface, planes: list[Plane], thickness: float) -> Target:
    return Target(surface, Neighbours(surface.points), on_planes(surface, planes, thickness))


def _too_large() -> UnsuitableCloud:
    return UnsuitableCloud(
        "The scene is too large for steps of a model of this size; expected both in one unit, and "
        f"at most {MOST_SCENE_SAMPLES:,} steps of surface."
    )
