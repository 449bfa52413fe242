"""`content` of the three learned services is as LTU's document shows it."""

import re
from typing import Any

import numpy as np
import pytest

from engines import classification, object_detection, text_detection
from engines.core.registry import catalogue
from engines.core.run import Computed
from engines.core.shapes import Box, Details
from gateway.dialects.ltu.content import CONTENT

IMAGE = np.zeros((100, 200, 3), np.uint8)


def content(name: str, result: Any) -> dict[str, Any]:
    return CONTENT[name](Computed(catalogue()[name], (IMAGE,), result))


def word(text: str, *box: int) -> text_detection.FoundWord:
    return text_detection.FoundWord(text=text, score=0.9, box=Box(*box))


def line(language: str, *words: text_detection.FoundWord) -> text_detection.FoundLine:
    text = " ".join(one.text for one in words)
    box = words[0].box
    return text_detection.FoundLine(text=text, language=language, box=box, angle=0, words=[*words])


def read(*lines: text_detection.FoundLine) -> text_detection.Result:
    info = text_detection.ReaderInfo(model="m", device="CPU", provider="Google")
    text = "".join(f"{one.text}\n" for one in lines)
    details = Details[text_detection.ReaderInfo](info=info)
    return text_detection.Result(details=details, text=text, language="fr", lines=[*lines])


@pytest.fixture
def label() -> dict[str, Any]:
    return content(
        "text_detection",
        read(
            line("en", word("MADE", 40, 20, 70, 30), word("IN", 75, 20, 85, 30)),
            line("fr", word("MADE", 38, 50, 60, 62)),
        ),
    )


def test_the_text_has_exactly_the_documented_keys(label: dict[str, Any]) -> None:
    assert list(label) == ["image", "summary", "errors"]
    assert list(label["image"]) == ["areas", "UUID", "version"]
    assert label["image"]["version"] == 0.1
    assert label["errors"] == []
    assert label["summary"] == {
        "name": "textDetection",
        "status": 0,
        "message": "OK",
        "resultInfos": {"textDetection": {"nbAreas": 3}},
    }


def test_areas_are_named_after_the_picture_and_numbered(label: dict[str, Any]) -> None:
    name = label["image"]["UUID"]
    assert re.fullmatch("[0-9a-f]{8}", name)
    assert list(label["image"]["areas"]) == [f"{name}/{place}" for place in range(4)]


def test_the_first_area_sums_up_the_others(label: dict[str, Any]) -> None:
    name = label["image"]["UUID"]
    assert label["image"]["areas"][f"{name}/0"] == {
        "type": "input",
        "boundingBox": {"x": 38, "y": 20, "width": 47, "height": 42},
        "resultInfo": {
            "textDetection": {
                "type": "summary",
                "language": "fr",
                "text": "MADE IN\nMADE\n",
                "subarea": [f"{name}/1", f"{name}/2", f"{name}/3"],
                "words": {"MADE": [f"{name}/1", f"{name}/3"], "IN": [f"{name}/2"]},
            }
        },
    }


def test_each_further_area_is_a_word(label: dict[str, Any]) -> None:
    assert label["image"]["areas"][label["image"]["UUID"] + "/2"] == {
        "type": "output",
        "boundingBox": {"x": 75, "y": 20, "width": 10, "height": 10},
        "resultInfo": {"textDetection": {"type": "words", "language": "en", "text": "IN"}},
    }


def test_without_text_there_is_no_area() -> None:
    empty = content("text_detection", read())
    assert empty["image"]["areas"] == {}
    assert empty["summary"]["resultInfos"]["textDetection"]["nbAreas"] == 0


def test_the_same_answer_has_the_same_name(label: dict[str, Any]) -> None:
    other = content("text_detection", read(line("en", word("MADE", 40, 20, 70, 31))))
    again = content("text_detection", read(line("en", word("MADE", 40, 20, 70, 31))))
    assert other == again
    assert other["image"]["UUID"] != label["image"]["UUID"]


def test_labels_have_a_topicality_and_a_mid_only_where_known() -> None:
    found = [
        classification.FoundLabel(description="Zebra", score=0.75, mid="/m/0898b"),
        classification.FoundLabel(description="Horse", score=0.25),
    ]
    info = classification.ModelInfo(model="m", device="CPU")
    details = Details[classification.ModelInfo](info=info)
    assert content("classification", classification.Result(details=details, labels=found)) == {
        "labelAnnotations": [
            {"score": 0.75, "topicality": 0.75, "mid": "/m/0898b", "description": "Zebra"},
            {"score": 0.25, "topicality": 0.25, "description": "Horse"},
        ]
    }


def test_objects_have_four_corners_clockwise_in_shares_of_the_picture() -> None:
    box = Box(50, 10, 150, 90)
    found = [object_detection.FoundObject(name="Person", score=0.5, box=box, mid="/m/01g317")]
    info = object_detection.ModelInfo(model="m", device="CPU")
    details = Details[object_detection.ModelInfo](info=info)
    result = object_detection.Result(details=details, objects=found)
    corners = [{"y": 0.1, "x": 0.25}, {"y": 0.1, "x": 0.75}, {"y": 0.9, "x": 0.75}]
    assert content("object_detection", result) == {
        "localizedObjectAnnotations": [
            {
                "score": 0.5,
                "mid": "/m/01g317",
                "boundingPoly": {"normalizedVertices": [*corners, {"y": 0.9, "x": 0.25}]},
                "name": "Person",
            }
        ]
    }


@pytest.mark.parametrize(
    ("name", "empty"),
    [
        ("classification", {"labelAnnotations": []}),
        ("object_detection", {"localizedObjectAnnotations": []}),
    ],
)
def test_nothing_found_is_an_empty_list(name: str, empty: dict[str, Any]) -> None:
    white = np.full((60, 60, 3), 255, np.uint8)
    engine = catalogue()[name]
    params = engine.params.model_validate({"min_score": 1})
    assert content(name, engine.compute(white, params=params)) == empty
