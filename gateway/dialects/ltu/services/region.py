"""A part of a picture as LTU writes it: its box, and its outline within that."""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, Field

from engines.core.shapes import Box


class BoundingBox(BaseModel):
    """The pixels from x to x + width - 1 and from y to y + height - 1."""

    x: int = Field(ge=0)
    y: int = Field(ge=0)
    width: int = Field(ge=1)
    height: int = Field(ge=1)

    @classmethod
    def of(cls, box: Box) -> Self:
        left, top, right, bottom = box
        return cls(x=left, y=top, width=right - left, height=bottom - top)


# No model, for there may be tens of thousands of them in an answer.
@dataclass(slots=True)
class Vertex:
    """A pixel of the outline, counted from its box's left and top."""

    x: Annotated[int, Field(ge=0)]
    y: Annotated[int, Field(ge=0)]


def relative(outline: list[tuple[int, int]], box: Box) -> list[Vertex]:
    """An outline as LTU counts it."""
    left, top = box.left, box.top
    return [Vertex(x - left, y - top) for x, y in outline]
