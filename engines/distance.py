"""Distance: how far two pictures are from showing the same thing."""

from collections.abc import Callable
from typing import TypeAlias

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from engines.copies.by_keypoints import BEYOND_DOUBT, ENOUGH, match_by_keypoints
from engines.copies.by_levels import match_by_levels
from engines.copies.match import Match, Scores, Two, match_of_levels, resized, whole
from engines.core.choice import Choice
from engines.core.registry import engine
from engines.core.shapes import Box, Details, EngineResult, Image, Info, Parameters, Picture, Pixels
from engines.vision.boxes import corners
from engines.vision.keypoints import find_keypoints
from engines.vision.marking import RED, outlined, pen_px, side_by_side
from engines.vision.scaling import shrink, size_of, to_longer_side

SIDE_PX = 512
GLANCE_PX, GLANCE_MOST = 256, 750
"""Longer side, and keypoints, by which nearly all copies show already that they are some."""
OTHER_COLOURS = 0.7
"""Distance of colours from which on a glance is left out: most copies are nearer, and half of
what is none is not."""
FEW_KEYPOINTS = 120
LONG = 3.0
"""How many times as long as wide a picture is that is looked at in a larger size, too."""
WIDTH_PX, LONGEST_PX, USUAL, MOST_KEYPOINTS = 256, 4096, 1500, 10_000
"""Of that size: more keypoints, for a crop holds only a few of those of the whole."""
LIKENESS_SCALE = 5.0

Rated: TypeAlias = Callable[[MatLike], NDArray[np.float32]]
Looked: TypeAlias = tuple[Match | None, float]
"""The match if there is one, and else the share of detail that differs where they meet."""
Look: TypeAlias = Callable[[Two, Two], Looked]
"""Of the pictures as they are, and as they are compared."""


class Params(Parameters):
    """`distance` takes no parameters."""


class Decision(Choice):
    """What a distance means."""

    MATCH = "match"
    SIMILAR = "similar"
    NO_MATCH = "no match"


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


@engine(version="6.0.0", draw=draw)
def distance(reference: Image, query: Image, *, params: Params) -> Result:
    """Rate how far two pictures are from showing the same thing.

    A match are copies of one picture, also cropped, turned, mirrored, resized, recoloured,
    and other pictures of one flat or rigid thing. Where they lie on one another all their detail
    counts: two letters under one letterhead are none.

    Args:
        reference: uint8 (H, W, 3), BGR.
        query: uint8 (H, W, 3), BGR; of any size.

    Returns:
        the distance, the same both ways round.

    Source:
        own; SIFT, MAGSAC++ and the correlation of small cells for the match, colour histogram
        and gradient orientations (Dalal and Triggs, CVPR 2005) for what is above it.
    """
    sides = (to_longer_side(reference, SIDE_PX), to_longer_side(query, SIDE_PX))
    if np.array_equal(reference, query):
        clone = match_of_levels((whole(sides[0]), whole(sides[1])), 1.0)
        return _result((reference, query), sides, clone, 0.0)
    colour = _apart(_colours, *sides)
    look = _look if colour < OTHER_COLOURS else _look_closely
    match, differing = _either_way_round(look, (reference, query), sides)
    far = 1 - match.scores.strength if match else 1 + _unlikeness(colour, sides) + differing
    return _result((reference, query), sides, match, far)


def _either_way_round(look: Look, originals: Two, sides: Two) -> Looked:
    """As `look`, in one fixed order of the two, so that it is the same for both."""
    first, second = sides
    if (first.shape, first.tobytes()) > (second.shape, second.tobytes()):
        match, differing = look(originals[::-1], sides[::-1])
        return match.swapped() if match else None, differing
    return look(originals, sides)


def _look(originals: Two, sides: Two) -> Looked:
    """At a glance, and closely where that leaves a doubt."""
    match = _match_at_a_glance(sides)
    return (match, 0.0) if match else _look_closely(originals, sides)


def _look_closely(originals: Two, sides: Two) -> Looked:
    here, there = (find_keypoints(_grey(one)) for one in sides)
    match, differing = match_by_keypoints(sides, here, there, ENOUGH)
    if match is None and min(len(here.points), len(there.points)) < FEW_KEYPOINTS:
        match = match_by_levels(originals, sides)
    if match is None and max(_elongation(one) for one in sides) > LONG:
        match = _match_at_full_width(originals, sides)
    return match, differing


def _match_at_a_glance(sides: Two) -> Match | None:
    """The match, if pictures of half the size leave no doubt about it."""
    first, second = (shrink(one, GLANCE_PX) for one in sides)
    here, there = (find_keypoints(_grey(one), most=GLANCE_MOST) for one in (first, second))
    match, _ = match_by_keypoints((first, second), here, there, BEYOND_DOUBT)
    return _as_compared(match, (first, second), sides) if match else None


def _match_at_full_width(originals: Two, sides: Two) -> Match | None:
    """The match at a size at which the width of a long one shows detail, too."""
    first, second = (_lengthened(one) for one in originals)
    least = min(_elongation(first), _elongation(second))
    # For the longer alone: with thousands in both the table of their likeness is half a gigabyte.
    here, there = (
        find_keypoints(_grey(one), most=MOST_KEYPOINTS if _elongation(one) > least else USUAL)
        for one in (first, second)
    )
    match, _ = match_by_keypoints((first, second), here, there, ENOUGH)
    return _as_compared(match, (first, second), sides) if match else None


def _as_compared(match: Match, looked_at: Two, sides: Two) -> Match:
    """A match at another size, with its boxes at the one at which all are compared."""
    first, second = (
        resized(box, size_of(one), size_of(side))
        for box, one, side in zip(match.boxes, looked_at, sides, strict=True)
    )
    return Match((first, second), match.scores)


def _lengthened(image: MatLike) -> MatLike:
    elongation = max(_elongation(image), SIDE_PX / WIDTH_PX)
    return to_longer_side(image, min(LONGEST_PX, round(WIDTH_PX * elongation)))


def _elongation(image: MatLike) -> float:
    return float(max(image.shape[:2]) / min(image.shape[:2]))


def _grey(image: MatLike) -> MatLike:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def _unlikeness(colour: float, sides: Two) -> float:
    """How different two pictures are, so much in colour, and in shape; from 0 to 5."""
    return LIKENESS_SCALE * float(np.sqrt((colour**2 + _apart(_shapes, *sides) ** 2) / 2))


def _apart(rated: Rated, first: MatLike, second: MatLike) -> float:
    """How different two pictures are in one respect, from 0 to 1."""
    return cv2.compareHist(rated(first), rated(second), cv2.HISTCMP_BHATTACHARYYA)


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


def _result(originals: tuple[Image, Image], sides: Two, match: Match | None, far: float) -> Result:
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
