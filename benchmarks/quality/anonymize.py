"""Anonymising: how much of what is to be hidden is hidden, and of what is not."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np

from benchmarks.quality import portraits
from benchmarks.quality.pairs import as_pixels, photographs
from benchmarks.quality.portraits import Scene, Shot
from benchmarks.quality.rivals import faces as rivals
from benchmarks.quality.row import Row
from engines.anonymization.hiding import Method
from engines.anonymize import Params, anonymize
from engines.core.pixels import OriginalImage
from engines.core.shapes import Box, Mask, Pixels

Hide: TypeAlias = Callable[[Pixels], Mask]
"""What says which pixels of a picture are hidden."""

SEED = 2026
KINDS = ("face", "license_plate", "person", "vehicle")
SCENES = 30
"""Of a case, with four faces each."""
COVERED = 0.8
"""Of a face's box or a plate, that are hidden when so much of them is."""
MOST_FALSE_AREA = 0.004


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
        "32 to 64 px in 12 megapixels", Shot((32, 64), size=(4000, 3000), cells=(6, 4)), 0.99, 5
    ),
)


def rows() -> list[Row]:
    """Faces beside other tools, and what is hidden where there is none."""
    return [
        *(_faces(case) for case in FACES),
        _photographs(),
        *_false_faces(),
        *_missing(),
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


def _tools() -> Mapping[str, Hide]:
    others = {name: partial(_hidden_by, name) for name in rivals.names()}
    return {"ours": partial(hidden, kinds=("face",))} | others


def hidden(image: Pixels, kinds: Collection[str]) -> Mask:
    """What the engine hides when only things of these kinds are looked for."""
    wanted: dict[str, Any] = {kind: kind in kinds for kind in KINDS}
    params = Params(method=Method.DETECT, save_mask="binary", **wanted)
    mask = anonymize(OriginalImage(image, "image/png", b"", b""), params=params).binary_mask
    assert mask is not None
    return np.asarray(mask.pixels) > 0


def _hidden_by(name: str, image: Pixels) -> Mask:
    mask = np.zeros(image.shape[:2], np.bool_)
    for left, top, right, bottom in rivals.found(name, image).round().clip(0).astype(int).tolist():
        mask[top:bottom, left:right] = True
    return mask


def _is_covered(box: Box, mask: Mask) -> bool:
    part = mask[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    return float(part.mean()) >= COVERED
