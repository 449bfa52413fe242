"""`contours`: outlines that are counted from their boxes."""

from pydantic import BaseModel, Field

from engines import contours
from gateway.dialects.ltu.services.region import BoundingBox, Vertex, relative
from gateway.dialects.ltu.wording import Wording


class Contour(BaseModel):
    """An object's outline; the last vertex joins the first."""

    boundingBox: BoundingBox
    relativeVertices: list[Vertex]


class ContoursInfo(BaseModel):
    """How much was found."""

    nbContours: int = Field(ge=0)


class Result(BaseModel):
    """The outlines."""

    contours: list[Contour] = Field(description="Biggest first, at most 2000.")


def result(found: contours.Result) -> Result:
    return Result(
        contours=[
            Contour(
                boundingBox=BoundingBox.of(one.box),
                relativeVertices=relative(one.outline, one.box),
            )
            for one in found.contours
        ]
    )


def info(found: contours.Result) -> ContoursInfo:
    return ContoursInfo(nbContours=len(found.contours))


def message(found: contours.Result) -> str:
    return f"Got {len(found.contours)} contours"


WORDING = Wording(result=result, info=info, message=message)
