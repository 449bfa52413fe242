"""A sighting: something in a picture that is to be hidden, and where."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, Self, TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from engines.core.shapes import Box
from engines.vision.boxes import area, intersection, iou

SAME = 0.5
"""IoU from which two sightings of a kind are of one thing."""


class Kind(StrEnum):
    """What is hidden; a region is one that the caller names."""

    FACE = "face"
    LICENSE_PLATE = "license-plate"
    PERSON = "person"
    VEHICLE = "vehicle"
    REGION = "region"


Thresholds: TypeAlias = Mapping[Kind, float]
"""The least score of each kind that is looked for."""


class Sighting(NamedTuple):
    """Something to hide, with the margin around it.

    Args:
        kind: what it is.
        box: around the outline, within the picture.
        score: 0..1; 1 of a region.
        outline: int32 (N, 2) of x, y: the pixels at a polygon's corners, which are part of it.
        model: what found it; empty for a region.
    """

    kind: Kind
    box: Box
    score: float
    outline: NDArray[np.int32]
    model: str

    @classmethod
    def outlined(
        cls, kind: Kind, outline: ArrayLike, score: float, model: str, size: tuple[int, int]
    ) -> Self | None:
        """A sighting of what a polygon has of a picture of (width, height); none outside of it."""
        points = np.rint(outline).astype(np.int32)
        left, top, width, height = cv2.boundingRect(points)
        right, bottom = min(left + width, size[0]), min(top + height, size[1])
        box = Box(max(left, 0), max(top, 0), right, bottom)
        if box.left >= box.right or box.top >= box.bottom:
            return None
        return cls(kind, box, score, points, model)

    def moved(self, x: int, y: int) -> Self:
        """The same in a picture of which this one's picture is a part."""
        left, top, right, bottom = self.box
        box = Box(left + x, top + y, right + x, bottom + y)
        return self._replace(box=box, outline=self.outline + np.array([x, y], np.int32))


def boxed(kind: Kind, box: Box, score: float, model: str) -> Sighting:
    """A sighting whose outline is its box."""
    right, bottom = box.right - 1, box.bottom - 1
    corners = [(box.left, box.top), (right, box.top), (right, bottom), (box.left, bottom)]
    return Sighting(kind, box, score, np.array(corners, np.int32), model)


def joined(looks: Sequence[Sequence[Sighting]]) -> list[Sighting]:
    """What several looks at a picture saw, best first; what two of them saw covers both."""
    if len(looks) == 1:
        return list(looks[0])
    kept = list[Sighting]()
    for one in sorted(chain.from_iterable(looks), key=lambda one: -one.score):
        place = next((at for at, other in enumerate(kept) if _are_one(one, other)), None)
        if place is None:
            kept.append(one)
        else:
            kept[place] = _union(kept[place], one)
    return kept


def _are_one(one: Sighting, other: Sighting) -> bool:
    """Whether they are alike, or one lies within the other."""
    if one.kind != other.kind:
        return False
    inner = min(area(one.box), area(other.box))
    return iou(one.box, other.box) >= SAME or intersection(one.box, other.box) == inner


def _union(best: Sighting, other: Sighting) -> Sighting:
    both = [best.box, other.box]
    box = Box(
        min(one.left for one in both),
        min(one.top for one in both),
        max(one.right for one in both),
        max(one.bottom for one in both),
    )
    outline = cv2.convexHull(np.concatenate([best.outline, other.outline]))
    return best._replace(box=box, outline=np.asarray(outline[:, 0], np.int32))
