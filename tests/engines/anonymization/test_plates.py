"""What looks like a plate is doubted, and numbers on vehicles are plates."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from engines.anonymization import bodies, plates
from engines.anonymization.detectors import sight
from engines.anonymization.plates import LEAST_VEHICLE, MOST_PLATES, TRUSTED_VEHICLE, Vehicle
from engines.anonymization.sighting import Kind
from engines.core.shapes import Box, Pixels
from engines.models import plates as network
from engines.models import ppocr
from engines.models.plates import FoundPlate
from engines.vision.boxes import corners
from tests.engines.drawing import on_a_car

PLACE = Box(400, 440, 562, 486)
PLATE = on_a_car(corners(*PLACE).astype(np.float32))
ROOF = PLATE.copy()
ROOF[440:486, 400:562] = np.where(np.arange(162) % 12 < 6, 60, 190)[None, :, None]
CAR = Box(200, 170, 760, 560)
LEAST = 0.4


@pytest.fixture
def see(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let the network see these scores at one place."""

    def let(*scores: float, place: Box = PLACE) -> None:
        found = [FoundPlate(*place, score, "network", corners(*place)) for score in scores]

        def all_of(image: Pixels, least: float, **given: Any) -> list[FoundPlate]:
            return [one for one in found if one.score >= least]

        monkeypatch.setattr(network, "find", all_of)

    return let


def scores(image: Pixels, *vehicles: Vehicle) -> list[float]:
    """Those of what the network saw and is believed."""
    found = plates.find(image, LEAST, vehicles, is_glance=False)
    return [one.score for one in found if one.model == "network"]


def test_what_looks_like_a_plate_needs_characters(see: Callable[..., None]) -> None:
    see(0.97)
    assert scores(PLATE) == [0.97]
    assert scores(ROOF) == []


def test_a_vehicle_speaks_for_what_cannot_be_read(see: Callable[..., None]) -> None:
    see(0.5)
    assert scores(ROOF, Vehicle(CAR, TRUSTED_VEHICLE)) == [0.5]
    assert scores(ROOF, Vehicle(CAR, TRUSTED_VEHICLE - 0.01)) == []
    assert scores(ROOF, Vehicle(Box(0, 0, 390, 640), 0.9)) == []


def test_nothing_is_doubted_that_is_sure_or_too_small_to_be_read(
    see: Callable[..., None],
) -> None:
    see(0.99)
    assert scores(ROOF) == [0.99]
    see(0.5, place=Box(400, 440, 463, 460))
    assert scores(ROOF) == [0.5]


def test_nothing_is_doubted_where_no_vehicle_can_be_known_of(see: Callable[..., None]) -> None:
    see(0.5)
    assert len(plates.find(ROOF, LEAST, None, is_glance=False)) == 1


def test_what_is_weak_needs_a_number(see: Callable[..., None]) -> None:
    see(0.21)
    assert scores(PLATE) == [0.21]
    assert scores(ROOF, Vehicle(CAR, 0.9)) == []


def test_more_than_are_read_are_believed_by_their_scores(see: Callable[..., None]) -> None:
    see(*[0.5] * (MOST_PLATES + 1), 0.3)
    assert scores(ROOF) == [0.5]


def lettered(text: str, width: int) -> Pixels:
    """A grey vehicle, so wide a line of text on it."""
    image = np.full((640, 960, 3), 110, np.uint8)
    line = np.full((60, 30 * len(text) + 20, 3), 240, np.uint8)
    cv2.putText(line, text, (10, 46), 0, 1.5, (15, 15, 15), 4, cv2.LINE_AA)
    seen = cv2.resize(
        line, (width, round(60 * width / line.shape[1])), interpolation=cv2.INTER_AREA
    )
    image[400 : 400 + len(seen), 300 : 300 + width] = seen
    return image


def numbers(image: Pixels, score: float = LEAST_VEHICLE, least: float = LEAST) -> list[FoundPlate]:
    return plates.find(image, least, [Vehicle(CAR, score)], is_glance=False)


def test_a_number_on_a_vehicle_is_a_plate(see: Callable[..., None]) -> None:
    see()
    (found,) = numbers(lettered("KX 4719", 130))
    assert found.left == pytest.approx(300, abs=8)
    assert found.right == pytest.approx(430, abs=8)
    assert LEAST <= found.score <= 1


@pytest.mark.parametrize(
    ("text", "width"),
    [("TAXI", 110), ("47", 60), ("KX 4719", 360), ("471 900 350 112", 260)],
    ids=["a word", "too short", "too wide", "too long"],
)
def test_other_text_on_a_vehicle_is_none(text: str, width: int, see: Callable[..., None]) -> None:
    see()
    assert numbers(lettered(text, width)) == []


def test_a_number_needs_a_vehicle_and_its_own_score(see: Callable[..., None]) -> None:
    see()
    image = lettered("KX 4719", 130)
    assert numbers(image, LEAST_VEHICLE - 0.01) == []
    assert numbers(image, least=1.0) == []


def test_a_glance_reads_nothing(see: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    see(0.5)
    monkeypatch.delattr(ppocr, "read_once")
    assert len(plates.find(ROOF, LEAST, [Vehicle(CAR, 0.2)], is_glance=True)) == 1


def test_a_plate_that_is_seen_and_read_is_one_and_its_vehicle_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "find", lambda *_, **given: [(Kind.VEHICLE, CAR, 0.2)])
    assert [one.kind for one in sight(PLATE, {Kind.LICENSE_PLATE: 0.4}, print)] == [
        Kind.LICENSE_PLATE
    ]
    both = {Kind.LICENSE_PLATE: 0.4, Kind.VEHICLE: 0.21}
    assert len(sight(PLATE, both, print)) == 1
    assert len(sight(PLATE, both | {Kind.VEHICLE: 0.2}, print)) == 2
