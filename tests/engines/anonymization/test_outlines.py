"""Persons and vehicles are hidden by their shape where a user's segmenter is sure of it."""

import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage

from engines.anonymization import masks
from engines.anonymization.detectors import sight
from engines.anonymization.outlines import outlined
from engines.anonymization.sighting import Kind, Sighting, boxed
from engines.core.errors import ModelUnavailable
from engines.core.shapes import Box, Mask, Pixels
from engines.models import weights
from engines.models.weights import ModelFiles
from tests.engines.models.networks import AS_SEEN, borrowed, colour_segmenter, placed
from tests.needs import ROOT

BOX = Box(100, 100, 300, 400)
RED, BLUE = (0, 0, 255), (255, 0, 0)
SHARED = ROOT.parent / "shared/models/person_vehicle_seg.onnx"


@pytest.fixture(autouse=True)
def _ours_again() -> Iterator[None]:
    yield
    weights.configure({})


@pytest.fixture
def colours(tmp_path: Path) -> None:
    """A segmenter that takes what is red for a person and what is blue for a vehicle."""
    weights.configure({"segmenter": ModelFiles(placed(tmp_path, colour_segmenter(), AS_SEEN))})


def street(*shapes: tuple[Box, tuple[int, int, int]]) -> Pixels:
    image = np.zeros((512, 768, 3), np.uint8)
    for (left, top, right, bottom), colour in shapes:
        image[top:bottom, left:right] = colour
    return image


def hidden(one: Sighting) -> Mask:
    return masks.covered(one, Box(0, 0, 768, 512), ())


def outline(image: Pixels, kind: Kind = Kind.PERSON, box: Box = BOX) -> Sighting:
    (one,) = outlined([boxed(kind, box, 0.5, "detector")], image)
    return one


def test_without_a_segmenter_the_box_is_hidden() -> None:
    assert outline(street()).box == BOX


@pytest.mark.usefixtures("colours")
@pytest.mark.parametrize(("kind", "colour"), [(Kind.PERSON, RED), (Kind.VEHICLE, BLUE)])
def test_a_body_is_hidden_whole_and_little_beside_it(
    kind: Kind, colour: tuple[int, int, int]
) -> None:
    body = Box(140, 100, 260, 400)
    mask = hidden(outline(street((body, colour)), kind))
    assert mask[100:400, 140:260].all()
    assert not mask[:, :115].any()
    assert not mask[:, 285:].any()


@pytest.mark.usefixtures("colours")
def test_nothing_is_hidden_outside_of_the_box() -> None:
    mask = hidden(outline(street((Box(0, 0, 768, 512), RED))))
    assert mask.sum() == mask[100:400, 100:300].sum() == 200 * 300


@pytest.mark.usefixtures("colours")
@pytest.mark.parametrize(
    ("body", "box"),
    [
        (Box(100, 100, 180, 400), BOX),
        (Box(105, 105, 125, 195), Box(100, 100, 130, 200)),
    ],
    ids=["less than half of the box is a body", "the box is small"],
)
def test_where_the_segmenter_is_unsure_the_box_is_hidden(body: Box, box: Box) -> None:
    one = outline(street((body, RED)), box=box)
    assert one.box == box
    assert hidden(one).sum() == (box.right - box.left) * (box.bottom - box.top)


@pytest.mark.usefixtures("colours")
def test_a_person_is_not_hidden_by_the_shape_of_a_vehicle() -> None:
    assert outline(street((Box(140, 100, 260, 400), BLUE))).box == BOX


@pytest.mark.usefixtures("colours")
def test_all_parts_of_a_body_are_hidden_with_its_holes() -> None:
    image = street((Box(100, 100, 300, 200), RED), (Box(100, 300, 300, 400), RED))
    image[110:190, 180:220] = 0
    mask = hidden(outline(image))
    assert mask[100:200, 100:300].all()
    assert mask[300:400, 100:300].all()
    assert not mask[240:260, 102:298].all()


@pytest.mark.usefixtures("colours")
def test_who_drew_the_outline_is_told() -> None:
    one = outline(street((Box(140, 100, 260, 400), RED)))
    assert one.model == "detector, own"


def test_a_segmenter_that_cannot_be_used_hides_nothing_by_boxes(tmp_path: Path) -> None:
    weights.configure({"segmenter": ModelFiles(tmp_path / "absent.onnx")})
    with pytest.raises(ModelUnavailable, match="segmenter"):
        outline(street())


def test_a_segmenter_of_a_user_outlines_the_astronaut(tmp_path: Path) -> None:
    file = Path(os.environ.get("TEST_SEGMENTER", SHARED))
    if not file.is_file():
        pytest.skip("There is no segmenter; TEST_SEGMENTER names one of persons and vehicles.")
    own = borrowed(tmp_path, file, AS_SEEN)
    weights.configure({"segmenter": ModelFiles(own)})
    image = np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])  # type: ignore[no-untyped-call]
    best = sight(image, {Kind.PERSON: 0.3}, print)[0]
    mask = masks.covered(best, Box(0, 0, 512, 512), ())
    head = cv2.ellipse(np.zeros((512, 512), np.uint8), (220, 115), (55, 85), 0, 0, 360, 1, -1) > 0
    assert mask[head].all()
    assert mask[300:500, 100:250].all()
    assert not mask[:150, 350:390].any()
