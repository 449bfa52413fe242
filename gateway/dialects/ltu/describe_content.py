"""Schemas of `content`, which three services answer beside their result."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, Field

Unit = Field(ge=0, le=1)


class LabelAnnotation(BaseModel):
    """A label, as Google Cloud Vision has it."""

    score: float = Unit
    topicality: float = Field(ge=0, le=1, description="The same as score.")
    mid: str | None = Field(None, description="Knowledge Graph id, where one is known.")
    description: str


class ClassificationContent(BaseModel):
    """Labels, best first."""

    labelAnnotations: list[LabelAnnotation]


class NormalizedVertex(BaseModel):
    """A corner, in shares of the picture's width and height."""

    x: float = Unit
    y: float = Unit


class BoundingPoly(BaseModel):
    """A box's corners, clockwise from the upper left."""

    normalizedVertices: list[NormalizedVertex] = Field(min_length=4, max_length=4)


class LocalizedObjectAnnotation(BaseModel):
    """An object, as Google Cloud Vision has it."""

    score: float = Unit
    mid: str | None = Field(None, description="Knowledge Graph id, where one is known.")
    boundingPoly: BoundingPoly
    name: str


class ObjectDetectionContent(BaseModel):
    """Objects, best first."""

    localizedObjectAnnotations: list[LocalizedObjectAnnotation]


class TextBox(BaseModel):
    """Where a text stands, px."""

    x: int
    y: int
    width: int
    height: int


class AreaText(BaseModel):
    """What stands in an area."""

    type: Literal["summary", "words"]
    language: str = Field(description="ISO 639-1; und: undetermined.")
    text: str
    subarea: list[str] | None = Field(None, description="The areas of the words.")
    words: dict[str, list[str]] | None = Field(None, description="The areas that hold each word.")


class AreaInfo(BaseModel):
    """What is known of an area."""

    textDetection: AreaText


class Area(BaseModel):
    """A place in the picture with its text."""

    type: Literal["input", "output"] = Field(description="input: the whole text; output: a word.")
    boundingBox: TextBox
    resultInfo: AreaInfo


class TextImage(BaseModel):
    """The areas by name."""

    areas: dict[str, Area] = Field(description="The first is the whole text, each other a word.")
    UUID: str = Field(description="How the names of the areas begin.")
    version: float


class AreaCount(BaseModel):
    """How many words were found."""

    nbAreas: int = Field(ge=0, description="Words.")


class TextCounts(BaseModel):
    """Counts by service."""

    textDetection: AreaCount


class TextSummary(BaseModel):
    """How it went."""

    name: Literal["textDetection"]
    status: int
    message: str
    resultInfos: TextCounts


class TextDetectionContent(BaseModel):
    """The text by areas."""

    image: TextImage
    summary: TextSummary
    errors: list[str]


MODELS: Mapping[str, type[BaseModel]] = {
    "classification": ClassificationContent,
    "object_detection": ObjectDetectionContent,
    "text_detection": TextDetectionContent,
}
"""By engine name."""
