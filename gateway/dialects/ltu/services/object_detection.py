"""`objectDetection`: objects as LTU passes them on from an outside provider."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from engines.core.run import Computed
from engines.core.shapes import Box
from engines.object_detection import Result
from gateway.dialects.ltu.wording import Wording


def _x_first(schema: dict[str, Any]) -> None:
    schema["properties"] = dict(sorted(schema["properties"].items()))
    schema["required"].sort()


class NormalizedVertex(BaseModel):
    """A corner, in shares of the picture's width and height."""

    # The document's samples write y first; its reader looks for x first.
    model_config = ConfigDict(json_schema_extra=_x_first)

    y: float = Field(ge=0, le=1)
    x: float = Field(ge=0, le=1)


class BoundingPoly(BaseModel):
    """A box's corners, clockwise from the upper left."""

    normalizedVertices: list[NormalizedVertex] = Field(min_length=4, max_length=4)


class LocalizedObjectAnnotation(BaseModel):
    """An object, as Google Cloud Vision has it."""

    score: float = Field(ge=0, le=1)
    mid: str | None = Field(None, description="Knowledge Graph id, where one is known.")
    boundingPoly: BoundingPoly
    name: str


class ObjectDetectionContent(BaseModel):
    """Objects, best first."""

    localizedObjectAnnotations: list[LocalizedObjectAnnotation]


def content(computed: Computed) -> ObjectDetectionContent:
    """Objects, each with its corners clockwise from the upper left, in shares of the picture."""
    result = computed.result
    assert isinstance(result, Result)
    height, width = computed.inputs[0].shape[:2]
    return ObjectDetectionContent(
        localizedObjectAnnotations=[
            LocalizedObjectAnnotation(
                score=one.score,
                mid=one.mid,
                boundingPoly=_corners(one.box, width, height),
                name=one.name,
            )
            for one in result.objects
        ]
    )


def _corners(box: Box, width: int, height: int) -> BoundingPoly:
    left, right = box.left / width, box.right / width
    top, bottom = box.top / height, box.bottom / height
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    return BoundingPoly(normalizedVertices=[NormalizedVertex(y=y, x=x) for x, y in corners])


WORDING = Wording(content=content)
