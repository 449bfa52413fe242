"""Licence plates: what looks like one and is not doubted, and numbers read on vehicles."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from engines.core.shapes import Box, Pixels
from engines.models import plates, ppocr, weights
from engines.models.lines import Corners
from engines.models.plates import SAME, FoundPlate
from engines.models.recognition import Text
from engines.vision.boxes import Sides, area, distinct, intersection

WEAK = 0.5
"""Share of the least score from which on a plate is believed if a number is read on it."""
SURE = 0.99
"""Score of a plate that nothing else need speak for: photographed roofs got 0.97, plates 1.00."""
READABLE_PX = 64
"""Width from which on characters are read, if it is a plate."""
LEAST_VEHICLE = 0.15
"""Score of a vehicle from which on numbers are looked for on it."""
TRUSTED_VEHICLE = 0.3
"""Score of a vehicle that speaks for a plate."""
SHOWN_PLATE_PX, SHOWN_VEHICLE_PX = 160, 480
"""Their longer sides, as they are shown to what reads."""
MOST_ENLARGED = 4.0
MOST_PLATES, MOST_VEHICLES = 40, 30
"""How many are read, the best first; other plates are believed if their score is enough."""
LEAST_VEHICLE_PX = 60
LONGEST = 0.6
"""Of a number, as a share of the vehicle's width."""
NUMBER_SCORE, NUMBER_LENGTH = 0.6, (4, 10)
"""Of a number, and how many letters and digits it has; one is a digit."""
CHARACTERS_SCORE, CHARACTERS = 0.3, 2
"""Of any characters on a plate, and how many there are."""
ON_PLATE = 0.1
"""Share of a plate from which on a line lies on it."""


class Vehicle(NamedTuple):
    """Where there may be one, and how sure that is."""

    box: Box
    score: float


class _Read(NamedTuple):
    """A line of the picture, as if it were a plate's, and what it says."""

    plate: FoundPlate
    text: Text

    @property
    def length(self) -> int:
        """Letters and digits."""
        return sum(one.isalnum() for one in "".join(self.text.characters))

    @property
    def is_number(self) -> bool:
        """Whether it may be a plate's."""
        least, most = NUMBER_LENGTH
        has_digit = any(one.isdecimal() for one in "".join(self.text.characters))
        return self.text.score >= NUMBER_SCORE and least <= self.length <= most and has_digit


def find(
    image: Pixels, least: float, vehicles: Sequence[Vehicle] | None, *, is_glance: bool
) -> list[FoundPlate]:
    """Plates, some of them twice: as they look and as they are read.

    What looks like a plate and is wide enough to be read is doubted unless the network is quite
    sure of it, it is on a vehicle, or characters are read on it. What looks less like one than it
    should is believed if a number is read on it, and so is a number on a vehicle.

    Args:
        image: uint8 (H, W, 3) BGR, of any size.
        least: score.
        vehicles: in no order; None where nothing is known of any, and nothing is doubted.
        is_glance: look once, for what is not small, and read nothing.

    Raises:
        ModelUnavailable: a network cannot be used.
    """
    if is_glance:
        return plates.find(image, least, is_glance=True)
    found = list[FoundPlate]()
    readings = iter(range(MOST_PLATES))
    for one in plates.find(image, WEAK * least):
        is_enough = one.score >= least
        if (is_enough and _is_plain(one, vehicles)) or next(readings, None) is None:
            found += [one] * is_enough
        elif _is_lettered(image, one, is_doubted=is_enough):
            found.append(one)
    return found + [one for one in _numbers(image, vehicles or ()) if one.score >= least]


def _is_plain(plate: FoundPlate, vehicles: Sequence[Vehicle] | None) -> bool:
    """Whether it is believed without characters."""
    if vehicles is None or plate.score >= SURE or plate.right - plate.left < READABLE_PX:
        return True
    x, y = (plate.left + plate.right) / 2, (plate.top + plate.bottom) / 2
    return any(
        score >= TRUSTED_VEHICLE and box.left <= x < box.right and box.top <= y < box.bottom
        for box, score in vehicles
    )


def _is_lettered(image: Pixels, plate: FoundPlate, *, is_doubted: bool) -> bool:
    """Whether characters are read on what is doubted, or a number on what is weak."""
    width, height = plate.right - plate.left, plate.bottom - plate.top
    around = _grown(plate, width / 2, height / 2, image)
    for line in _read(image, around, SHOWN_PLATE_PX / max(width, height)):
        is_told = line.text.score >= CHARACTERS_SCORE and line.length >= CHARACTERS
        is_on_it = intersection(line.plate, plate) >= ON_PLATE * area(plate)
        if is_on_it and (is_told if is_doubted else line.is_number):
            return True
    return False


def _numbers(image: Pixels, vehicles: Sequence[Vehicle]) -> list[FoundPlate]:
    """Numbers that are read on vehicles, each once."""
    seen = sorted(vehicles, key=lambda one: -one.score)[:MOST_VEHICLES]
    lines = [line for one in seen for line in _numbers_on(image, one)]
    if not lines:
        return []
    scores = np.array([line.text.score for line in lines])
    kept = distinct(np.array([line.plate[:4] for line in lines]), scores, SAME)
    return [lines[at].plate for at in kept]


def _numbers_on(image: Pixels, vehicle: Vehicle) -> Iterator[_Read]:
    box = vehicle.box
    width, height = box.right - box.left, box.bottom - box.top
    if vehicle.score < LEAST_VEHICLE or width < LEAST_VEHICLE_PX:
        return
    part = _grown(box, width / 20, height / 20, image)
    for line in _read(image, part, SHOWN_VEHICLE_PX / max(width, height)):
        if line.is_number and line.plate.right - line.plate.left <= LONGEST * width:
            yield line


def _read(image: Pixels, part: Box, scale: float) -> list[_Read]:
    """What is read in a part of the picture, shown larger or smaller."""
    scale = min(scale, MOST_ENLARGED)
    cut = image[part.top : part.bottom, part.left : part.right]
    size = [max(1, round(side * scale)) for side in cut.shape[1::-1]]
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    shown = np.asarray(cv2.resize(cut, size, interpolation=method), np.uint8)
    return [
        _Read(_plate(corners / scale + (part.left, part.top), text.score), text)
        for corners, text in ppocr.read_once(shown)
    ]


def _plate(corners: Corners, score: float) -> FoundPlate:
    left, top = corners.min(axis=0).tolist()
    right, bottom = corners.max(axis=0).tolist()
    title = weights.model("text_detector").title
    return FoundPlate(left, top, right, bottom, min(1.0, score), title, corners)


def _grown(box: Sides, dx: float, dy: float, image: Pixels) -> Box:
    height, width = image.shape[:2]
    return Box(
        max(0, int(box.left - dx)),
        max(0, int(box.top - dy)),
        min(width, int(box.right + dx) + 1),
        min(height, int(box.bottom + dy) + 1),
    )
