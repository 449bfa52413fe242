"""A project's modules run over one picture, and its conditions say whether it is good."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.core.errors import ModelUnavailable
from engines.core.registry import catalogue, engine_named
from engines.core.shapes import Pixels
from engines.inspection.conditions import ClassCount, Measure
from engines.inspection.findings import FINDINGS
from engines.inspection.flow import Module, Params, Reference, Result, inspection
from engines.inspection.preprocessing import Crop, Grey, Rotate
from engines.vision.boxes import iou
from tests.engines.drawing import photograph
from tests.plates import SCRATCH, plate, png, scratched

QUALITY = Module(name="image_quality", engine="image_quality")
NO_DIFFERENCE = ClassCount(label="difference", at_most=0)


@pytest.fixture
def compared(tmp_path: Path) -> Module:
    """Differences from the good plate."""
    return with_reference("differences", tmp_path / "good.png", plate())


def with_reference(name: str, path: Path, image: Pixels, **params: Any) -> Module:
    path.write_bytes(png(image))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    reference = Reference(path=path, sha256=sha256)
    return Module(name=name, engine=name, reference=reference, params=params)


def inspect(image: Pixels, *modules: Module, **told: Any) -> Result:
    return inspection(image, params=Params(modules=modules, **told))


def test_a_scratch_is_found_where_it_is_and_makes_the_plate_bad(compared: Module) -> None:
    result = inspect(scratched(), compared, good_if=(NO_DIFFERENCE,))
    (found,) = result.rectangles
    assert iou(found.box, SCRATCH) > 0.5
    assert result.is_good is False
    assert result.heat is not None
    assert result.heat.pixels[210, 340] == 255
    assert result.heat.pixels[40, 40] == 0


def test_a_good_plate_is_good(compared: Module) -> None:
    result = inspect(plate(), compared, good_if=(NO_DIFFERENCE,))
    assert (result.rectangles, result.is_good) == ([], True)


def test_a_reference_is_preprocessed_as_the_picture_is(compared: Module) -> None:
    steps = (Crop(left=20, top=20, width=440, height=280), Rotate(quarter_turns=3), Grey())
    result = inspect(scratched(), compared, preprocessing=steps)
    (found,) = result.rectangles
    assert result.image.pixels.shape == (440, 280, 3)
    assert found.box.left == pytest.approx(300 - SCRATCH.bottom, abs=6)


def test_a_reference_that_was_changed_since_is_refused(compared: Module) -> None:
    assert compared.reference
    compared.reference.path.write_bytes(png(scratched()))
    with pytest.raises(ModelUnavailable, match="changed after the start"):
        inspect(plate(), compared)


def test_numbers_can_be_asked_for_by_their_way_in_the_result() -> None:
    sharp = Measure(measure="image_quality.sharpness.laplacian_variance", at_least=1)
    grey = np.full((40, 40, 3), 128, np.uint8)
    assert inspect(grey, QUALITY, good_if=(sharp,)).is_good is False
    result = inspect(plate(), QUALITY, good_if=(sharp,))
    assert result.is_good is True
    assert set(result.modules["image_quality"]) == {
        "is_truncated",
        "exposure",
        "sharpness",
        "noise",
    }
    assert "underexposed" not in result.modules["image_quality"]["exposure"]


def test_without_conditions_nothing_is_said() -> None:
    assert inspect(plate(), QUALITY).is_good is None


def test_classes_that_are_not_asked_for_are_left_out() -> None:
    detector = Module(name="a", engine="object_detection")
    image = photograph("astronaut.png")
    assert inspect(image, detector).rectangles
    other = detector.model_copy(update={"labels": ("Giraffe",)})
    assert inspect(image, other).rectangles == []


@pytest.mark.parametrize(
    "name", sorted(FINDINGS.keys() - {"differences", "distance", "template_match"})
)
def test_every_module_has_an_answer_for_every_picture(name: str) -> None:
    module = Module(name=name, engine=name)
    for image in (plate(), np.zeros((1, 1, 3), np.uint8)):
        result = inspect(image, module)
        assert all(one.classes for one in result.rectangles)


def test_a_template_is_looked_for_in_the_picture_after_preprocessing(tmp_path: Path) -> None:
    steps = (Crop(left=20, top=20, width=440, height=280), Rotate(quarter_turns=1))
    seen = inspect(scratched(), QUALITY, preprocessing=steps).image.pixels
    module = with_reference("template_match", tmp_path / "part.png", seen[60:160, 80:200])
    (found,) = inspect(scratched(), module, preprocessing=steps).rectangles
    assert found.box == (80, 60, 200, 160)
    assert [(one.label, one.score) for one in found.classes] == [("template", 1)]


def test_a_template_keeps_its_alpha(tmp_path: Path) -> None:
    part = np.dstack([plate()[60:160, 80:200], np.full((100, 120), 255, np.uint8)])
    part[:40] = 0
    module = with_reference(
        "template_match", tmp_path / "part.png", part, use_alpha=True, threshold=1
    )
    (found,) = inspect(plate(), module).rectangles
    assert found.box == (80, 60, 200, 160)


def test_words_are_found_with_their_text() -> None:
    result = inspect(plate(), Module(name="text", engine="text_detection"))
    assert [one.text for one in result.rectangles] == ["PUMP 72"]
    assert result.rectangles[0].classes[0].label == "text"


def test_a_project_is_the_same_after_a_way_through_json(compared: Module) -> None:
    steps = (Crop(left=0, width=9, height=9), Grey())
    told = Params(preprocessing=steps, modules=(compared, QUALITY), good_if=(NO_DIFFERENCE,))
    assert Params.model_validate_json(told.model_dump_json()) == told


def test_it_is_found_by_its_name_but_is_no_service() -> None:
    assert engine_named("inspection").params is Params
    assert "inspection" not in catalogue()
