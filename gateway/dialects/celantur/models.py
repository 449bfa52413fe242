"""Celantur's names: of parameters, tasks, metadata and refusals."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    ValidationInfo,
    WithJsonSchema,
)

from engines.anonymize import KernelPx, Overlaps, Score, Share, Start, Stop, Tiles
from engines.core.json_text import read_json
from engines.core.shapes import Parameters
from engines.vision.polygons import MOST_POLYGONS

MOST_HEADER = 4096
# An empty value in a query is none.
HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{0,100}$"
RESERVED_HEADERS = {
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
    "webhook-id",
}
"""Of the delivery itself: with another length or host it would be another request."""
HEADER_VALUE = r"^([\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?)?$"

Class = Literal["face", "license-plate", "person", "vehicle"]
TaskStatus = Literal["queued", "processing", "done", "failed", "deleted"]
WebhookStatus = Literal["empty", "set", "sent", "failed"]
Panorama = Literal[
    "pano:4096",
    "pano:5400",
    "pano:5640",
    "pano:7060",
    "pano:7680",
    "pano:8000",
    "pano:8192",
    "pano:11000",
]
Layout = Literal["whole", Panorama]
NullableText = Annotated[str | None, WithJsonSchema({"type": "string", "nullable": True})]

TYPES: dict[str, int] = {"person": 101, "vehicle": 102, "face": 103, "license-plate": 104}
"""Undocumented: all but the number of a face."""


def _from_json(value: object, info: ValidationInfo) -> object:
    is_json = isinstance(value, str) and value.lstrip()[:1] in ("[", "{")
    return read_json(str(info.field_name), str(value)) if is_json else value


def _is_layout(value: object) -> str:
    return "layout" if isinstance(value, str) else "tiling"


def _quality(value: int) -> int:
    """Undocumented: the vendor's client sends 0 where nothing was chosen."""
    return value or 90


class Rectangle(BaseModel):
    """Pixels of the picture."""

    topLeftX: int = Field(ge=0, le=1_000_000)
    topLeftY: int = Field(ge=0, le=1_000_000)
    width: int = Field(ge=1, le=1_000_000)
    height: int = Field(ge=1, le=1_000_000)

    def corners(self) -> list[tuple[int, int]]:
        """The pixels at its corners."""
        right, bottom = self.topLeftX + self.width - 1, self.topLeftY + self.height - 1
        left, top = self.topLeftX, self.topLeftY
        return [(left, top), (right, top), (right, bottom), (left, bottom)]


class Tiling(BaseModel):
    """In how many tiles a picture is looked at, and by how many pixels they overlap."""

    model_config = ConfigDict(extra="forbid")

    number: Tiles
    overlap: Overlaps


def _as_text(layout: "str | Tiling") -> str:
    return layout if isinstance(layout, str) else layout.model_dump_json()


class Echoed(Parameters):
    """What a task repeats of its upload's parameters."""

    model_config = ConfigDict(allow_inf_nan=False)

    method: Literal["blur", "pixelate", "blacken", "detect"] = Field(
        "blur", description="How it is hidden; `detect`: masks and metadata alone."
    )
    face: bool = Field(False, description="Hide faces.")
    license_plate: bool = Field(False, description="Hide license plates.")
    person: bool = Field(False, description="Hide persons.")
    vehicle: bool = Field(False, description="Hide vehicles.")
    format: Annotated[
        Annotated[Layout, Tag("layout")] | Annotated[Tiling, Tag("tiling")],
        Discriminator(_is_layout),
        BeforeValidator(_from_json),
        PlainSerializer(_as_text),
        WithJsonSchema({"type": "string"}),
    ] = Field(
        "whole",
        description="`whole`, `pano:` and a width, or tiles as JSON, such as "
        '`{"number": [2, 2], "overlap": [0, 0]}`.',
    )
    bbox: bool = Field(False, description="Hide the box, not the outline alone.")
    ignores: Annotated[
        list[Rectangle], BeforeValidator(_from_json), Field(max_length=MOST_POLYGONS)
    ] = Field([], description="Where nothing is hidden.")
    debug: bool = Field(False, description="Draw boxes and outlines.")
    score: bool = Field(False, description="With `debug`: draw scores too.")
    mask_scale: float = Field(100, gt=0, le=100, description="Of masks, percent.")
    save_mask: Literal["all", "binary", "instance"] = Field(
        "all", description="Which masks are kept."
    )
    quality: Annotated[int, AfterValidator(_quality)] = Field(
        90, ge=0, le=100, description="Of a JPEG; 0 is 90."
    )
    compress_level: int = Field(5, ge=0, le=9, description="Of a PNG.")
    kernel_size_face: Share = Field(0.35, description="Share of the box.")
    kernel_size_person: KernelPx = Field(91, description="Pixels.")
    kernel_size_license_plate: Share = Field(0.5, description="Share of the box.")
    kernel_size_vehicle: KernelPx = Field(61, description="Pixels.")
    face_anonymization_gradient_start: Start = Field(
        0.3,
        description="Share of a face's box, outside, where it begins to be hidden.",
    )
    face_anonymization_gradient_stop: Stop = Field(
        0.0, description="Share of a face's box, inside, where it is all hidden."
    )
    license_plate_anonymization_gradient_start: Start = Field(
        0.3,
        description="Share of a license plate's box, outside, where it begins to be hidden.",
    )
    license_plate_anonymization_gradient_stop: Stop = Field(
        0.0,
        description="Share of a license plate's box, inside, where it is all hidden.",
    )


