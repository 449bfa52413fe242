"""The words that engines and dialects share: images, boxes, parameters, answers."""

import re
import struct
import zlib
from collections.abc import Mapping
from typing import Annotated, Any, Generic, NamedTuple, Self, TypeAlias, TypeVar

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

from engines.core.decoders import PictureDecoder
from engines.core.errors import BadParameter
from engines.core.pixels import Mode, OriginalImage, PartialImage
from engines.core.pixels import Pixels as Pixels

Image: TypeAlias = Annotated[Pixels, PictureDecoder(Mode.COLOUR)]
"""uint8 (H, W, 3), BGR, upright."""
Grey: TypeAlias = Annotated[Pixels, PictureDecoder(Mode.GREY)]
"""uint8 (H, W), Rec. 601 luma, upright."""
Rows: TypeAlias = Annotated[PartialImage, PictureDecoder(Mode.PARTIAL)]
"""The rows that could be decoded, BGR, upright."""
Mask: TypeAlias = Annotated[NDArray[np.bool_], PictureDecoder(Mode.MASK)]
"""bool (H, W), upright; any value but 0 is true."""
Original: TypeAlias = Annotated[OriginalImage, PictureDecoder(Mode.ORIGINAL)]
"""As the file has it, with alpha and all bits, upright; for an engine that must keep them."""


class Box(NamedTuple):
    """Pixels from the picture's outer corner; right and bottom lie outside."""

    left: int
    top: int
    right: int
    bottom: int


class Picture:
    """A picture as an answer; no dataclass, for those are taken apart where answers are written.

    Args:
        pixels: bool (H, W), uint8 (H, W), (H, W, 3) BGR or (H, W, 4) BGRA.
    """

    __slots__ = ("pixels",)

    def __init__(self, pixels: NDArray[Any]) -> None:
        self.pixels = pixels

    def png(self) -> bytes:
        """The picture as a PNG file; of one bit a pixel for a mask."""
        if self.pixels.dtype == np.bool_:
            return _encode_mask(self.pixels)
        _, data = cv2.imencode(".png", self.pixels)
        return data.tobytes()

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


def _encode_mask(mask: NDArray[Any]) -> bytes:
    """Write a PNG of one bit a pixel, a third of OpenCV's time for the same."""
    height, width = mask.shape
    rows = np.zeros((height, 1 + (width + 7) // 8), np.uint8)  # each begins with filter 0
    rows[:, 1:] = np.packbits(mask, axis=1)
    deflate = zlib.compressobj(strategy=zlib.Z_RLE)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = deflate.compress(rows.tobytes()) + deflate.flush()
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


class Info(BaseModel):
    """Facts about how an answer came about; empty unless the engine has some."""


InfoT = TypeVar("InfoT", bound=Info)


class Details(BaseModel, Generic[InfoT]):
    """What is said about a result beside it."""

    score: float = Field(0, description="0 unless the service says otherwise.")
    message: str = Field("", description="The outcome in a sentence; may be empty.")
    info: InfoT


class EngineResult(BaseModel, Generic[InfoT]):
    """A result's fields, and its details, which are no field of the result itself."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    details: Details[InfoT] = Field(exclude=True)


_NUMBERS: dict[object, re.Pattern[str]] = {
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
        """
        try:
            return cls.model_validate(cls._given(fields))
        except ValidationError as error:
            raise _refusal(error.errors(include_url=False)) from None

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
    if kind in _NUMBERS and not _NUMBERS[kind].fullmatch(text):
        expected = "a whole number" if kind is int else "a number"
        raise BadParameter(f"{name} is {shown(text)}; expected {expected}.")
    return text


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
