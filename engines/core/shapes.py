"""The words that engines and dialects share: images, boxes, parameters, results."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, Self, TypeAlias, TypeVar, get_origin

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ValidationError,
)
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from engines.core import jpeg, png_encoder
from engines.core.decoders import PictureDecoder
from engines.core.errors import BadParameter
from engines.core.json_text import read_json
from engines.core.pixels import Mode, OriginalImage, PartialImage
from engines.core.pixels import Pixels as Pixels

Image: TypeAlias = Annotated[Pixels, PictureDecoder(Mode.COLOUR)]
"""uint8 (H, W, 3), BGR, upright."""
Reduced: TypeAlias = Annotated[Pixels, PictureDecoder(Mode.COLOUR, enough_pixels=2_000_000)]
"""The same, but a JPEG of 8 megapixels and more at half its size and less."""
Grey: TypeAlias = Annotated[Pixels, PictureDecoder(Mode.GREY)]
"""uint8 (H, W), Rec. 601 luma, upright."""
WithAlpha: TypeAlias = Annotated[Pixels, PictureDecoder(Mode.ALPHA)]
"""uint8 (H, W, 4), BGRA, if anything is transparent, else (H, W, 3), BGR; upright."""
Rows: TypeAlias = Annotated[PartialImage, PictureDecoder(Mode.PARTIAL)]
"""The rows that could be decoded, BGR, upright."""
Mask: TypeAlias = Annotated[NDArray[np.bool_], PictureDecoder(Mode.MASK)]
"""bool (H, W), upright; any value but 0 is true."""
Original: TypeAlias = Annotated[OriginalImage, PictureDecoder(Mode.ORIGINAL)]
"""As the file has it, with alpha and all bits, upright; for an engine that must keep them."""


SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg"}
"""How files of pictures end, by the media types that are written."""


class Box(NamedTuple):
    """Pixels from the picture's outer corner; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int


class Picture:
    """A picture as an answer; no dataclass, for those are taken apart where answers are written.

    Args:
        pixels: bool (H, W), uint8 (H, W), (H, W, 3) BGR or (H, W, 4) BGRA; uint16 in a PNG.
        media_type: one of `SUFFIXES`.
        quality: of a JPEG, 0 to 100.
        compression: of a PNG that is no mask, 0 to 9; None for the fastest that is worth it.
        exif: what the file says besides; not of a mask. More than a JPEG has room for is left out.
        icc_profile: of the colours; not of a mask. One that a PNG may not have is left out.
    """

    __slots__ = ("compression", "exif", "icc_profile", "media_type", "pixels", "quality")

    def __init__(
        self,
        pixels: NDArray[Any],
        media_type: str = "image/png",
        *,
        quality: int = 90,
        compression: int | None = None,
        exif: bytes = b"",
        icc_profile: bytes = b"",
    ) -> None:
        if media_type not in SUFFIXES:
            raise ValueError(f"Pictures are not written as {media_type}.")
        self.pixels = pixels
        self.media_type = media_type
        self.quality = quality
        self.compression = compression
        self.exif = exif
        self.icc_profile = icc_profile

    @property
    def suffix(self) -> str:
        """How the name of its file ends."""
        return SUFFIXES[self.media_type]

    def encoded(self) -> bytes:
        """The picture as a file: a PNG, of one bit a pixel for a mask, or a JPEG without alpha."""
        is_mask = self.pixels.dtype == np.bool_
        if self.media_type == "image/png" and (is_mask or self._is_usual()):
            return png_encoder.encode(self.pixels)
        levels = self.pixels * np.uint8(255) if is_mask else self.pixels
        options = [cv2.IMWRITE_JPEG_QUALITY, self.quality]
        if self.compression is not None:
            options += [cv2.IMWRITE_PNG_COMPRESSION, self.compression]
        is_jpeg = self.media_type == "image/jpeg"
        metadata = {
            cv2.IMAGE_METADATA_EXIF: self.exif,
            cv2.IMAGE_METADATA_ICCP: b"" if is_jpeg else self.icc_profile,
        }
        told = {kind: np.frombuffer(text, np.uint8) for kind, text in metadata.items() if text}
        is_written, data = cv2.imencodeWithMetadata(
            self.suffix, levels, list(told), list(told.values()), options
        )
        if not is_written:
            _, data = cv2.imencode(self.suffix, levels, options)
        # OpenCV writes no more of a profile into a JPEG than one segment holds.
        return jpeg.with_profile(data.tobytes(), self.icc_profile) if is_jpeg else data.tobytes()

    def _is_usual(self) -> bool:
        is_bare = self.compression is None and not (self.exif or self.icc_profile)
        return is_bare and self.pixels.dtype == np.uint8

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type["Picture"], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"title": "Picture", "type": "object"}


