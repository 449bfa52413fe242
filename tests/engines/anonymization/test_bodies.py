"""Persons and vehicles are found whichever of their classes the network names."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import TypeAlias

import numpy as np
import pytest

from engines.anonymization import bodies
from engines.anonymization.sighting import Kind, Thresholds
from engines.core.shapes import Box
from engines.models import weights

BLANK = np.zeros((512, 512, 3), np.uint8)
PLACE = (100.0, 100.0, 300.0, 400.0)
LESS_HIGH = (100.0, 100.0, 300.0, 280.0)
"""A part of the place, of IoU 0.6."""

Row: TypeAlias = tuple[str, float, tuple[float, ...]]
See: TypeAlias = Callable[..., None]


@pytest.fixture
def see(monkeypatch: pytest.MonkeyPatch) -> See:
    """Let the network see named rows, other ones at each look."""

    def let(*looks: list[Row]) -> None:
        ours = weights.model("detector")
        names = [label.name for label in ours.labels]
        left: Iterator[list[Row]] = iter(looks)

        def run(inputs: object) -> object:
            rows = [(*box, score, names.index(name)) for name, score, box in next(left, [])]
            return {"detections": np.array([rows or [(0.0,) * 6]], np.float32)}

        seeing = SimpleNamespace(labels=ours.labels, description=ours.description, run_all=run)
        monkeypatch.setattr(weights, "model", lambda name: seeing)

    return let


def found(thresholds: Thresholds) -> list[tuple[Kind, Box, float]]:
    return list(bodies.find(BLANK, thresholds, is_glance=False))


def test_the_detector_knows_every_class_that_is_hidden() -> None:
    labels = {label.name for label in weights.model("detector").labels}
    assert {name for names in bodies.CLASSES.values() for name in names} <= labels


@pytest.mark.parametrize("name", ["Airplane", "Boat", "Train", "Bicycle"])
def test_whatever_goes_is_a_vehicle(name: str, see: See) -> None:
    see([(name, 0.5, PLACE)])
    ((kind, box, score),) = found({Kind.VEHICLE: 0.4})
    assert kind is Kind.VEHICLE
    assert box == Box(100, 100, 300, 400)
    assert score == pytest.approx(0.5)


def test_a_thing_taken_for_another_by_chance_is_hidden_all_the_same(see: See) -> None:
    see([("Bird", 0.9, PLACE), ("Person", 0.3, PLACE)])
    assert len(found({Kind.PERSON: 0.2})) == 1


def test_scores_of_one_place_join_over_classes_but_not_within_one(see: See) -> None:
    see([("Car", 0.1, PLACE), ("Car", 0.08, LESS_HIGH), ("Truck", 0.1, PLACE)])
    ((_, box, score),) = found({Kind.VEHICLE: 0.0})
    assert box.bottom == 400
    assert score == pytest.approx(1 - 0.9 * 0.9)


def test_scores_of_places_apart_do_not_join(see: See) -> None:
    see([("Car", 0.1, PLACE), ("Truck", 0.1, (320, 100, 500, 400))])
    assert found({Kind.VEHICLE: 0.15}) == []


def test_scores_of_persons_and_vehicles_do_not_join(see: See) -> None:
    see([("Car", 0.1, PLACE), ("Person", 0.1, PLACE)])
    assert found({Kind.VEHICLE: 0.15, Kind.PERSON: 0.15}) == []


def test_an_unsure_box_takes_the_place_of_no_sure_one_within_it(see: See) -> None:
    tile = (0.0, 0.0, 400.0, 400.0)
    see([("Truck", 0.1, (0, 0, 500, 500))], [("Truck", 0.9, tile)])
    assert [round(score, 1) for _, _, score in found({Kind.VEHICLE: 0.5, Kind.PERSON: 0.05})] == [
        0.9
    ]
