"""Conditions hold, or do not, of what was found."""

from typing import Any

import pytest
from pydantic import ValidationError

from engines.core.shapes import Box
from engines.inspection.conditions import CONDITIONS
from engines.inspection.findings import FoundClass, Rectangle

FOUND = [
    Rectangle(box=Box(0, 0, 9, 9), classes=[FoundClass(label="bolt"), FoundClass(label="screw")]),
    Rectangle(box=Box(9, 0, 20, 9), classes=[FoundClass(label="bolt")]),
    Rectangle(box=Box(0, 9, 9, 20), classes=[FoundClass(label="text")], text="LOT 4711"),
]
MODULES = {"image_quality": {"noise": 2.5, "is_truncated": False}, "distance": {"scores": None}}


@pytest.mark.parametrize(
    ("told", "is_true"),
    [
        ({"label": "bolt", "at_least": 2, "at_most": 2}, True),
        ({"label": "bolt", "at_most": 1}, False),
        ({"label": "screw", "at_least": 1}, True),
        ({"label": "scratch", "at_most": 0}, True),
        ({"measure": "image_quality.noise", "at_most": 2.5}, True),
        ({"measure": "image_quality.noise", "at_least": 2.6}, False),
        ({"measure": "image_quality.is_truncated", "at_most": 0}, True),
        ({"measure": "distance.scores.strength", "at_least": 0}, False),
        ({"text": r"^LOT \d{4}$"}, True),
        ({"text": "lot"}, False),
    ],
)
def test_a_condition_is_true_of_what_was_found(told: dict[str, Any], is_true: bool) -> None:
    kind = next(CONDITIONS[key] for key in CONDITIONS if key in told)
    assert kind.model_validate(told).holds(FOUND, MODULES) is is_true


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("label", {"label": "bolt"}),
        ("measure", {"measure": "image_quality.noise"}),
        ("measure", {"measure": "noise", "at_most": 1}),
        ("text", {"text": "("}),
        ("text", {"text": "a", "at_most": 1}),
    ],
)
def test_a_condition_without_limits_or_sense_is_refused(key: str, told: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CONDITIONS[key].model_validate(told)
