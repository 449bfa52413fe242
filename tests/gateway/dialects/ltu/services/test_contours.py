"""`contours` as the document shows it."""

from engines.contours import Contour, Result
from engines.core.shapes import Box, Details, Info
from tests.gateway.dialects.ltu.answers import answered


def test_vertices_are_counted_from_their_box() -> None:
    square = Contour(box=Box(50, 60, 120, 100), outline=[(50, 60), (50, 99), (119, 60)])
    answer = answered("contours", Result(contours=[square], details=Details[Info](info=Info())))
    assert answer["result"]["contours"] == [
        {
            "boundingBox": {"x": 50, "y": 60, "width": 70, "height": 40},
            "relativeVertices": [{"x": 0, "y": 0}, {"x": 0, "y": 39}, {"x": 69, "y": 0}],
        }
    ]
    assert answer["details"]["message"] == "Got 1 contours"
    assert answer["details"]["info"] == {"nbContours": 1}
