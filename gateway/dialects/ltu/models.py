"""LTU's own names, where they differ from the engines'."""

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from gateway.dialects.failure import Failure
from gateway.tasks.status import Status

PREFIX = "/v2/services/image/"
TASKS = "/v2/tasks"

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


class AnonymizeExtra(Extra):
    """What `anonymize` says beside its result, where that is asked for."""

    receipt: str | None = Field(
        None, description="A JWS (RFC 7515) that `pixelgate receipt verify` reads."
    )


EXTRA: dict[str, type[Extra]] = {
    "anonymize": AnonymizeExtra,
    "distance": DistanceExtra,
    "differences": DifferencesExtra,
}


class ImageObject(BaseModel):
    """A picture inside JSON."""

    encoding: Literal["base64"]
    format: Literal["image/png", "image/jpeg"]
    value: str = Field(description="The file, in base64.")


class TaskAnswer(BaseModel):
    """A service's work that is answered later."""

    id: str
    service: str = Field(description="Which service was asked.")
    status: Status = Field(description="queued and processing come before done or error.")
    progress: float = Field(ge=0, le=1, description="The share that is done, where that is known.")
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None = Field(description="Only when it has ended.")
    result: str | None = Field(description="Path of the result; only when it is done.")
    error: Failure | None = Field(description="Why there is no result; only with error.")
    version: str = Field(description="The service's version.")


class TaskList(BaseModel):
    """The caller's tasks, the newest first."""

    total: int = Field(description="Tasks there are, listed or not.")
    tasks: list[TaskAnswer]
