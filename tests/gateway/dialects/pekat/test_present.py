"""What a project found, in PEKAT's words, and the picture beside it."""

import cv2
import numpy as np
import orjson
import pytest

from engines.core.registry import engine_named
from engines.core.run import Answer, Computed, Present
from engines.core.shapes import Box, Details, Info, Picture, Pixels
from engines.inspection.findings import FoundClass, Rectangle
from engines.inspection.flow import Result
from gateway.dialects.pekat import present

GREY = np.full((80, 120, 3), 100, np.uint8)
HEAT = np.zeros((80, 120), np.uint8)
HEAT[10:20, 30:60] = 255
BOLT = Rectangle(box=Box(30, 10, 60, 20), classes=[FoundClass(label="bolt", score=0.75)])
LINE = Rectangle(box=Box(5, 40, 90, 60), classes=[FoundClass(label="text")], text="LOT 4711")


def presented(
    presenter: Present, *, heat: Pixels | None = HEAT, good: bool | None = None
) -> Answer:
    result = Result(
        rectangles=[BOLT, LINE],
        is_good=good,
        modules={"image_quality": {"noise": 1.5}},
        image=Picture(GREY),
        heat=None if heat is None else Picture(heat),
        details=Details[Info](info=Info()),
    )
    return presenter(Computed(engine_named("inspection"), (GREY,), result))


def picture(answer: Answer) -> Pixels:
    (file,) = answer.files
    assert file.media_type == "image/png"
    return np.asarray(cv2.imdecode(np.frombuffer(file.data, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def test_the_context_has_the_vendor_s_keys() -> None:
    answer = presented(present.context, good=False)
    context = orjson.loads(answer.body)
    bolt, line = context.pop("detectedRectangles")
    assert bolt.pop("classNames")[0].items() >= {"label": "bolt", "confidence": 0.75}.items()
    assert bolt == {"id": 1, "x": 30, "y": 10, "width": 30, "height": 10}
    assert (line["id"], line["text"], line["classNames"][0]["label"]) == (2, "LOT 4711", "text")
    assert context == {
        "result": False,
        "modules": {"image_quality": {"noise": 1.5}},
        "processing": True,
        "production_mode": True,
        "operatorInput": {},
    }
    assert answer.files == ()


def test_a_project_without_conditions_sets_no_result() -> None:
    assert "result" not in orjson.loads(presented(present.context).body)


def test_a_class_has_one_number_in_every_answer() -> None:
    first, second = (orjson.loads(presented(present.context).body) for _ in range(2))
    assert first == second
    ids = [one["classNames"][0]["id"] for one in first["detectedRectangles"]]
    assert len({*ids}) == 2
    assert all(0 <= id < 2**31 for id in ids)


def test_the_image_is_the_preprocessed_one() -> None:
    assert (picture(presented(present.image)) == GREY).all()


def test_the_annotated_image_shows_heat_and_rectangles() -> None:
    shown = picture(presented(present.annotated_image))
    assert (shown[15, 45] != 100).any()
    assert (shown[50, 5] != 100).any()
    assert (shown[75, 110] == 100).all()


def test_the_heatmap_is_black_where_no_heat_is() -> None:
    shown = picture(presented(present.heatmap))
    assert shown[HEAT == 0].max() == 0
    assert shown[HEAT > 0].min(axis=0).max() > 200


@pytest.mark.parametrize("presenter", [present.context, present.heatmap])
def test_without_heat_there_is_no_heatmap(presenter: Present) -> None:
    assert presented(presenter, heat=None).files == ()
