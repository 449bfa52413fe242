"""Anonymising: how much of what is to be hidden is hidden, and of what is not."""

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
from numpy.typing import ArrayLike

from benchmarks.quality import attacks, portraits, streets
from benchmarks.quality.pairs import as_pixels, photographs
from benchmarks.quality.portraits import Scene, Shot
from benchmarks.quality.rivals import faces as rivals
from benchmarks.quality.row import Row
from benchmarks.quality.things import (
    CUTOUTS,
    NO_STAMPS,
    PHOTOGRAPHS,
    STAMPS,
    Thing,
    composite,
)
from engines.anonymization.hiding import Method
from engines.anonymize import HiddenObject, Params, Result, anonymize
from engines.core.pixels import OriginalImage
from engines.core.shapes import Box, Mask, Pixels
from engines.process.slot import keep_freed_memory

Hide: TypeAlias = Callable[[Pixels], Mask]
"""What says which pixels of a picture are hidden."""

SEED = 2026
KINDS = ("face", "license_plate", "person", "vehicle")
BODY_KINDS = ("person", "vehicle")
BODIES = ("Person", "Car", "Bus", "Motorcycle")
EACH = 40
STREETS = 6
"""Of each layout, with two plates each."""
SCENES = 10
"""Of a case, with four faces each."""
COVERED = 0.8
"""Of a face's box or a plate, that are hidden when so much of them is."""
MOST_FALSE_AREA = 0.004
MOST_FALSE_PLATES = 0.1


class FaceCase(NamedTuple):
    """How faces are shown, and what share of them is to be hidden."""

    name: str
    shot: Shot
    target: float
    scenes: int = SCENES


FACES = (
    FaceCase("12 to 16 px high", Shot((12, 16)), 0.95),
    FaceCase("16 to 32 px", Shot((16, 32)), 0.99),
    FaceCase("32 to 64 px", Shot((32, 64)), 0.99),
    FaceCase("64 to 128 px", Shot((64, 128)), 0.99),
    FaceCase("16 to 96 px, partly covered", Shot((16, 96), is_covered=True), 0.99),
    FaceCase("16 to 96 px, dark, bright or uneven", Shot((16, 96), is_lit=True), 0.99),
    FaceCase("16 to 96 px, JPEG of quality 15", Shot((16, 96), jpeg_quality=15), 0.99),
    FaceCase("16 to 96 px, turned by 10 to 30 degrees", Shot((16, 96), (10, 30)), 0.97),
    FaceCase("16 to 96 px, turned by any angle", Shot((16, 96), (0, 180)), 0.9),
    FaceCase("16 to 96 px, upside down", Shot((16, 96), (170, 180)), 0.9),
    FaceCase("24 to 96 px, smeared over 9 px", Shot((24, 96), smear_px=9), 0.85),
    FaceCase(
        "32 to 64 px in 12 megapixels", Shot((32, 64), size=(4000, 3000), cells=(6, 4)), 0.99, 2
    ),
)


class PlateCase(NamedTuple):
    """How wide plates are seen, px, and what share of them is to be hidden."""

    name: str
    width: tuple[float, float]
    target: float


PLATES = (
    PlateCase("64 to 200 px", (64, 200), 0.95),
    PlateCase("32 to 64 px", (32, 64), 0.85),
)


def rows() -> list[Row]:
    """Faces beside other tools, plates, bodies, what hiding withstands, and the time."""
    return [
        *(_faces(case) for case in FACES),
        _photographs(),
        *_false_faces(),
        *_missing(),
        *_plates(),
        *_bodies(),
        *attacks.rows(SEED),
        _time(),
    ]


def _faces(case: FaceCase) -> Row:
    random = np.random.default_rng(SEED)
    scenes = [portraits.scene(case.shot, random) for _ in range(case.scenes)]
    return _beside(f"faces of {case.name}", scenes, case.target)


