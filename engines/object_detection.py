"""Object detection: which things a picture shows, and where."""

from typing import NamedTuple

import cv2
import numpy as np
from pydantic import BaseModel, Field

from engines.core.errors import ModelUnavailable
from engines.core.registry import engine
from engines.core.shapes import Box, Details, EngineResult, Image, Info, Parameters, Picture, Pixels
from engines.models import weights
from engines.vision import boxes, marking
from engines.vision.scaling import scaled

SIDE = 512
TILE = 640
"""Side of a tile at which things of 40 px come out well, px."""
MOST_TILES_A_SIDE = 4
OVERLAP = 0.25
SAME_THING = 0.5
"""Overlap (IoU) above which two boxes of one class are one thing."""
SAME_THING_OTHER_NAME = 0.9
PART_OF_THING = 0.8
"""Share of a tile's box inside one of the whole picture from which it is only a part of it."""
SMALLEST = 8
"""Side of the smallest box worth believing, in pixels of the network's input."""


class Params(Parameters):
    """How many objects, how sure they must be, and how closely to look."""

    min_score: float = Field(0.3, ge=0, le=1, description="Objects below this score are left out.")
    max_results: int = Field(100, ge=1, le=100, description="Most objects.")
    tiles: bool = Field(
        False, description="Whether to look a second time at enlarged parts, for small objects."
    )


class FoundObject(BaseModel):
    """A thing and its place."""

    name: str = Field(description="In English.")
    score: float = Field(ge=0, le=1, description="Not a probability: 0.3 is there, 0.6 is sure.")
    box: Box = Field(description="left, top, right, bottom in pixels of the upright picture.")
    mid: str | None = Field(None, description="Knowledge Graph id, where one is known.")


class ModelInfo(Info):
    """What the answer was computed with."""

    model: str
    device: str = Field(description="CPU or GPU.")


class Result(EngineResult[ModelInfo]):
    """Objects, best first."""

    objects: list[FoundObject]


class Found(NamedTuple):
    """A box as floats, a score and a class."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    kind: int


def draw(image: Image, result: Result) -> Picture:
    """The picture with each object framed and named."""
    marks = [
        marking.Mark(one.box, one.name, f"{one.name} {one.score:.2f}") for one in result.objects
    ]
    return Picture(marking.captioned(image, marks))


@engine(version="1.0.0", draw=draw)
def object_detection(image: Image, *, params: Params) -> Result:
    """Find things of COCO's 80 classes, and the box of each.

    Raises:
        ModelUnavailable: the model or onnxruntime is absent or not what it should be.

    Source:
        Zhou et al., Objects as Points, 2019, with a MobileNetV3 backbone
        (610265158/mobilenetv3_centernet, no licence stated), trained on MS COCO.
    """
    model = weights.model("detector")
    objects = find(image, params.min_score, with_tiles=params.tiles)[: params.max_results]
    details = Details[ModelInfo](
        message=f"Found {len(objects)} object{'' if len(objects) == 1 else 's'}",
        info=ModelInfo(model=model.title, device=model.device),
    )
    return Result(details=details, objects=objects)


def find(image: Pixels, min_score: float, *, with_tiles: bool) -> list[FoundObject]:
    """All objects, best first, seen in the whole picture and perhaps in enlarged parts.

    Raises:
        ModelUnavailable: the model or onnxruntime is absent or not what it should be.
    """
    model = weights.model("detector")
    found = _found(model, image, min_score)
    if with_tiles:
        closer = _found_in_tiles(model, image, min_score)
        found += [one for one in closer if not any(_is_part(one, whole) for whole in found)]
    return _objects(_distinct(found), model.labels, image)


def candidates(image: Pixels, min_score: float, *, with_tiles: bool) -> list[FoundObject]:
    """All boxes that the network sees, in no order, several of one thing and class too.

    Raises:
        ModelUnavailable: the model or onnxruntime is absent or not what it should be.
    """
    model = weights.model("detector")
    found = _found(model, image, min_score)
    if with_tiles:
        found += _found_in_tiles(model, image, min_score)
    return _objects(found, model.labels, image)


def _found(model: weights.Model, image: Pixels, min_score: float) -> list[Found]:
    """What the network sees in a picture letterboxed to 512 x 512, as it was trained."""
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    inner = scaled((width, height), scale)
    dx, dy = (SIDE - inner[0]) // 2, (SIDE - inner[1]) // 2
    boxed = np.zeros((SIDE, SIDE, 3), np.uint8)
    boxed[dy : dy + inner[1], dx : dx + inner[0]] = cv2.resize(image, inner)
    rgb = np.ascontiguousarray(boxed[..., ::-1].transpose(2, 0, 1)[None], np.float32)
    rows = model.run(rgb)[0].astype(np.float64)
    sides = rows[:, 2:4] - rows[:, :2]
    is_seen = (sides.min(axis=1) > 0) & (sides.max(axis=1) >= SMALLEST)
    rows = rows[is_seen & (rows[:, 4] >= min_score)]
    unboxed = (rows[:, :4] - (dx, dy, dx, dy)) / scale
    rows[:, :4] = unboxed.clip(0, (width, height, width, height))
    return [Found._make([*row[:5], int(row[5])]) for row in rows.tolist()]


def _found_in_tiles(model: weights.Model, image: Pixels, min_score: float) -> list[Found]:
    """What the network sees in overlapping parts, but for what a part's edge cuts."""
    height, width = image.shape[:2]
    found = []
    for left, right in _spans(width):
        for top, bottom in _spans(height):
            for one in _found(model, image[top:bottom, left:right], min_score):
                moved = one._replace(
                    left=one.left + left,
                    right=one.right + left,
                    top=one.top + top,
                    bottom=one.bottom + top,
                )
                if not _is_cut(moved, Box(left, top, right, bottom), width, height):
                    found.append(moved)
    return found


