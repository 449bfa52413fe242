"""`distance` as the document shows it."""

from engines.copies.match import Scores
from engines.core.shapes import Box, Details, Info
from engines.distance import Decision, Result, Side
from tests.gateway.dialects.ltu.answers import answered

PART = Box(128, 64, 384, 192)
SCORES = Scores(strength=0.8, coverage=0.7, inliers_of_all=0.6, inliers_of_matched=0.5)


def compared(*, part: Box | None = PART, scores: Scores | None = SCORES) -> Result:
    side = Side(size=(200, 100), compared_size=(512, 256), common_part=part)
    return Result(
        distance=0.2 if part else 2.5,
        decision=Decision.MATCH if part else Decision.NO_MATCH,
        scores=scores,
        query=side,
        reference=side,
        details=Details[Info](info=Info()),
    )


def test_the_scores_have_the_documents_names() -> None:
    assert answered("distance", compared())["result"]["scores"] == {
        "boxCoveredSurface": 0.7,
        "boxPointsRatio": 0.6,
        "boxPointsRatioHomography": 0.5,
        "matchStrength": 0.8,
        "matchStrengthWithoutWeighting": 0.2,
    }


def test_the_common_part_is_told_in_shares_of_the_picture() -> None:
    assert answered("distance", compared())["result"]["query"] == {
        "area": 0.25,
        "resizedDimensions": [512, 256],
        "originalDimensions": [200, 100],
        "matchingBox": [[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]],
    }


def test_without_a_match_all_scores_are_0_and_there_is_no_box() -> None:
    result = answered("distance", compared(part=None, scores=None))["result"]
    assert set(result["scores"].values()) == {0}
    assert (result["query"]["area"], result["query"]["matchingBox"]) == (0, [])


def test_the_decision_is_told_twice() -> None:
    details = answered("distance", compared(part=None, scores=None))["details"]
    assert details["message"] == "Decision from distance calculation: No match"
    assert details["info"] == {"distance": 2.5, "decision": "No match"}
