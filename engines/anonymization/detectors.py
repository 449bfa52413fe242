"""Detectors: where faces, plates, persons and vehicles are, each with a margin."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from engines import object_detection
from engines.anonymization import bodies, plates
from engines.anonymization.outlines import outlined
from engines.anonymization.sighting import Kind, Sighting, Thresholds, boxed, joined
from engines.core.shapes import Box, Pixels
from engines.models import faces, weights
from engines.models.plates import FoundPlate
from engines.vision.boxes import Sides, iou, whole_pixels

MARGINS = {
    Kind.FACE: 0.12,
    Kind.LICENSE_PLATE: 0.15,
    Kind.PERSON: 0.07,
    Kind.VEHICLE: 0.07,
}
"""By how much of its size a region grows on each side, beside one pixel."""
STRAIGHT = 0.5
"""Of a plate: IoU of its box and the one around its corners, below which these are not believed."""

Report: TypeAlias = Callable[[float], None]
_Body: TypeAlias = tuple[Kind, Box, float]


def sight(
    image: Pixels, thresholds: Thresholds, report: Report, *, is_glance: bool = False
) -> list[Sighting]:
    """Everything of the given kinds that is in a picture, best first.

    Args:
        image: uint8 (H, W, 3), BGR.
        report: told the share of the work that is done.
        is_glance: look once, for what is not small or turned.

    Raises:
        ModelUnavailable: a model cannot be had. Nothing is left out for that.
    """
    wants_vehicles = _plates_want_vehicles(thresholds, is_glance)
    seen = _seen(image, thresholds, is_glance, wants_vehicles=wants_vehicles)
    found = _bodies(image, thresholds, seen)
    report(1 / 3)
    found += _faces(image, thresholds, is_glance)
    report(2 / 3)
    vehicles = _vehicles(seen) if wants_vehicles else None
    found += _plates(image, thresholds, vehicles, is_glance)
    report(1)
    return sorted(found, key=lambda one: -one.score)


def _plates_want_vehicles(thresholds: Thresholds, is_glance: bool) -> bool:
    is_wanted = Kind.LICENSE_PLATE in thresholds and not is_glance
    return is_wanted and object_detection.knows_any(bodies.CLASSES[Kind.VEHICLE])


def _seen(
    image: Pixels, thresholds: Thresholds, is_glance: bool, *, wants_vehicles: bool
) -> list[_Body]:
    """Bodies that are to be hidden, and vehicles on which plates are to be."""
    wanted = dict(thresholds)
    if wants_vehicles:
        wanted[Kind.VEHICLE] = min(plates.LEAST_VEHICLE, thresholds.get(Kind.VEHICLE, 1))
    return [*bodies.find(image, wanted, is_glance=is_glance)]


def _vehicles(seen: list[_Body]) -> list[plates.Vehicle]:
    return [plates.Vehicle(box, score) for kind, box, score in seen if kind is Kind.VEHICLE]


def _bodies(image: Pixels, thresholds: Thresholds, seen: list[_Body]) -> list[Sighting]:
    found = [
        boxed(kind, _grown(box, kind, image), score, weights.model("detector").title)
        for kind, box, score in seen
        if score >= thresholds.get(kind, np.inf)
    ]
    return outlined(found, image)


def _faces(image: Pixels, thresholds: Thresholds, is_glance: bool) -> Iterator[Sighting]:
    if Kind.FACE in thresholds:
        for one in faces.find(image, thresholds[Kind.FACE], is_glance=is_glance):
            yield boxed(Kind.FACE, _grown(one, Kind.FACE, image), one.score, one.model)


def _plates(
    image: Pixels,
    thresholds: Thresholds,
    vehicles: list[plates.Vehicle] | None,
    is_glance: bool,
) -> Iterator[Sighting]:
    if Kind.LICENSE_PLATE in thresholds:
        least = thresholds[Kind.LICENSE_PLATE]
        found = plates.find(image, least, vehicles, is_glance=is_glance)
        yield from joined([[_plate(one, image)] for one in found])


def _plate(one: FoundPlate, image: Pixels) -> Sighting:
    """Its corners, or the box where they do not fit it."""
    box = boxed(Kind.LICENSE_PLATE, _grown(one, Kind.LICENSE_PLATE, image), one.score, one.model)
    middle = one.corners.mean(axis=0)
    corners = middle + (one.corners - middle) * (1 + 2 * MARGINS[Kind.LICENSE_PLATE])
    size = image.shape[1], image.shape[0]
    straightened = Sighting.outlined(Kind.LICENSE_PLATE, corners, one.score, one.model, size)
    fits = straightened is not None and iou(straightened.box, box.box) >= STRAIGHT
    return straightened if straightened and fits else box


def _grown(box: Sides, kind: Kind, image: Pixels) -> Box:
    """The box with its margin, rounded outwards."""
    dx = 1 + MARGINS[kind] * (box.right - box.left)
    dy = 1 + MARGINS[kind] * (box.bottom - box.top)
    sides = np.floor([box.left - dx, box.top - dy]), np.ceil([box.right + dx, box.bottom + dy])
    return whole_pixels(*np.concatenate(sides), size=(image.shape[1], image.shape[0]))