def _photographs() -> Row:
    seen = photographs()
    scenes = [Scene(seen[name], boxes) for name, boxes in portraits.PHOTOGRAPHS.items()]
    return _beside("faces of two photographs, one in profile", scenes, 0.99)


def _beside(case: str, scenes: list[Scene], target: float) -> Row:
    """The share of the faces that is hidden, by each tool."""
    shares = {name: _share_covered(scenes, hide) for name, hide in _tools().items()}
    ours = shares.pop("ours")
    compared = "".join(f"; {name} {share:.3f}" for name, share in shares.items())
    is_reached = ours >= max(target, *shares.values())
    n = sum(len(faces) for _, faces in scenes)
    return Row(case, f"{ours:.3f} hidden{compared}", f">= {target}, ahead", is_reached, n, SEED)


def _share_covered(scenes: list[Scene], hide: Hide) -> float:
    masks = [(faces, hide(image)) for image, faces in scenes]
    return float(np.mean([_is_covered(face, mask) for faces, mask in masks for face in faces]))


def _false_faces() -> list[Row]:
    """What is hidden of pictures without a face."""
    crops = [cv2.cvtColor(crop, cv2.COLOR_GRAY2BGR) for crop in portraits.crops()[100:]]
    enlarged = [as_pixels(cv2.resize(crop, (100, 100))) for crop in crops]
    return [
        _false("photographs without a face", [*portraits.without_faces().values()]),
        _false("crops without a face, enlarged to 100 px", enlarged),
    ]


def _false(case: str, images: list[Pixels]) -> Row:
    areas = {
        name: float(np.mean([hide(image).mean() for image in images]))
        for name, hide in _tools().items()
    }
    ours = areas.pop("ours")
    compared = "".join(f"; {name} {area:.2%}" for name, area in areas.items())
    figure, target = f"{ours:.2%} of the area hidden{compared}", f"<= {MOST_FALSE_AREA:.1%}"
    return Row(case, figure, target, ours <= MOST_FALSE_AREA, len(images), SEED)


def _missing() -> list[Row]:
    if "deface" in rivals.names():
        return []
    return [Row("faces, by others", rivals.MISSING, "to compare", True, 0, SEED)]


def _plates() -> list[Row]:
    """Plates that are hidden, by their width, and what is taken for one."""
    if not streets.FONT.is_file():
        return [Row("plates", streets.NO_FONT, "", False, 0, SEED)]
    wide, small = (_plates_of(case) for case in PLATES)
    images = [*photographs().values()]
    false = float(np.mean([len(_found(image, "license_plate")) for image in images]))
    figure, is_reached = f"{false:.2f} found a picture", false <= MOST_FALSE_PLATES
    target = f"<= {MOST_FALSE_PLATES}"
    return [
        wide,
        small,
        Row("photographs without a plate", figure, target, is_reached, len(images), SEED),
    ]


def _plates_of(case: PlateCase) -> Row:
    random = np.random.default_rng(SEED)
    covered, false = [], []
    for layout in streets.LAYOUTS.values():
        for _ in range(STREETS):
            image, plates = streets.street(layout, case.width, random)
            masks = [_filled(plate.corners, image) for plate in plates]
            found = [_filled(one.polygon, image) for one in _found(image, "license_plate")]
            hidden = np.any([np.zeros_like(masks[0]), *found], axis=0)
            covered += [hidden[mask].mean() >= COVERED for mask in masks]
            false.append(sum(not (one & np.any(masks, axis=0)).any() for one in found))
    share, mean = float(np.mean(covered)), float(np.mean(false))
    is_reached = share >= case.target and mean <= MOST_FALSE_PLATES
    figure = f"{share:.3f} hidden; {mean:.2f} false a picture"
    target = f">= {case.target}; <= {MOST_FALSE_PLATES}"
    return Row(f"plates of {case.name}", figure, target, is_reached, len(covered), SEED)


def _filled(outline: ArrayLike, image: Pixels) -> Mask:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], 1)
    return mask > 0


