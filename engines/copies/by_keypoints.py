"""Copies by keypoints: those that agree in one perspective, if the detail agrees there too."""

import cv2
import numpy as np
from cv2.typing import MatLike

from engines.copies.match import MOST_DIFFERING, Match, Scores, Two, lie_on_one_another
from engines.core.shapes import Box
from engines.vision.disagreement import disagreement
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
from engines.vision.scaling import size_of

REACH_PX = 4.0
FEWEST_INLIERS = 10
HALF_STRENGTH = 60
"""Agreeing keypoints at which a match is half as strong as can be."""
MANY_INLIERS = 200
MUCH = 0.2
"""So many keypoints, and so large a share of all, that agree are no template's alone: a scene
with depth, or one that is partly covered."""
PLAIN_PX = 1.5
"""How far from it the points may be in the middle that a similarity explains."""
CELLS = 8


def match_by_keypoints(sides: Two, here: Keypoints, there: Keypoints) -> tuple[Match | None, float]:
    """The match, as it is or in the mirror.

    Args:
        sides: uint8 (H, W, 3), BGR.
        here: of the first.
        there: of the second.

    Returns:
        the match and 0, or None and the share of the detail that differs although the two lie
        on one another; 0 if they do not.
    """
    first, second = sides
    width, height = size_of(first)
    refused = 0.0
    for is_mirrored in (False, True):
        seen = mirrored(here, width) if is_mirrored else here
        fit = _common(seen, there, (width, height))
        if fit is None:
            continue
        is_whole, differing = _differing(cv2.flip(first, 1) if is_mirrored else first, second, fit)
        match = _match_of(fit, seen, there, differing)
        if _is_convincing(fit, match, differing) and (is_whole or not refused):
            return match.mirrored(width) if is_mirrored else match, 0.0
        refused = differing if is_whole else refused
    return None, refused


def _common(here: Keypoints, there: Keypoints, size: tuple[int, int]) -> Fit | None:
    pairs = match_keypoints(here, there)
    fit = fit_homography(here.points[pairs[:, 0]], there.points[pairs[:, 1]], REACH_PX)
    if fit is None or len(fit.first) < FEWEST_INLIERS or not is_sane(fit, size):
        return None
    return fit if are_spread(fit.first) and are_spread(fit.second) else None


def _differing(first: MatLike, second: MatLike, fit: Fit) -> tuple[bool, float]:
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


def _is_convincing(fit: Fit, match: Match, differing: float) -> bool:
    """Whether little differs, or too much agrees for two things of one template."""
    is_much = len(fit.first) >= MANY_INLIERS and match.scores.inliers_of_all >= MUCH
    return is_much or differing <= MOST_DIFFERING


def _match_of(fit: Fit, here: Keypoints, there: Keypoints, differing: float) -> Match:
    boxes = (_box(fit.first), _box(fit.second))
    inside = [_inside(here.points, boxes[0]), _inside(there.points, boxes[1])]
    scores = Scores(
        strength=(1 - differing) * len(fit.first) / (len(fit.first) + HALF_STRENGTH),
        coverage=min(_covered(fit.first, boxes[0]), _covered(fit.second, boxes[1])),
        inliers_of_all=min(1.0, len(fit.first) / max(inside)),
        inliers_of_matched=fit.support,
    )
    return Match(boxes, scores)


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
