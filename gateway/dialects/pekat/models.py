"""PEKAT's names: of a context's parts, of the query, of a refusal."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, WithJsonSchema

from engines.core.pixels import MAX_SIDE
from engines.core.shapes import Parameters


class ResponseType(StrEnum):
    """What is answered."""

    CONTEXT = "context"
    IMAGE = "image"
    ANNOTATED_IMAGE = "annotated_image"
    HEATMAP = "heatmap"


class Query(Parameters):
    """What every analysis can be told."""

    response_type: ResponseType = Field(
        ResponseType.CONTEXT,
        description="`image` is the picture after preprocessing, `annotated_image` the same with "
        "all rectangles and heat, `heatmap` the heat alone, on black. Where the project has no "
        "heat the context is answered.",
    )
    data: str | None = Field(None, description="Comes back in the context; `None` is no data.")


class RawQuery(Parameters):
    """What raw pixels need besides."""

    width: int = Field(ge=1, le=MAX_SIDE, description="px")
    height: int = Field(ge=1, le=MAX_SIDE, description="px")


class ClassName(BaseModel):
    """A class that a rectangle belongs to."""

    id: int = Field(description="Made from the label; the same in every answer.")
    label: str
    confidence: float | None = Field(None, ge=0, le=1)


class DetectedRectangle(BaseModel):
    """A place in the picture after preprocessing, px."""

    id: int = Field(description="From 1, as they were found.")
    x: int
    y: int
    width: int
    height: int
    classNames: list[ClassName]
    text: str | None = Field(None, description="What is written there; only of text.")


class Context(BaseModel):
    """What an analysis found."""

    detectedRectangles: list[DetectedRectangle]
    result: bool | None = Field(
        None, description="Whether the picture is good; only where the project has conditions."
    )
    modules: dict[str, Any] = Field(description="The numbers and texts of each module.")
    processing: bool = Field(
        True, description="False where the project is switched off, and nothing was looked for."
    )
    production_mode: bool = True
    operatorInput: dict[str, Any] = {}
    data: str | None = Field(None, description="As the request had it.")
    completeTime: Annotated[float, Field(ge=0, description="s")] = 0


class Failure(BaseModel):
    """Why there is no context."""

    error: str = Field(description="What was found and what was expected.")
    result: Annotated[None, WithJsonSchema({"type": "boolean", "nullable": True})] = Field(
        None, description="Always null: neither good nor bad."
    )
