"""`content` of `objectDetection` is as the document shows it."""

from engines import object_detection
from engines.core.shapes import Box, Details
from tests.gateway.dialects.ltu.answers import answered


def test_objects_have_four_corners_clockwise_in_shares_of_the_picture() -> None:
    box = Box(50, 10, 150, 90)
    found = [object_detection.FoundObject(name="Person", score=0.5, box=box, mid="/m/01g317")]
    info = object_detection.ModelInfo(model="m", device="CPU")
    details = Details[object_detection.ModelInfo](info=info)
    result = object_detection.Result(details=details, objects=found)
    corners = [{"y": 0.1, "x": 0.25}, {"y": 0.1, "x": 0.75}, {"y": 0.9, "x": 0.75}]
    assert answered("object_detection", result)["content"] == {
        "localizedObjectAnnotations": [
            {
                "score": 0.5,
                "mid": "/m/01g317",
                "boundingPoly": {"normalizedVertices": [*corners, {"y": 0.9, "x": 0.25}]},
                "name": "Person",
            }
        ]
    }


def test_nothing_found_is_an_empty_list() -> None:
    info = object_detection.ModelInfo(model="m", device="CPU")
    details = Details[object_detection.ModelInfo](info=info)
    nothing = object_detection.Result(details=details, objects=[])
    assert answered("object_detection", nothing)["content"] == {"localizedObjectAnnotations": []}
