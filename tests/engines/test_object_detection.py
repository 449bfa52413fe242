"""Object detection names things and tells where they are."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from engines.core.errors import BadParameter, ModelUnavailable
from engines.core.shapes import Box, Pixels
from engines.models import weights
from engines.models.things import MOST_OF_A_LOOK
from engines.models.weights import ModelFiles
from engines.object_detection import Params, Result, draw, find, object_detection
from engines.vision.boxes import iou
from tests.engines.drawing import photograph
from tests.engines.models.networks import always, borrowed, placed, weighed
from tests.needs import ROOT


@pytest.fixture(scope="module")
def cat() -> Pixels:
    return photograph("chelsea.png")


@pytest.fixture
def sighted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let the network see what a test says, in its own 512 x 512 pixels."""

    def let(*rows: tuple[float, ...]) -> None:
        ours = weights.model("detector")
        seen = np.array([rows or [(0.0,) * 6]], np.float32).reshape(1, -1, 6)
        blind = SimpleNamespace(
            title=ours.title,
            device="CPU",
            labels=ours.labels,
            description=ours.description,
            run_all=lambda inputs: {"detections": seen},
        )
        monkeypatch.setattr(weights, "model", lambda name: blind)

    return let


@pytest.fixture
def outlining(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the network call what is red a cat and what is blue a dog, each in its box."""

    def run(inputs: Any) -> Any:
        rows = [(0.0,) * 6]
        for kind, channel in ((15, 2), (16, 0)):
            coloured = (inputs[0, ..., channel] > 128).astype(np.uint8)
            _, _, facts, _ = cv2.connectedComponentsWithStats(coloured)
            rows += [(x, y, x + width, y + height, 0.9, kind)
                     for x, y, width, height, _ in facts[1:].tolist()]  # fmt: skip
        return {"detections": np.array([rows], np.float32)}

    ours = weights.model("detector")
    stand_in = SimpleNamespace(
        title="", device="CPU", labels=ours.labels, description=ours.description, run_all=run
    )
    monkeypatch.setattr(weights, "model", lambda name: stand_in)


def found(image: Pixels, **params: float | bool) -> Result:
    return object_detection(image, params=Params.model_validate(params))


def test_a_cat_is_found_where_it_is(cat: Pixels) -> None:
    first = found(cat).objects[0]
    assert (first.name, first.mid) == ("Cat", "/m/01yrx")
    assert iou(first.box, Box(0, 3, 451, 300)) > 0.8


def test_a_cup_is_found_where_it_is() -> None:
    first = found(photograph("coffee.png")).objects[0]
    assert first.name == "Cup"
    assert iou(first.box, Box(170, 15, 415, 267)) > 0.8


def test_a_blank_picture_holds_nothing() -> None:
    result = found(np.full((200, 300, 3), 255, np.uint8))
    assert result.objects == []
    assert result.details.message == "Found 0 objects"


@pytest.mark.parametrize("shape", [(512, 256), (256, 512), (100, 700), (1, 40)])
def test_boxes_come_back_out_of_the_letterbox(sighted: Any, shape: tuple[int, int]) -> None:
    sighted((0, 0, 512, 512, 0.9, 15))
    height, width = shape
    (one,) = found(np.zeros((*shape, 3), np.uint8)).objects
    assert one.box == Box(0, 0, width, height)


def test_of_one_class_the_better_of_two_like_boxes_stays(sighted: Any) -> None:
    sighted((0, 0, 100, 100, 0.8, 15), (5, 0, 105, 100, 0.9, 15), (300, 0, 400, 90, 0.5, 15))
    scores = [one.score for one in found(np.zeros((512, 512, 3), np.uint8)).objects]
    assert scores == pytest.approx([0.9, 0.5])


def test_of_two_names_for_one_box_the_better_stays(sighted: Any) -> None:
    sighted((0, 0, 100, 100, 0.8, 15), (1, 0, 101, 100, 0.6, 16), (40, 0, 140, 100, 0.5, 16))
    names = [one.name for one in found(np.zeros((512, 512, 3), np.uint8)).objects]
    assert names == ["Cat", "Dog"]


def test_what_lies_beside_the_picture_stops_nothing(sighted: Any) -> None:
    sighted((0, 0, 512, 20, 0.9, 15), (0, 0, 512, 30, 0.8, 15), (0, 200, 512, 300, 0.7, 15))
    objects = found(np.zeros((128, 512, 3), np.uint8)).objects
    assert objects[-1].box == Box(0, 8, 512, 108)


def test_of_a_box_what_lies_beside_the_picture_does_not_count(sighted: Any) -> None:
    sighted((0, 0, 512, 250, 0.9, 15), (0, 180, 512, 250, 0.8, 15))
    (one,) = found(np.zeros((128, 512, 3), np.uint8)).objects
    assert one.box == Box(0, 0, 512, 58)


def test_an_object_of_just_the_least_score_is_listed(sighted: Any) -> None:
    sighted((0, 0, 100, 100, 0.5, 15), (300, 0, 400, 90, 0.25, 15))
    result = found(np.zeros((512, 512, 3), np.uint8), min_score=0.5)
    assert [one.score for one in result.objects] == [0.5]
    assert result.details.message == "Found 1 object"


def test_a_long_thin_thing_is_believed(sighted: Any) -> None:
    sighted((10, 10, 110, 14, 0.9, 15))
    assert len(found(np.zeros((512, 512, 3), np.uint8)).objects) == 1


def test_specks_are_not_believed(sighted: Any) -> None:
    sighted((10, 10, 16, 16, 0.9, 14))
    assert found(np.zeros((512, 512, 3), np.uint8)).objects == []


def test_a_class_without_label_is_refused(sighted: Any) -> None:
    sighted((0, 0, 100, 100, 0.8, 80))
    with pytest.raises(ModelUnavailable, match="gives class 80; its labels are 80"):
        found(np.zeros((512, 512, 3), np.uint8))


def test_objects_below_the_least_score_are_left_out(cat: Pixels) -> None:
    assert found(cat, min_score=0.9).objects == []


def test_there_are_at_most_so_many_objects(cat: Pixels) -> None:
    assert len(found(cat, min_score=0.05).objects) > 1
    assert len(found(cat, min_score=0.05, max_results=1).objects) == 1


def test_tiles_find_what_is_too_small_for_the_whole() -> None:
    field = cv2.resize(photograph("gravel.png"), (1500, 1500))
    field[1000:1200, 200:400] = cv2.resize(photograph("camera.png"), (200, 200))
    image = field.astype(np.uint8)
    assert found(image).objects == []
    (person,) = found(image, tiles=True).objects
    assert person.name == "Person"
    assert iou(person.box, Box(203, 1023, 314, 1200)) > 0.5


@pytest.mark.usefixtures("outlining")
@pytest.mark.parametrize("is_column", [False, True])
def test_tiles_find_every_small_thing_once_wherever_it_is(is_column: bool) -> None:
    image = np.zeros((900, 2600, 3), np.uint8)
    places = range(3, 2580, 27)
    for x in places:
        image[401:415, x : x + 14, 2] = 255
    image = np.swapaxes(image, 0, 1) if is_column else image
    assert found(image).objects == []
    boxes = [one.box for one in found(image, tiles=True).objects]
    expected = [(x, 401, x + 14, 415) for x in places]
    if is_column:
        expected = [(left, top, right, bottom) for top, left, bottom, right in expected]
    assert len(boxes) == len(places)
    assert np.abs(np.array(sorted(boxes)) - sorted(expected)).max() <= 1


@pytest.mark.parametrize("size", [(1, 9), (9, 1), (2, 2), (3, 700), (2000, 900)])
def test_no_part_of_a_picture_is_looked_at_twice(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = list[tuple[object, ...]]()

    def look(part: Pixels, _: float) -> list[object]:
        parts.append((part.ctypes.data, part.shape))
        return []

    monkeypatch.setattr("engines.object_detection.look", look)
    find(np.zeros((*size, 3), np.uint8), 0.3, with_tiles=True)
    assert len({*parts}) == len(parts)


@pytest.mark.usefixtures("outlining")
def test_a_small_thing_inside_another_kind_of_thing_is_no_part_of_it() -> None:
    image = np.zeros((1500, 1500, 3), np.uint8)
    cv2.rectangle(image, (100, 100), (1400, 1400), (0, 0, 255), 20)
    image[700:720, 600:620, 0] = 255
    names = [one.name for one in found(image, tiles=True).objects]
    assert names == ["Cat", "Dog"]


def test_tiles_do_not_cut_a_large_thing_into_parts(cat: Pixels) -> None:
    large = cv2.resize(cat, None, fx=3, fy=3).astype(np.uint8)
    cats = [one for one in found(large, tiles=True).objects if one.name == "Cat"]
    assert len(cats) == 1


def test_every_coco_class_has_its_own_name_and_machine_id() -> None:
    labels = weights.model("detector").labels
    assert len({label.name for label in labels}) == len({label.mid for label in labels}) == 80
    assert all(label.mid.startswith("/m/") and label.name[0].isupper() for label in labels)


def test_the_drawing_frames_the_object(cat: Pixels) -> None:
    result = found(cat)
    shown = draw(cat, result).pixels
    box = result.objects[0].box
    assert shown.shape == cat.shape
    assert (shown[150, box.left] != cat[150, box.left]).any()


@pytest.mark.parametrize("field", [{"min_score": "-0.1"}, {"max_results": "0"}, {"tiles": "yes"}])
def test_parameters_out_of_range_are_refused(field: dict[str, str]) -> None:
    with pytest.raises(BadParameter):
        Params.from_text(field)


@pytest.fixture
def brought(tmp_path: Path) -> Iterator[Any]:
    """Bring a small detector of one's own, with its description."""

    def bring(network: bytes, description: str) -> None:
        file = placed(tmp_path, network, f"classes = 80\n{description}")
        weights.configure({"detector": ModelFiles(file)})

    yield bring
    weights.configure({})


def test_boxes_of_a_yolo_export_are_found_where_they_are(brought: Any) -> None:
    answer = np.full((1, 84, 8400), 1e-5, np.float32)
    answer[0, :4] = np.linspace(300, 340, 8400)
    # Of 320 x 240, shown at twice its size between bars of 80 px: a cat from 40, 20 to 140, 120.
    answer[0, :4, 5000] = (180, 80 + 140, 200, 200)
    answer[0, 4 + 15, 5000] = 0.75
    described = "range = [0, 1]\nrow = 'box, scores'\nboxes = 'cxcywh'\npad = 114"
    brought(always(answer, (1, 3, 640, 640)), described)
    (one,) = found(np.zeros((240, 320, 3), np.uint8)).objects
    assert (one.name, one.box, one.score) == ("Cat", Box(40, 20, 140, 120), 0.75)


def test_boxes_of_an_end_to_end_export_are_found_where_they_are(brought: Any) -> None:
    answer = np.zeros((1, 300, 6), np.float32)
    answer[0, 0] = (80, 120, 280, 320, 0.75, 15)
    brought(always(answer, (1, 3, 640, 640)), "range = [0, 1]")
    (one,) = found(np.zeros((240, 320, 3), np.uint8)).objects
    assert (one.name, one.box, one.score) == ("Cat", Box(40, 20, 140, 120), 0.75)


NANODET = ROOT.parent / "shared" / "models" / "nanodet_plus_coco.onnx"


@pytest.mark.skipif(
    not NANODET.exists(),
    reason="NanoDet-Plus is a user's to bring (docs/models.md); it is looked for beside the tree",
)
def test_nanodet_plus_finds_a_cat_by_its_description_alone(tmp_path: Path, cat: Pixels) -> None:
    described = "range = [0, 255]\nclasses = 80\nsize = 512\nmultiple_of = 64\nthreshold = 0.4"
    weights.configure({"detector": ModelFiles(borrowed(tmp_path, NANODET, described))})
    try:
        (one,) = found(cat).objects
    finally:
        weights.configure({})
    assert one.name == "Cat"
    assert one.score == pytest.approx(0.74, abs=0.02)
    assert iou(one.box, Box(0, 3, 451, 300)) > 0.75


def test_a_detector_sees_the_levels_and_the_grey_around_that_it_was_made_for(brought: Any) -> None:
    brought(weighed((0, 0, 64, 64), (1, 3, 64, 64)), "range = [0, 1]\npad = 51")
    (one,) = found(np.full((32, 64, 3), (0, 0, 255), np.uint8)).objects
    assert one.score == pytest.approx((1 + 51 / 255) / 2, abs=1e-3)


@pytest.mark.parametrize(("threshold", "count"), [("0.7", 1), ("0.8", 0)])
def test_a_models_own_threshold_counts_unless_another_is_asked_for(
    brought: Any, threshold: str, count: int
) -> None:
    network = weighed((0, 0, 64, 64), (1, 3, 64, 64))
    brought(network, f"range = [0, 1]\nthreshold = {threshold}")
    grey = np.full((64, 64, 3), 191, np.uint8)
    assert len(found(grey).objects) == count
    assert len(found(grey, min_score=0.5).objects) == 1
    assert found(grey, min_score=0.9).objects == []


@pytest.mark.parametrize(
    ("keys", "scores"),
    [
        ("", [0.9, 0.7]),
        ("nms = 0.4", [0.9]),
        ("nms = 1", [0.9, 0.8, 0.7]),
        ("nms = 1\nnms_between = 0.4", [0.9, 0.8, 0.7]),
    ],
)
def test_what_is_one_thing_says_the_description(
    brought: Any, keys: str, scores: list[float]
) -> None:
    # Overlaps (IoU) with the first: 0.8 and 0.43.
    rows = [(0, 0, 100, 100, 0.9, 0), (0, 0, 100, 80, 0.8, 0), (40, 0, 140, 100, 0.7, 0)]
    brought(always([rows], (1, 3, 512, 512)), f"range = [0, 1]\n{keys}")
    objects = found(np.zeros((512, 512, 3), np.uint8)).objects
    assert [one.score for one in objects] == pytest.approx(scores)


@pytest.mark.parametrize(("between", "count"), [(0.9, 2), (0.7, 1)])
def test_boxes_of_two_classes_are_one_thing_from_an_overlap_on(
    brought: Any, between: float, count: int
) -> None:
    rows = [(0, 0, 100, 100, 0.9, 0), (0, 0, 100, 80, 0.8, 1)]
    brought(always([rows], (1, 3, 512, 512)), f"range = [0, 1]\nnms_between = {between}")
    assert len(found(np.zeros((512, 512, 3), np.uint8)).objects) == count


def test_what_a_trial_did_not_show_is_refused_and_not_clamped(brought: Any) -> None:
    brought(weighed((0, 0, 64, 64), (1, 3, 64, 64)), "range = [0, 1.9]")
    with pytest.raises(ModelUnavailable, match=r"scores reach from 1\.9 to 1\.9, as logits do"):
        found(np.full((64, 64, 3), 255, np.uint8))


def test_boxes_without_end_are_compared_in_bounded_time(brought: Any) -> None:
    random = np.random.default_rng(1)
    corners = random.uniform(0, 500, (8400, 2))
    rows = np.concatenate([corners, corners + 12, random.uniform(0, 0.9, (8400, 1))], axis=1)
    brought(always([np.pad(rows, ((0, 0), (0, 1)))], (1, 3, 512, 512)), "range = [0, 1]\nnms = 1")
    objects = find(np.zeros((512, 512, 3), np.uint8), 0, with_tiles=False)
    assert len(objects) == MOST_OF_A_LOOK
    assert objects[-1].score >= np.sort(rows[:, 4])[-MOST_OF_A_LOOK]
