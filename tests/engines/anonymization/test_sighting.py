"""Sightings: cut off at the picture, and those of one thing joined."""

from engines.anonymization.sighting import Kind, Sighting, boxed, joined
from engines.core.shapes import Box

SIZE = (100, 80)


def seen(box: Box, score: float, kind: Kind = Kind.FACE) -> Sighting:
    return boxed(kind, box, score, "drawn")


def test_a_polygon_has_the_box_of_what_lies_in_the_picture() -> None:
    one = Sighting.outlined(Kind.REGION, [[-5, 70], [20, 70], [20, 200], [-5, 200]], 1, "", SIZE)
    assert one is not None
    assert one.box == Box(0, 70, 21, 80)


def test_a_polygon_outside_of_the_picture_is_none() -> None:
    beside = [[100, 0], [120, 0], [120, 20]]
    assert Sighting.outlined(Kind.REGION, beside, 1, "", SIZE) is None


def test_one_look_stays_as_it_is() -> None:
    look = [seen(Box(0, 0, 50, 50), 0.9), seen(Box(10, 10, 20, 20), 0.8)]
    assert joined([look]) == look


def test_what_two_looks_saw_covers_both_places() -> None:
    first, second = seen(Box(10, 10, 40, 40), 0.6), seen(Box(14, 8, 44, 40), 0.9)
    (both,) = joined([[first], [second]])
    assert both.box == Box(10, 8, 44, 40)
    assert both.score == 0.9
    assert both.outline.min(axis=0).tolist() == [10, 8]
    assert both.outline.max(axis=0).tolist() == [43, 39]


def test_what_lies_within_another_of_its_kind_is_a_part_of_it() -> None:
    whole, part = seen(Box(0, 0, 90, 70), 0.5), seen(Box(0, 0, 45, 35), 0.7)
    assert [one.box for one in joined([[whole], [part]])] == [whole.box]


def test_other_kinds_and_other_places_stay_apart() -> None:
    face, plate = seen(Box(10, 10, 40, 40), 0.9), seen(Box(10, 10, 40, 40), 0.8, Kind.LICENSE_PLATE)
    far = seen(Box(60, 10, 90, 40), 0.95)
    assert joined([[face], [plate, far]]) == [far, face, plate]


def test_a_moved_sighting_keeps_its_form() -> None:
    moved = seen(Box(1, 2, 11, 22), 0.5).moved(100, 200)
    assert moved.box == Box(101, 202, 111, 222)
    assert moved.outline.min(axis=0).tolist() == [101, 202]
