"""Object detection: which things a picture shows, and where."""

from collections.abc import Collection

from pydantic import BaseModel, Field

from engines.core.errors import ModelUnavailable
from engines.core.registry import engine
from engines.core.shapes import Box, Details, EngineResult, Image, Info, Parameters, Picture, Pixels
from engines.models import weights
from engines.models.descriptions import Detector
from engines.models.things import Found, look
from engines.vision import boxes, marking

TILE = 640
"""Side of a tile at which things of 40 px come out well, px."""
MOST_TILES_A_SIDE = 4
OVERLAP = 0.25
MOST_COMPARED = 1000
"""Boxes of all looks that are compared with each other, the best; it bounds the time."""
PART_OF_THING = 0.8
"""Share of a tile's box inside one of the whole picture from which it is only a part of it."""


class Params(Parameters):
    """How many objects, how sure they must be, and how closely to look."""

    min_score: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Objects below this score are left out. Without it, those below the model's"
        " threshold, which of the one that comes along is 0.3.",
    )
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
    least = model.description.threshold if params.min_score is None else params.min_score
    found = find(image, least, with_tiles=params.tiles)[: params.max_results]
    details = Details[ModelInfo](
        message=f"Found {len(found)} object{'' if len(found) == 1 else 's'}",
        info=ModelInfo(model=model.title, device=model.device),
    )
    return Result(details=details, objects=found)


def find(image: Pixels, min_score: float, *, with_tiles: bool) -> list[FoundObject]:
    """All objects, best first, seen in the whole picture and perhaps in enlarged parts.

    Raises:
        ModelUnavailable: the model or onnxruntime is absent or not what it should be.
    """
    model = weights.model("detector")
    found = look(image, min_score)
    if with_tiles:
        closer = _found_in_tiles(image, min_score)
        found += [one for one in closer if not any(_is_part(one, whole) for whole in found)]
    distinct = _distinct(found, model.description)
    return _objects(distinct, model.labels, image)


def candidates(image: Pixels, min_score: float, *, with_tiles: bool) -> list[FoundObject]:
    """All boxes that the network sees, in no order, several of one thing and class too.

    Raises:
        ModelUnavailable: the model or onnxruntime is absent or not what it should be.
    """
    model = weights.model("detector")
    found = look(image, min_score)
    if with_tiles:
        found += _found_in_tiles(image, min_score)
    return _objects(found, model.labels, image)


def knows_any(names: Collection[str]) -> bool:
    """Whether the network knows one of the classes, by just these names; it finds no others.

    Raises:
        ModelUnavailable: the model or onnxruntime is absent or not what it should be.
    """
    return any(label.name in names for label in weights.model("detector").labels)


def require_any(names: Collection[str]) -> None:
    """Make sure that the network knows one of the classes.

    Raises:
        ModelUnavailable: it knows none.
    """
    if not knows_any(names):
        raise ModelUnavailable(
            f"The model 'detector' has no label {' or '.join(names)}, and would find none of them."
        )


def _found_in_tiles(image: Pixels, min_score: float) -> list[Found]:
    """What the network sees in overlapping parts, but for what a part's edge cuts."""
    height, width = image.shape[:2]
    found = []
    for left, right in _spans(width):
        for top, bottom in _spans(height):
            for one in look(image[top:bottom, left:right], min_score):
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
    """Two to four overlapping stretches that cover a side; of a single pixel one."""
    count = min(MOST_TILES_A_SIDE, length, max(2, round(length / TILE)))
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


def _distinct(found: list[Found], description: Detector) -> list[Found]:
    """One box for each thing, best first."""
    # OpenCV's NMSBoxesBatched has one threshold, and compares no box with another class's.
    kept: list[Found] = []
    for one in sorted(found, key=lambda each: -each.score)[:MOST_COMPARED]:
        if not any(_is_same(one, better, description) for better in kept):
            kept.append(one)
    return kept


def _is_same(one: Found, better: Found, description: Detector) -> bool:
    limit = description.nms if one.kind == better.kind else description.nms_between
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
