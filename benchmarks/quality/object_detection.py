"""Object detection: photographs looked at by eye, and things pasted at known places."""

import numpy as np

from benchmarks.quality.pairs import photographs
from benchmarks.quality.row import Row, cpu_time
from benchmarks.quality.things import (
    CUTOUTS,
    NO_STAMPS,
    PHOTOGRAPHS,
    STAMPS,
    Thing,
    composite,
)
from engines.core.shapes import Pixels
from engines.object_detection import FoundObject, Params, object_detection
from engines.vision.boxes import iou

SEED = 2026
EACH = 40


def rows() -> list[Row]:
    """Things found and made up, and the time."""
    seen = [(photographs()[name], things) for name, things in PHOTOGRAPHS.items()]
    pasted = [_pasted(name) for name in (*CUTOUTS, "Cat")]
    return [
        _in_photographs(seen),
        *pasted,
        _made_up(seen),
        cpu_time(lambda: _found(seen[0][0]), at_most_ms=80, seed=SEED),
    ]


def _found(image: Pixels) -> list[FoundObject]:
    return object_detection(image, params=Params()).objects


def _is_found(thing: Thing, objects: list[FoundObject]) -> bool:
    return any(one.name == thing.name and iou(one.box, thing.box) >= 0.5 for one in objects)


def _in_photographs(seen: list[tuple[Pixels, tuple[Thing, ...]]]) -> Row:
    hits = [_is_found(thing, _found(image)) for image, things in seen for thing in things]
    share = float(np.mean(hits))
    figure = f"{share:.2f} found at IoU 0.5"
    return Row("things in photographs", figure, ">= 0.8", share >= 0.8, len(hits), SEED)


def _pasted(name: str) -> Row:
    case = f"{name.lower()} pasted on grass, gravel, bricks"
    if name in CUTOUTS and not STAMPS.is_dir():
        return Row(case, NO_STAMPS, ">= 0.8", False, 0, SEED)
    random = np.random.default_rng(SEED)
    pictures = [composite(name, random) for _ in range(EACH)]
    found = [(thing, _found(image)) for image, thing in pictures]
    share = float(np.mean([_is_found(thing, objects) for thing, objects in found]))
    false = float(np.mean([_false(objects, (thing,)) for thing, objects in found]))
    figure = f"{share:.2f} found at IoU 0.5; {false:.2f} false a picture"
    return Row(case, figure, ">= 0.8", share >= 0.8, EACH, SEED)


def _false(objects: list[FoundObject], things: tuple[Thing, ...]) -> int:
    """Objects that are none of the things."""
    return sum(
        not any(one.name == thing.name and iou(one.box, thing.box) >= 0.3 for thing in things)
        for one in objects
    )


def _made_up(seen: list[tuple[Pixels, tuple[Thing, ...]]]) -> Row:
    false = float(np.mean([_false(_found(image), things) for image, things in seen]))
    figure = f"{false:.2f} a picture"
    return Row("false ones in photographs", figure, "<= 0.3", false <= 0.3, len(seen), SEED)
