"""`content` of `classification` is as the document shows it."""

from engines import classification
from engines.core.shapes import Details
from tests.gateway.dialects.ltu.answers import answered


def test_labels_have_a_topicality_and_a_mid_only_where_known() -> None:
    found = [
        classification.FoundLabel(description="Zebra", score=0.75, mid="/m/0898b"),
        classification.FoundLabel(description="Horse", score=0.25),
    ]
    info = classification.ModelInfo(model="m", device="CPU")
    details = Details[classification.ModelInfo](info=info)
    result = classification.Result(details=details, labels=found)
    assert answered("classification", result)["content"] == {
        "labelAnnotations": [
            {"score": 0.75, "topicality": 0.75, "mid": "/m/0898b", "description": "Zebra"},
            {"score": 0.25, "topicality": 0.25, "description": "Horse"},
        ]
    }


def test_nothing_found_is_an_empty_list() -> None:
    info = classification.ModelInfo(model="m", device="CPU")
    details = Details[classification.ModelInfo](info=info)
    nothing = classification.Result(details=details, labels=[])
    assert answered("classification", nothing)["content"] == {"labelAnnotations": []}
