"""Distance: how far two pictures are from showing the same thing."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engines.core.choice import Choice
from engines.core.registry import engine
from engines.core.shapes import Box, Details, EngineResult, Image, Info, Parameters, Picture, Pixels
from engines.vision.boxes import corners
from engines.vision.homography import Fit, Points, are_spread, fit_homography, is_sane
from engines.vision.keypoints import Keypoints, find_keypoints, match_keypoints, mirrored
from engines.vision.marking import RED, outlined, pen_px, side_by_side
from engines.vision.scaling import size_of, to_longer_side

SIDE_PX = 512
REACH_PX = 4.0
FEWEST_INLIERS = 10
HALF_STRENGTH = 60
"""Agreeing keypoints at which a match is half as strong as can be."""
FEW_KEYPOINTS = 120
SAME_LEVELS = 28.0
SAME_SHARE = 0.6
CELLS = 8
LIKENESS_SCALE = 5.0


class Params(Parameters):
    """`distance` takes no parameters."""


class Decision(Choice):
    """What a distance means."""

    MATCH = "match"
    SIMILAR = "similar"
    NO_MATCH = "no match"


class Scores(BaseModel):
    """What the distance of a match is made of."""

    strength: float = Field(ge=0, le=1, description="1 - distance.")
    coverage: float = Field(
        ge=0, le=1, description="Share of the common part that agreeing keypoints cover."
    )
    inliers_of_all: float = Field(
        ge=0, le=1, description="Share that agrees of all keypoints in the common part."
    )
    inliers_of_matched: float = Field(
        ge=0, le=1, description="Share that agrees of the keypoints that found a counterpart."
    )


class Side(BaseModel):
    """One of the two pictures, and the part of it that the other shows too."""

    size: tuple[int, int] = Field(description="Width and height, px.")
    compared_size: tuple[int, int] = Field(
        description="Width and height at which it was compared; the longer is 512 px."
    )
    common_part: Box | None = Field(None, description="px of compared_size; only for a match.")


class Result(EngineResult[Info]):
    """The distance and its reasons."""

    distance: float = Field(
        ge=0,
        description="0: the same pixels. Below 1: a match, by local geometry. From 1 to 2: "
        "similar in colour and shape. 2 and above: not relevant.",
    )
    decision: Decision
    scores: Scores | None = Field(None, description="Only for a match.")
    query: Side
    reference: Side


def draw(reference: Image, query: Image, result: Result) -> Picture:
    """Both pictures side by side, the matching boxes framed in red."""
    sides = _framed(reference, result.reference), _framed(query, result.query)
    return Picture(side_by_side(*sides))


@engine(version="1.0.0", draw=draw)
def distance(reference: Image, query: Image, *, params: Params) -> Result:
    """Rate how far two pictures are from showing the same thing.

    A match are copies of one picture, also cropped, turned, mirrored, resized, recoloured,
    and other pictures of one flat or rigid thing.

    Args:
        reference: uint8 (H, W, 3), BGR.
        query: uint8 (H, W, 3), BGR; of any size.

    Returns:
        the distance, the same both ways round.

    Source:
        own; SIFT and MAGSAC++ for the match, colour histogram and gradient orientations
        (Dalal and Triggs, CVPR 2005) for what is above it.
    """
    sides = (to_longer_side(reference, SIDE_PX), to_longer_side(query, SIDE_PX))
    is_clone = np.array_equal(reference, query)
    match = _whole(sides, 1.0) if is_clone else _match_either_way_round(*sides)
    far = 1 - match.scores.strength if match else 1 + _unlikeness(*sides)
    return _result((reference, query), sides, match, far)


@dataclass(frozen=True, slots=True, eq=False)
class _Match:
    """The common part, on both pictures as they are compared, and its scores."""

    boxes: tuple[Box, Box]
    scores: Scores

    def turned(self) -> "_Match":
        first, second = self.boxes
        return replace(self, boxes=(second, first))


def _match_either_way_round(first: MatLike, second: MatLike) -> _Match | None:
    """The match, found in one fixed order of the two, so that it is the same for both."""
    if (first.shape, first.tobytes()) > (second.shape, second.tobytes()):
        match = _match(second, first)
        return match.turned() if match else None
    return _match(first, second)


def _match(first: MatLike, second: MatLike) -> _Match | None:
    here = find_keypoints(cv2.cvtColor(first, cv2.COLOR_BGR2GRAY))
    there = find_keypoints(cv2.cvtColor(second, cv2.COLOR_BGR2GRAY))
    width, height = first.shape[1], first.shape[0]
    if fit := _common(here, there, (width, height)):
        return _match_of(fit, fit.first, here, there)
    if fit := _common(mirrored(here, width), there, (width, height)):
        return _match_of(fit, fit.first * (-1, 1) + (width - 1, 0), here, there)
    if min(len(here.points), len(there.points)) < FEW_KEYPOINTS:
        return _match_by_levels(first, second)
    return None


def _common(here: Keypoints, there: Keypoints, size: tuple[int, int]) -> Fit | None:
    pairs = match_keypoints(here, there)
    fit = fit_homography(here.points[pairs[:, 0]], there.points[pairs[:, 1]], REACH_PX)
    if fit is None or len(fit.first) < FEWEST_INLIERS or not is_sane(fit, size):
        return None
    return fit if are_spread(fit.first) and are_spread(fit.second) else None


def _match_of(fit: Fit, first: Points, here: Keypoints, there: Keypoints) -> _Match:
    boxes = (_box(first), _box(fit.second))
    inside = [_inside(here.points, boxes[0]), _inside(there.points, boxes[1])]
    scores = Scores(
        strength=len(first) / (len(first) + HALF_STRENGTH),
        coverage=min(_covered(first, boxes[0]), _covered(fit.second, boxes[1])),
        inliers_of_all=min(1.0, len(first) / max(inside)),
        inliers_of_matched=fit.support,
    )
    return _Match(boxes, scores)


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


def _match_by_levels(first: MatLike, second: MatLike) -> _Match | None:
    """A match of pictures with little detail to go by: they look the same as a whole."""
    slants = [np.log(one.shape[0] / one.shape[1]) for one in (first, second)]
    quarters = [turns for turns in range(4) if abs(slants[0] - slants[1] * (-1) ** turns) < 0.05]
    here, there = _thumbnail(first), _thumbnail(second)
    ways = [np.rot90(there[:, ::side], turns) for turns in quarters for side in (1, -1)]
    nearest = min(ways, key=lambda way: float(np.abs(here - way).max()), default=None)
    if nearest is None or not _is_same(here, nearest):
        return None
    apart = np.abs(here - nearest).max()
    return _whole((first, second), 0.99 * (1 - float(apart) / SAME_LEVELS))


def _is_same(here: NDArray[np.float32], there: NDArray[np.float32]) -> bool:
    """Whether two thumbnails differ little, and much less than each varies within itself."""
    apart = here - there
    varied = max(one.std(axis=(0, 1)).max() for one in (here, there))
    is_near = np.abs(apart).max() < SAME_LEVELS
    return bool(is_near and np.sqrt((apart**2).mean()) < SAME_SHARE * varied + 6)


def _whole(sides: tuple[MatLike, MatLike], strength: float) -> _Match:
    first, second = (Box(0, 0, *size_of(one)) for one in sides)
    scores = Scores(strength=strength, coverage=1, inliers_of_all=1, inliers_of_matched=1)
    return _Match((first, second), scores)


def _thumbnail(image: MatLike) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(image, (0, 0), 12)
    return cv2.resize(soft, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)


def _unlikeness(first: MatLike, second: MatLike) -> float:
    """How different two pictures are in colour and in shape, from 0 to 5."""
    colour, shape = (
        cv2.compareHist(rated(first), rated(second), cv2.HISTCMP_BHATTACHARYYA)
        for rated in (_colours, _shapes)
    )
    return LIKENESS_SCALE * float(np.sqrt((colour**2 + shape**2) / 2))


def _colours(image: MatLike) -> NDArray[np.float32]:
    """A histogram of L*a*b* colours, of soft cells."""
    small = cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small, cv2.COLOR_BGR2LAB).clip((0, 68, 68), (255, 187, 187))
    limits = (0, 256, 68, 188, 68, 188)
    counts = cv2.calcHist([lab.astype(np.uint8)], (0, 1, 2), None, (8, 12, 12), limits)
    for axis in range(3):
        along = np.moveaxis(np.pad(counts, 1), axis, 0)
        soft = along[:-2] / 4 + along[1:-1] / 2 + along[2:] / 4
        counts = np.moveaxis(soft[:, 1:-1, 1:-1], 0, axis)
    return np.asarray(counts + 1e-9, np.float32)


def _shapes(image: MatLike) -> NDArray[np.float32]:
    """Gradients by place, eight by eight, and by orientation."""
    small = cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
    soft = cv2.GaussianBlur(grey, (0, 0), 2).astype(np.float32)
    x, y = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    strength, angle = cv2.cartToPolar(x, y)
    sector = (np.asarray(angle) * (8 / np.pi)).astype(int) % 8
    layers = [np.where(sector == one, strength, 0) for one in range(8)]
    cells = [cv2.resize(layer, (8, 8), interpolation=cv2.INTER_AREA) for layer in layers]
    return np.asarray(np.stack(cells) + 1e-3, np.float32)


def _result(
    originals: tuple[Image, Image], sides: tuple[MatLike, MatLike], match: _Match | None, far: float
) -> Result:
    decision = Decision.NO_MATCH if far >= 2 else Decision.SIMILAR if far >= 1 else Decision.MATCH
    reference, query = (
        _side(original, side, match.boxes[place] if match else None)
        for place, (original, side) in enumerate(zip(originals, sides, strict=True))
    )
    return Result(
        distance=far,
        decision=decision,
        scores=match.scores if match else None,
        query=query,
        reference=reference,
        details=Details[Info](message=f"Distance {far:.2f}: {decision}", info=Info()),
    )


def _side(original: Image, side: MatLike, box: Box | None) -> Side:
    return Side(size=size_of(original), compared_size=size_of(side), common_part=box)


def _framed(image: Image, side: Side) -> Pixels:
    marks = []
    if side.common_part:
        shares = corners(*side.common_part) / side.compared_size
        marks.append((shares * side.size, RED))
    return outlined(image, marks, pen_px(image))