class Upload(Echoed):
    """All parameters of an upload; thresholds have the engine's defaults."""

    face_threshold: Score | None = Field(
        None, description="Score from which a face is hidden; else the engine's."
    )
    license_plate_threshold: Score | None = Field(
        None,
        description="Score from which a license plate is hidden; else the engine's.",
    )
    person_threshold: Score | None = Field(
        None, description="Score from which a person is hidden; else the engine's."
    )
    vehicle_threshold: Score | None = Field(
        None, description="Score from which a vehicle is hidden; else the engine's."
    )
    watermark: bool = Field(False, description="Taken, and without effect.")
    name: str = Field("", description="File name; else the part's.")


def _free(name: str) -> str:
    if name.lower() in RESERVED_HEADERS:
        raise ValueError("it is one of the delivery's own header fields")
    return name


class Told(Parameters):
    """Whom to tell of the end, beside the upload's parameters."""

    webhook: str | None = Field(None, description="URL that the task is posted to.")
    web_auth_header_name: (
        Annotated[str, Field(pattern=HEADER_NAME), AfterValidator(_free)] | None
    ) = Field(None, description="Header field that goes with it.")
    web_auth_header_value: str | None = Field(
        None, pattern=HEADER_VALUE, max_length=MOST_HEADER, description="Its value; kept sealed."
    )


class Scale(Parameters):
    """How large a mask is served."""

    mask_scale: float | None = Field(
        None, gt=0, le=100, allow_inf_nan=False, description="Percent; else the upload's."
    )


class Frames(Parameters):
    """Which frames of a video are told of."""

    start: int = Field(0, ge=0, le=1_000_000_000, description="The first frame, from 0.")
    end: int | None = Field(
        None, ge=0, le=1_000_000_000, description="The last one; else the last of all."
    )
    times: bool = Field(False, description="Tell when each is shown; ours.")


class Choice(Parameters):
    """What is deleted of tasks."""

    record: bool = Field(True, description="The task's record.")
    files: bool = Field(True, description="What was sent, and what came of it.")


class Page(Parameters):
    """Which of the tasks are listed."""

    offset: int = Field(0, ge=0, le=1_000_000_000, description="Newest tasks to pass over.")
    limit: int = Field(1000, ge=1, le=1000, description="Tasks to list.")


class _Identity(BaseModel):
    """What comes first in a task."""

    id: str
    status: TaskStatus
    name: str
    anonymised_link: str | None = None
    binary_mask_link: str | None = None
    instance_mask_link: str | None = None
    metadata_link: str | None = None
    upload_time: str
    delete_time: NullableText = None


class AnonymisationTask(Echoed, _Identity):
    """A task; links are to what there is, the cause to what there is not."""

    webhook: NullableText = None
    webhook_status: WebhookStatus = "empty"
    failure_cause: str | None = None
    progress: float = Field(ge=0, le=1, description="The share that is done; ours.")


class Detection(BaseModel):
    """An object that was found."""

    id: int
    parent_image: str
    offset: tuple[int, int]
    bbox: tuple[int, int, int, int]
    type: int
    score: float
    is_anonymised: bool
    type_label: Class
    color: NullableText = None
    polygon: list[tuple[int, int]] = Field(description="Its outline; ours.")


class ImageMetadata(BaseModel):
    """What was found in a picture."""

    id: str
    detections: list[Detection]
    size: tuple[int, int] = Field(description="Width and height.")
    duration: float = Field(description="Seconds.")
    filename: str
    folder: NullableText = None


class FrameMetadata(ImageMetadata):
    """What was found in a frame of a video."""

    seconds: float = Field(
        0, ge=0, description="With `times`: when it is shown, from the file's start; ours."
    )


class DeletedTask(BaseModel):
    """A task that was deleted."""

    id: str
    status: Literal["deleted"] = "deleted"


class DeletedTasks(BaseModel):
    """How many were deleted."""

    deleted: int


class ServiceStatus(BaseModel):
    """How the service is; the tasks are the caller's, where it is known."""

    status: Literal["running", "down"]
    version: str
    queued: int
    processing: int


class Failure(BaseModel):
    """Every refusal."""

    status_code: int
    error: str


def text_of(model: BaseModel) -> str:
    """A task as JSON, without links that lead nowhere, and a cause that there is not."""
    absent: set[Any] = {
        name
        for name in type(model).model_fields
        if name.endswith(("_link", "_cause")) and getattr(model, name) is None
    }
    return model.model_dump_json(exclude=absent)
