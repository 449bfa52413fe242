"""Figures of `surfaceMatch`: known solids in cluttered scans; beside OpenCV's PPF and ICP alone."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import cv2
import numpy as np

from benchmarks.quality import scans
from benchmarks.quality.row import Row
from benchmarks.quality.scans import Scan, diameter_of
from benchmarks.quality.solids import Array
from engines.surface_match import Params, surface_match
from engines.surfaces.ply import PointCloud

SEED = 2026
HALF_HIDDEN, LITTLE_HIDDEN = (0.4, 0.6), (0.0, 0.2)
PRESENT, ABSENT, COMPARED = 30, 40, 10
MOST_DEGREES, MOST_OFF = 2.0, 0.02
OPENCV_STEP = 0.1
"""With the default 0.05 it trains for most of a minute on each of these solids."""

Match: TypeAlias = Callable[[Scan], Array | None]


def rows(present: int = PRESENT, absent: int = ABSENT, seed: int = SEED) -> list[Row]:
    """The table, on so many scenes a row."""
    return [
        *_present("half of the side that the camera sees hidden", HALF_HIDDEN, present, seed),
        *_present("one side, at most a fifth of it hidden", LITTLE_HIDDEN, present, seed),
        *_absent(absent, seed),
    ]


def _present(name: str, hidden: tuple[float, float], count: int, seed: int) -> list[Row]:
    random = np.random.default_rng(seed)
    some = [scans.present(random, hidden=hidden) for _ in range(count)]
    elsewhere = [scans.in_another_frame(random, one) for one in some]
    occlusion = float(np.mean([one.occlusion for one in some]))
    case = f"{name} ({occlusion:.0%} of the surface): within 2° and 2 % of the diameter"
    return [
        _right(case, some, _ours, "90 %", seed),
        _right(f"{name}, sensor unknown", elsewhere, _ours, "none set", seed),
        _right(f"{name}, OpenCV alone", some[:COMPARED], _opencv, "for comparison", seed),
    ]


def _right(case: str, some: list[Scan], match: Match, target: str, seed: int) -> Row:
    outcomes = [_outcome(one, match(one)) for one in some]
    share = outcomes.count("right") / len(some)
    figure = f"{share:.1%}; {outcomes.count('wrong')} wrong, {outcomes.count('none')} refused"
    return Row(case, figure, target, target != "90 %" or share >= 0.9, len(some), seed)


def _outcome(scan: Scan, pose: Array | None) -> str:
    if pose is None:
        return "none"
    degrees, off = scans.apart(scan, pose[:3, :3], pose[:3, 3])
    return "right" if degrees <= MOST_DEGREES and off <= MOST_OFF else "wrong"


def _absent(count: int, seed: int) -> list[Row]:
    random = np.random.default_rng(seed)
    some = [scans.absent(random) for _ in range(count)]
    elsewhere = [scans.in_another_frame(random, one) for one in some]
    return [*_false(some, elsewhere, seed)]


def _false(some: list[Scan], elsewhere: list[Scan], seed: int) -> Iterator[Row]:
    for case, scenes, match, target in (
        ("absent: poses given", some, _ours, "0"),
        ("absent, sensor unknown: poses given", elsewhere, _ours, "none set"),
        ("absent: poses given by OpenCV alone", some[:COMPARED], _opencv, "for comparison"),
    ):
        given = sum(match(one) is not None for one in scenes)
        yield Row(case, str(given), target, target != "0" or given == 0, len(scenes), seed)


def _ours(scan: Scan) -> Array | None:
    clouds = (PointCloud(one[:, :3], one[:, 3:]) for one in (scan.model, scan.scene))
    pose = surface_match(*clouds, params=Params()).pose
    return None if pose is None else np.array(pose)


def _opencv(scan: Scan) -> Array | None:
    """The best pose of `ppf_match_3d`, its steps of one length in both clouds, after its ICP."""
    detector = cv2.ppf_match_3d.PPF3DDetector(OPENCV_STEP, 0.05, 30)
    model, scene = (one.astype(np.float32) for one in (scan.model, scan.scene))
    detector.trainModel(model)
    step = OPENCV_STEP * diameter_of(scan.model) / diameter_of(scan.scene)
    poses = detector.match(scene, 1 / 5, step)[:10]
    if not poses:
        return None
    _, refined = cv2.ppf_match_3d.ICP(100, 0.005, 2.5, 8).registerModelToScene(model, scene, poses)
    best = min(refined, key=lambda one: float(one.residual))
    pose = np.array(best.pose)
    left, _, right = np.linalg.svd(pose[:3, :3])
    pose[:3, :3] = left @ right
    return pose
