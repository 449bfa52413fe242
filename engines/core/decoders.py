"""How what was sent for an input becomes what an engine takes."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self, runtime_checkable

from engines.core import pixels
from engines.core.errors import UndecodableInput
from engines.core.media_type import media_type
from engines.core.pixels import FORMATS, USUAL, Mode

_HEAD_BYTES = 512


@runtime_checkable
class Decoder(Protocol):
    """What annotates the type of an engine's input; a frozen dataclass of plain values.

    It goes to other processes with a job that has one of its own, and perhaps into a table.
    """

    @property
    def accepts(self) -> tuple[str, ...]:
        """Media types, for messages and documents."""

    def decode(self, sent: bytes | Path) -> Any:
        """Decode what was sent, or lies in a file.

        Raises:
            EngineError: it is not what is accepted, or damaged.
        """


@dataclass(frozen=True, slots=True)
class PictureDecoder:
    """Decodes the formats of `pixels.FORMATS`, or some of them.

    With `enough_pixels` a JPEG in colour may come at half its size, or a quarter or an eighth, with
    as many left: for an engine whose answer has no places in the picture. Where it is
    drawn on, see `whole`.
    """

    mode: Mode
    accepts: tuple[str, ...] = USUAL
    enough_pixels: int | None = None

    def __post_init__(self) -> None:
        if unknown := set(self.accepts) - FORMATS.keys():
            raise ValueError(f"{min(unknown)} is decoded by nothing here.")

    def accepting(self, *media_types: str) -> Self:
        """The same for more formats."""
        return replace(self, accepts=(*self.accepts, *media_types))

    def decode(self, sent: bytes | Path) -> Any:
        data = sent.read_bytes() if isinstance(sent, Path) else sent
        return pixels.decode(data, self.mode, self.accepts, self.enough_pixels)


@dataclass(frozen=True, slots=True)
class FileDecoder:
    """Leaves a file to the engine, which opens it by its path; only its first bytes are read."""

    accepts: tuple[str, ...]

    def decode(self, sent: bytes | Path) -> Path:
        if not isinstance(sent, Path):
            raise TypeError("A file that an engine opens itself is sent by its path.")
        with sent.open("rb") as file:
            found = media_type(file.read(_HEAD_BYTES))
        if found not in self.accepts:
            expected = " or ".join(self.accepts)
            raise UndecodableInput(f"cannot decode the file ({found}, expected {expected})")
        return sent


def whole(decoder: Decoder) -> Decoder:
    """The same for a picture that is drawn on, which is decoded at its own size."""
    if not isinstance(decoder, PictureDecoder):
        return decoder
    return replace(decoder, enough_pixels=None)
