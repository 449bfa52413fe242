"""Masks of known boxes, and the bits of their types."""

import numpy as np
import pytest

from engines.anonymization import masks
from engines.anonymization.sighting import Kind, Sighting, boxed
from engines.core.shapes import Box

SIZE = (40, 60)
VEHICLE = boxed(Kind.VEHICLE, Box(10, 5, 50, 35), 0.9, "drawn")
PLATE = boxed(Kind.LICENSE_PLATE, Box(20, 20, 30, 25), 0.8, "drawn")
REGION = boxed(Kind.REGION, Box(0, 0, 4, 4), 1, "")


IGNORED = np.array([[15, 0], [24, 0], [24, 21], [15, 21]], np.int32)


def test_a_box_is_covered_to_its_last_pixel_and_no_further() -> None:
    mask = masks.binary(masks.instances([PLATE], SIZE, []))
    expected = np.zeros(SIZE, np.uint8)
    expected[20:25, 20:30] = 255
    assert (mask == expected).all()


def test_types_are_joined_where_instances_overlap() -> None:
    mask = masks.instances([VEHICLE, PLATE], SIZE, [])
    assert mask[22, 22].tolist() == [80, 1, 0]
    assert mask[10, 12].tolist() == [16, 1, 0]


def test_nothing_is_masked_where_nothing_is_hidden() -> None:
    mask = masks.binary(masks.instances([VEHICLE, PLATE, REGION], SIZE, [IGNORED]))
    assert not mask[:22, 15:25].any()
    assert mask[21, 25] == mask[22, 24] == mask[0, 0] == 255


def test_a_256th_instance_is_in_both_masks() -> None:
    instances = masks.instances([VEHICLE] * 255 + [REGION], SIZE, [])
    assert instances[0, 0].tolist() == [0, 1, 0]
    assert masks.binary(instances)[0, 0] == 255


STAR = [[50, 5], [75, 85], [8, 35], [92, 35], [25, 85]]
TWICE = [[20, 20], [80, 20], [80, 80], [20, 80]] * 2
LOOP = [[10, 10], [90, 10], [90, 90], [30, 90], [30, 30], [70, 30], [70, 95], [10, 95]]


@pytest.mark.parametrize("outline", [STAR, STAR[::-1], TWICE, LOOP])
def test_an_outline_that_goes_round_twice_covers_its_middle(outline: list[list[int]]) -> None:
    drawn = Sighting.outlined(Kind.REGION, outline, 1, "", (100, 100))
    assert drawn is not None
    assert masks.covered(drawn, Box(0, 0, 100, 100), [])[50, 50]


def test_an_outline_with_a_notch_does_not_cover_it() -> None:
    notched = [[10, 10], [90, 10], [90, 90], [70, 90], [70, 30], [30, 30], [30, 90], [10, 90]]
    drawn = Sighting.outlined(Kind.REGION, notched, 1, "", (100, 100))
    assert drawn is not None
    covered = masks.covered(drawn, Box(40, 0, 100, 100), [])
    assert not covered[31:, :29].any()
    assert covered[10:31, :51].all()
    assert covered[31:90, 31:50].all()
