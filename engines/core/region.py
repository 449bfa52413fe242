"""A part of a picture as answers give it: its box, and its outline within that."""

from pydantic import BaseModel, Field


class BoundingBox(BaseModel):
    """The pixels from x to x + width - 1 and from y to y + height - 1."""

    x: int = Field(ge=0)
    y: int = Field(ge=0)
    width: int = Field(ge=1)
    height: int = Field(ge=1)


class Vertex(BaseModel):
    """A pixel of the outline, counted from its box's left and top."""

    x: int = Field(ge=0)
    y: int = Field(ge=0)
