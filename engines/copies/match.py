"""Match: the part that two pictures have in common, and what speaks for it."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from pydantic import BaseModel, Field

from engines.core.shapes import Box
from engines.vision.homography import Matrix, inverse, outline, transform
from engines.vision.scaling import Size, size_of

Two: TypeAlias = tuple[MatLike, MatLike]

MOST_DIFFERING = 0.2
"""Share of the clear detail: nearly all copies have up to 0.06, other things of one template more
than 0.25."""
MOSTLY = 0.5
"""Share of each that the other covers if they lie on one another."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """The common part, on both pictures as they are compared, and its scores."""

    boxes: tuple[Box, Box]
    scores: Scores

    def swapped(self) -> "Match":
        """The same with the second picture first."""
        first, second = self.boxes
        return replace(self, boxes=(second, first))

    def mirrored(self, width: int) -> "Match":
        """The same with the first picture, so many px wide, seen in a mirror."""
        first, second = self.boxes
        box = first._replace(left=width - first.right, right=width - first.left)
        return replace(self, boxes=(box, second))


def match_of_levels(boxes: tuple[Box, Box], strength: float) -> Match:
    """A match that rests on all pixels of the common part, not on keypoints."""
    scores = Scores(strength=strength, coverage=1, inliers_of_all=1, inliers_of_matched=1)
    return Match(boxes, scores)


def whole(image: MatLike) -> Box:
    """The box of all of a picture."""
    return Box(0, 0, *size_of(image))


def resized(box: Box, size: Size, other: Size) -> Box:
    """A box of a picture at another size."""
    factors = np.tile(np.divide(other, size), 2)
    return Box(*np.rint(box * factors).astype(int).tolist())


def common_parts(size: Size, other: Size, matrix: Matrix) -> tuple[Box, Box]:
    """What either covers of the other, if a matrix takes the first to the second."""
    return _covered(size, other, inverse(matrix)), _covered(other, size, matrix)


def _covered(size: Size, other: Size, matrix: Matrix) -> Box:
    """The box within a picture of a size that the mapped outline of another one has."""
    mapped = np.rint(transform(outline(other), matrix) + 0.5).clip(0, size).astype(int)
    return Box(*mapped.min(axis=0).tolist(), *mapped.max(axis=0).tolist())


def lie_on_one_another(first: MatLike, second: MatLike, matrix: Matrix) -> bool:
    """Whether each covers most of the other."""
    ways = ((first, second, matrix), (second, first, inverse(matrix)))
    shares = (
        cv2.warpPerspective(np.ones(one.shape[:2], np.uint8), onto, size_of(other)).mean()
        for one, other, onto in ways
    )
    return bool(min(shares) >= MOSTLY)