@dataclass(frozen=True, slots=True)
class File:
    """A named file beside an answer."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class ResultFile:
    """A named file that an engine gives beside its result; a picture says its own media type."""

    name: str
    content: Picture | bytes
    media_type: str = "application/octet-stream"

    def encoded(self) -> File:
        """The file as an answer has it."""
        if isinstance(self.content, Picture):
            return File(self.name, self.content.media_type, self.content.encoded())
        return File(self.name, self.media_type, self.content)


class Info(BaseModel):
    """Facts about how an answer came about; empty unless the engine has some."""


InfoT = TypeVar("InfoT", bound=Info)


class Details(BaseModel, Generic[InfoT]):
    """What is said about a result beside it."""

    message: str = Field("", description="The outcome in a sentence; may be empty.")
    info: InfoT


class EngineResult(BaseModel, Generic[InfoT]):
    """A result's fields, and beside them its details and files, which are no fields of it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    details: Details[InfoT] = Field(exclude=True)
    files: tuple[ResultFile, ...] = Field((), exclude=True)


NUMBERS: dict[object, re.Pattern[str]] = {
    int: re.compile(r"[+-]?[0-9]{1,18}", re.ASCII),
    float: re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})(e[+-]?[0-9]{1,2})?", re.I),
}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class Parameters(BaseModel):
    """What an engine can be told; its subclasses are called `Params`."""

    model_config = ConfigDict(extra="ignore", frozen=True, validate_by_name=True)

    @classmethod
    def from_text(cls, fields: Mapping[str, str]) -> Self:
        """Read the values of a form or query; a field's own name wins over its aliases.

        Raises:
            BadParameter: a value is out of range, unknown, or no number.
            UnparsableParameter: what should be a list is no JSON.
        """
        try:
            return cls.model_validate(cls._given(fields))
        except ValidationError as error:
            raise _refusal(error.errors(include_url=False)) from None

    @classmethod
    def spellings(cls) -> set[str]:
        """Every name that a parameter is read under."""
        return {one for name, field in cls.model_fields.items() for one in _spellings(name, field)}

    @classmethod
    def _given(cls, fields: Mapping[str, str]) -> dict[str, object]:
        given = {}
        for name, field in cls.model_fields.items():
            sent = next((one for one in _spellings(name, field) if one in fields), None)
            if sent is not None:
                given[name] = _parse(sent, fields[sent], field.annotation)
        return given


def _spellings(name: str, field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    choices = alias.choices if isinstance(alias, AliasChoices) else [alias]
    return [name, *(choice for choice in choices if isinstance(choice, str))]


def _parse(name: str, text: str, kind: object) -> object:
    if kind is bool:
        if text.lower() not in _TRUTH:
            raise BadParameter(f"{name} is {shown(text)}; expected true or false.")
        return _TRUTH[text.lower()]
    if kind in NUMBERS and not NUMBERS[kind].fullmatch(text):
        expected = "a whole number" if kind is int else "a number"
        raise BadParameter(f"{name} is {shown(text)}; expected {expected}.")
    return read_json(name, text) if get_origin(kind) in (tuple, list) else text


def shown(text: str) -> str:
    """A caller's value as a message may repeat it: quoted and short."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


def _refusal(faults: list[ErrorDetails]) -> BadParameter:
    sentences = tuple(_sentence(fault) for fault in faults)
    return BadParameter(" ".join(sentences), errors=sentences)


def _sentence(fault: ErrorDetails) -> str:
    name = ".".join(str(part) for part in fault["loc"])
    expected = fault["msg"].replace("Input should be ", "").replace("Value error, ", "")
    return f"{name} is {shown(str(fault['input']))}; expected {expected}."
