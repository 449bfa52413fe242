"""Persons and vehicles in a photograph, and what happens where no model is."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage

from engines.anonymization.detectors import sight
from engines.anonymization.sighting import Kind
from engines.core.errors import ModelUnavailable
from engines.core.shapes import Pixels
from engines.models import faces, weights
from engines.models.weights import ModelFiles
from engines.vision.boxes import area, intersection
from tests.engines.models.networks import always, placed


@pytest.fixture
def astronaut() -> Pixels:
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])  # type: ignore[no-untyped-call]


def test_the_astronaut_is_seen_as_one_person(astronaut: Pixels) -> None:
    told = list[float]()
    best = sight(astronaut, {Kind.PERSON: 0.25}, told.append)[0]
    assert best.kind is Kind.PERSON
    assert best.box.left == 0
    assert best.box.right >= 369
    assert best.box.bottom == 512
    assert told[-1] == 1
    assert told == sorted(told)


def test_a_person_is_not_told_where_only_vehicles_are_looked_for(astronaut: Pixels) -> None:
    found = sight(astronaut, {Kind.VEHICLE: 0.01}, print)
    assert {one.kind for one in found} == {Kind.VEHICLE}


@pytest.mark.parametrize(
    ("kind", "model"),
    [
        (Kind.FACE, "face_detector"),
        (Kind.LICENSE_PLATE, "plate_detector"),
        (Kind.PERSON, "detector"),
        (Kind.VEHICLE, "detector"),
    ],
)
def test_a_kind_without_its_model_is_refused_and_not_passed_over(
    kind: Kind, model: str, astronaut: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = weights.model

    def absent(name: str) -> weights.Model[Any]:
        if name == model:
            raise ModelUnavailable("it is not there")
        return known(name)

    monkeypatch.setattr(weights, "model", absent)
    with pytest.raises(ModelUnavailable):
        sight(astronaut, {kind: 0.5}, print)


@pytest.mark.parametrize("kind", [Kind.PERSON, Kind.VEHICLE])
def test_a_kind_that_a_users_detector_does_not_know_is_refused(
    kind: Kind, astronaut: Pixels, tmp_path: Path
) -> None:
    labels = tmp_path / "labels.json"
    labels.write_text('["person", "car", "Cat"]')
    file = placed(tmp_path, always([[(0, 0, 40, 40, 0.9, 2)]], (1, 3, 64, 64)), "range = [0, 1]")
    weights.configure({"detector": ModelFiles(file, labels)})
    try:
        with pytest.raises(ModelUnavailable, match=r"has no label (Person|Bicycle or Car or Mot)"):
            sight(astronaut, {kind: 0.5}, print)
    finally:
        weights.configure({})


def test_the_face_has_a_margin_within_the_person(astronaut: Pixels) -> None:
    (seen,) = faces.find(astronaut, 0.5)
    person, face = sorted(
        sight(astronaut, {Kind.PERSON: 0.5, Kind.FACE: 0.5}, print), key=lambda one: one.kind
    )[::-1]
    assert face.box.left < seen.left - 5
    assert face.box.bottom > seen.bottom + 5
    assert intersection(face.box, person.box) == area(face.box)