def _spans(length: int) -> list[tuple[int, int]]:
    """Two to four overlapping stretches that cover a side."""
    count = min(MOST_TILES_A_SIDE, max(2, round(length / TILE)))
    size = length / (count - (count - 1) * OVERLAP)
    starts = [round(place * size * (1 - OVERLAP)) for place in range(count)]
    return [(start, min(length, max(start + 1, round(start + size)))) for start in starts]


def _is_cut(one: Found, tile: Box, width: int, height: int) -> bool:
    """Whether a box touches an edge of its tile that is not the picture's own."""
    near = 0.01 * max(tile.right - tile.left, tile.bottom - tile.top)
    return (
        (tile.left > 0 and one.left < tile.left + near)
        or (tile.top > 0 and one.top < tile.top + near)
        or (tile.right < width and one.right > tile.right - near)
        or (tile.bottom < height and one.bottom > tile.bottom - near)
    )


def _is_part(one: Found, whole: Found) -> bool:
    return one.kind == whole.kind and (
        boxes.intersection(one, whole) > PART_OF_THING * boxes.area(one)
    )


def _distinct(found: list[Found]) -> list[Found]:
    """One box for each thing, best first."""
    # OpenCV's NMSBoxesBatched has one threshold, and compares no box with another class's.
    kept: list[Found] = []
    for one in sorted(found, key=lambda each: -each.score):
        if not any(_is_same(one, better) for better in kept):
            kept.append(one)
    return kept


def _is_same(one: Found, better: Found) -> bool:
    limit = SAME_THING if one.kind == better.kind else SAME_THING_OTHER_NAME
    return boxes.iou(one, better) > limit


def _objects(
    found: list[Found], labels: tuple[weights.Label, ...], image: Pixels
) -> list[FoundObject]:
    height, width = image.shape[:2]
    return [_object(one, labels, width, height) for one in found]


def _object(one: Found, labels: tuple[weights.Label, ...], width: int, height: int) -> FoundObject:
    if not 0 <= one.kind < len(labels):
        raise ModelUnavailable(
            f"The model 'detector' gives class {one.kind}; its labels are {len(labels)}."
        )
    label = labels[one.kind]
    box = boxes.whole_pixels(one.left, one.top, one.right, one.bottom, size=(width, height))
    return FoundObject(name=label.name, score=min(1.0, one.score), box=box, mid=label.mid or None)
