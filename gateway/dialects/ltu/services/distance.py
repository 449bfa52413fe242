"""`distance`: the document's names of the pictures, the decision and the scores."""

from pydantic import BaseModel, Field

from engines import distance
from engines.copies import match
from engines.core.choice import Choice
from gateway.dialects.ltu.wording import Wording


class Decision(Choice):
    """What a distance means."""

    MATCH = "Match"
    SIMILAR = "Similar"
    NO_MATCH = "No match"


class Scores(BaseModel):
    """What the distance of a match is made of; all 0 where there is none."""

    boxCoveredSurface: float = Field(
        ge=0, le=1, description="Share of the matching boxes that agreeing keypoints cover."
    )
    boxPointsRatio: float = Field(
        ge=0, le=1, description="Share that agrees of all keypoints in the matching boxes."
    )
    boxPointsRatioHomography: float = Field(
        ge=0, le=1, description="Share that agrees of the keypoints that found a counterpart."
    )
    matchStrength: float = Field(ge=0, le=1, description="1 - distance, for a match.")
    matchStrengthWithoutWeighting: float = Field(
        ge=0, le=1, description="A quarter of matchStrength."
    )


class Side(BaseModel):
    """One of the two pictures, and the part of it that the other shows too."""

    area: float = Field(ge=0, le=1, description="Area of the matching box, share of the picture.")
    resizedDimensions: tuple[int, int] = Field(
        description="Width and height at which it was compared; the longer is 512 px."
    )
    originalDimensions: tuple[int, int] = Field(description="Width and height, px.")
    matchingBox: list[tuple[float, float]] = Field(
        description="Corners from the top left clockwise, as shares of width and height; empty "
        "without a match."
    )


class Result(BaseModel):
    """The distance and its reasons."""

    distance: float = Field(
        ge=0,
        description="0: the same pixels. Below 1: a match, by local geometry. From 1 to 2: "
        "similar in colour and shape. 2 and above: not relevant.",
    )
    scores: Scores
    query: Side
    reference: Side


class DistanceInfo(BaseModel):
    """The outcome again, in short."""

    distance: float
    decision: Decision


NO_SCORES = match.Scores(strength=0, coverage=0, inliers_of_all=0, inliers_of_matched=0)


def result(found: distance.Result) -> Result:
    return Result(
        distance=found.distance,
        scores=_scores(found.scores or NO_SCORES),
        query=_side(found.query),
        reference=_side(found.reference),
    )


def _scores(scores: match.Scores) -> Scores:
    return Scores(
        boxCoveredSurface=scores.coverage,
        boxPointsRatio=scores.inliers_of_all,
        boxPointsRatioHomography=scores.inliers_of_matched,
        matchStrength=scores.strength,
        matchStrengthWithoutWeighting=scores.strength / 4,
    )


def _side(side: distance.Side) -> Side:
    width, height = side.compared_size
    corners: list[tuple[float, float]] = []
    area = 0.0
    if side.common_part:
        left, right = side.common_part.left / width, side.common_part.right / width
        top, bottom = side.common_part.top / height, side.common_part.bottom / height
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        area = (right - left) * (bottom - top)
    return Side(
        area=area,
        resizedDimensions=side.compared_size,
        originalDimensions=side.size,
        matchingBox=corners,
    )


def info(found: distance.Result) -> DistanceInfo:
    return DistanceInfo(distance=found.distance, decision=Decision[found.decision.name])


def message(found: distance.Result) -> str:
    return f"Decision from distance calculation: {Decision[found.decision.name]}"


WORDING = Wording(inputs=("refImage", "queryImage"), result=result, info=info, message=message)