def _bodies() -> list[Row]:
    """Persons and vehicles, of which the pixels are known, and where there is none."""
    seen = [(photographs()[name], things) for name, things in PHOTOGRAPHS.items()]
    bodies = [(image, thing) for image, things in seen for thing in things if thing.name in BODIES]
    without = [image for image, things in seen if not {*BODIES} & {thing.name for thing in things}]
    false = float(np.mean([hidden(image, BODY_KINDS).mean() for image in without]))
    return [
        _bodies_row("persons and vehicles of photographs", bodies),
        *(_pasted(name) for name in BODIES if name in CUTOUTS),
        Row(
            "photographs without them",
            f"{false:.2%} of the area hidden",
            "<= 5%",
            false <= 0.05,
            len(without),
            SEED,
        ),
    ]


def _pasted(name: str) -> Row:
    case = f"{name.lower()} pasted, 48 to 320 px long"
    if not STAMPS.is_dir():
        return Row(case, NO_STAMPS, "", False, 0, SEED)
    random = np.random.default_rng(SEED)
    return _bodies_row(case, [composite(name, random, length=(48, 321)) for _ in range(EACH)])


def _bodies_row(case: str, bodies: list[tuple[Pixels, Thing]]) -> Row:
    """The share of bodies of which nine tenths are hidden, and the mean share of a body."""
    shares = []
    for image, thing in bodies:
        mask, (left, top, right, bottom) = hidden(image, BODY_KINDS), thing.box
        shares.append(
            mask[top:bottom, left:right].mean() if thing.body is None else mask[thing.body].mean()
        )
    covered, mean = float(np.mean(np.array(shares) >= 0.9)), float(np.mean(shares))
    figure = f"{covered:.3f} hidden by 0.9; {mean:.3f} of their pixels"
    is_reached = covered >= 0.95 and mean >= 0.97
    return Row(case, figure, ">= 0.95; >= 0.97", is_reached, len(shares), SEED)


def _time() -> Row:
    """Of all threads, for a picture of a street and of faces, all four kinds and its hiding.

    Memory is handled as in an engine process.
    """
    keep_freed_memory()
    random = np.random.default_rng(SEED)
    image = portraits.scene(Shot((64, 256), size=(4000, 3000)), random).image
    original = OriginalImage(image, "image/jpeg", b"", b"")
    anonymize(original, params=Params())
    start = time.process_time()
    anonymize(original, params=Params())
    seconds = time.process_time() - start
    return Row(
        "12 megapixels, all four kinds", f"{seconds:.1f} s of CPU", "<= 2 s", seconds <= 2, 1, SEED
    )


def _tools() -> Mapping[str, Hide]:
    others = {name: partial(_hidden_by, name) for name in rivals.names()}
    return {"ours": partial(hidden, kinds=("face",))} | others


def hidden(image: Pixels, kinds: Collection[str]) -> Mask:
    """What the engine hides when only things of these kinds are looked for."""
    mask = _detected(image, kinds).binary_mask
    assert mask is not None
    return np.asarray(mask.pixels) > 0


def _found(image: Pixels, kind: str) -> list[HiddenObject]:
    return _detected(image, [kind]).objects


def _detected(image: Pixels, kinds: Collection[str]) -> Result:
    wanted: dict[str, Any] = {kind: kind in kinds for kind in KINDS}
    params = Params(method=Method.DETECT, save_mask="binary", **wanted)
    return anonymize(OriginalImage(image, "image/png", b"", b""), params=params)


def _hidden_by(name: str, image: Pixels) -> Mask:
    mask = np.zeros(image.shape[:2], np.bool_)
    for left, top, right, bottom in rivals.found(name, image).round().clip(0).astype(int).tolist():
        mask[top:bottom, left:right] = True
    return mask


def _is_covered(box: Box, mask: Mask) -> bool:
    part = mask[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    return float(part.mean()) >= COVERED
