"""`heatMap` as the document shows it."""

import numpy as np

from engines.core.shapes import Details, Info, Picture
from engines.heat_map import Result
from tests.gateway.dialects.ltu.answers import answered


def test_the_kind_of_points_is_a_number() -> None:
    heat = Picture(np.zeros((2, 3, 3), np.uint8))
    answer = answered("heat_map", Result(heatmap=heat, details=Details[Info](info=Info())))
    assert list(answer["result"]) == ["heatmap"]
    assert answer["details"]["name"] == "heatmap"
    assert answer["details"]["info"] == {"signature": 72004000}
