"""Copies by keypoints: those that agree in one perspective, if the detail agrees there too."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from cv2.typing import MatLike

from engines.copies.match import (
    MOST_DIFFERING,
    Match,
    Scores,
    Two,
    common_parts,
    lie_on_one_another,
)
from engines.core.shapes import Box
from engines.vision.disagreement import Disagreement, disagreement
from engines.vision.homography import (
    Fit,
    Matrix,
    Points,
    are_spread,
    fit_homography,
    is_sane,
    transform,
)
from engines.vision.keypoints import Keypoints, match_keypoints, mirrored
from engines.vision.scaling import Size, size_of

REACH_PX = 4.0
MANY_INLIERS = 200
MUCH = 0.2
"""So many keypoints, and so large a share of all, that agree are no template's alone: a scene
with depth, or one that is partly covered."""
PLAIN_PX = 1.5
"""How far from it the points may be in the middle that a similarity explains."""
RIM = 1 / 16
"""Of the longer side: so near the rim there are hardly any keypoints."""
CELLS = 8


@dataclass(frozen=True, slots=True)
class Demand:
    """What speaks for a match at a size.

    Args:
        fewest: keypoints that have to agree.
        least_share: of all keypoints in the common part that have to agree.
        most_differing: share of the clear detail that may differ.
        half_strength: agreeing keypoints at which a match is half as strong as can be.
    """

    fewest: int
    least_share: float
    most_differing: float
    half_strength: int


ENOUGH = Demand(fewest=10, least_share=0, most_differing=MOST_DIFFERING, half_strength=60)
BEYOND_DOUBT = Demand(fewest=30, least_share=0.15, most_differing=0.1, half_strength=30)
"""Of pictures half as large, which have about half as many keypoints that agree."""


def match_by_keypoints(
    sides: Two, here: Keypoints, there: Keypoints, demand: Demand
) -> tuple[Match | None, float]:
    """The match, as it is or in the mirror.

    Args:
        sides: uint8 (H, W, 3), BGR.
        here: of the first.
        there: of the second.
        demand: what makes it one.

    Returns:
        the match and 0, or None and the share of the detail that differs although the two lie
        on one another; 0 if they do not.
    """
    first, second = sides
    width, height = size_of(first)
    refused = 0.0
    for is_mirrored in (False, True):
        seen = mirrored(here, width) if is_mirrored else here
        fit = _common(seen, there, (width, height), demand.fewest)
        if fit is None:
            continue
        is_whole, differing = _differing(cv2.flip(first, 1) if is_mirrored else first, second, fit)
        match = _match_of(fit, seen, there, differing.share, demand.half_strength)
        if _is_convincing(fit, match, differing, demand) and (is_whole or not refused):
            match = _to_the_rim(match, fit.matrix, (width, height), size_of(second))
            return match.mirrored(width) if is_mirrored else match, 0.0
        refused = differing.share if is_whole else refused
    return None, refused


def _common(here: Keypoints, there: Keypoints, size: Size, fewest: int) -> Fit | None:
    pairs = match_keypoints(here, there)
    fit = fit_homography(here.points[pairs[:, 0]], there.points[pairs[:, 1]], REACH_PX)
    if fit is None or len(fit.first) < fewest or not is_sane(fit, size):
        return None
    return fit if are_spread(fit.first) and are_spread(fit.second) else None


def _differing(first: MatLike, second: MatLike, fit: Fit) -> tuple[bool, Disagreement]:
    """Whether they lie on one another, and what differs of all, or else of the part found."""
    matrix = _plainest(fit)
    if lie_on_one_another(first, second, matrix):
        return True, disagreement(first, second, matrix)
    part = cv2.convexHull(fit.second.astype(np.float32))[:, 0]
    return False, disagreement(first, second, fit.matrix, np.asarray(part, np.float64))


def _plainest(fit: Fit) -> Matrix:
    """A similarity if it explains the points: those of a letterhead tell no perspective."""
    plain, _ = cv2.estimateAffinePartial2D(fit.first, fit.second, method=cv2.LMEDS)
    if plain is None:
        return fit.matrix
    matrix = np.vstack([plain, [0, 0, 1]])
    astray = np.linalg.norm(transform(fit.first, matrix) - fit.second, axis=1)
    return matrix if np.median(astray) < PLAIN_PX else fit.matrix


def _is_convincing(fit: Fit, match: Match, differing: Disagreement, demand: Demand) -> bool:
    """Whether little differs, or too much agrees for two things of one template."""
    share = match.scores.inliers_of_all
    is_much = len(fit.first) >= MANY_INLIERS and share >= MUCH
    return is_much or (
        share >= demand.least_share and differing.clear_share <= demand.most_differing
    )


def _match_of(
    fit: Fit, here: Keypoints, there: Keypoints, differing: float, half_strength: int
) -> Match:
    boxes = (_box(fit.first), _box(fit.second))
    inside = [_inside(here.points, boxes[0]), _inside(there.points, boxes[1])]
    scores = Scores(
        strength=(1 - differing) * len(fit.first) / (len(fit.first) + half_strength),
        coverage=min(_covered(fit.first, boxes[0]), _covered(fit.second, boxes[1])),
        inliers_of_all=min(1.0, len(fit.first) / max(inside)),
        inliers_of_matched=fit.support,
    )
    return Match(boxes, scores)


def _to_the_rim(match: Match, matrix: Matrix, size: Size, other: Size) -> Match:
    """With boxes that reach the rim of what both cover where they come near it."""
    whole = common_parts(size, other, matrix)
    first, second = (
        Box(*np.where(np.abs(np.subtract(box, most)) <= RIM * max(one), most, box).tolist())
        for box, most, one in zip(match.boxes, whole, (size, other), strict=True)
    )
    return replace(match, boxes=(first, second))


def _box(points: Points) -> Box:
    """The pixels that hold the points."""
    pixels = np.floor(points + 0.5).astype(int)
    return Box(*pixels.min(axis=0).tolist(), *(pixels.max(axis=0) + 1).tolist())


def _inside(points: Points, box: Box) -> int:
    """How many points lie in a box, and at least one."""
    least, most = np.subtract(box[:2], 0.5), box[2:]
    return max(1, int(np.all((points >= least) & (points <= most), axis=1).sum()))


def _covered(points: Points, box: Box) -> float:
    """The share of a box's cells, eight by eight, that hold a point."""
    cells = np.floor((points + 0.5 - box[:2]) / np.subtract(box[2:], box[:2]) * CELLS).astype(int)
    return len(np.unique(cells.clip(0, CELLS - 1), axis=0)) / CELLS**2
