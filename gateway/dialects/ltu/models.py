"""LTU's own names, where they differ from the engines'."""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

PREFIX = "/v2/services/image/"

ALIASES = {
    "differences": ("imagesDifferences",),
    "alignmentMatrix": ("aligmentMatrix",),
}
"""Service names that the document's own samples call."""

DETAILS_NAME = {"heatMap": "heatmap", "imageQuality": "quality"}
"""`details.name` where it is not the service's name."""


InfoT = TypeVar("InfoT", bound=BaseModel)


class Details(BaseModel, Generic[InfoT]):
    """What is said about a result beside it."""

    score: float = Field(0, description="0 unless the service says otherwise.")
    message: str = Field("", description="The outcome in a sentence; may be empty.")
    info: InfoT


class Extra(BaseModel):
    """Keys of the envelope that only some services have; most have none."""


class DifferencesExtra(Extra):
    """What `differences` says beside its result."""

    code: int = 0
    errors: list[str] = []


class DistanceExtra(DifferencesExtra):
    """What `distance` says beside its result."""

    source: dict[str, Any] = {}


EXTRA: dict[str, type[Extra]] = {"distance": DistanceExtra, "differences": DifferencesExtra}


class ImageObject(BaseModel):
    """A picture inside JSON."""

    encoding: Literal["base64"]
    format: Literal["image/png"]
    value: str = Field(description="The file, in base64.")


class Failure(BaseModel):
    """Why there is no result."""

    code: int = Field(description="The HTTP status.")
    error: str = Field(description="A word for the cause, for programs.")
    message: str = Field(description="What was found and what was expected.")
    errors: list[str] = Field(description="The single faults.")
    version: str = Field(description="The service's version.")
    request_id: str = Field(description="Names this request in the service's log.")
