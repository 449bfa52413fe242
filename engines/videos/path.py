"""Videos and folders as inputs of an engine: by their path, for they are too large for memory."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias


@dataclass(frozen=True, slots=True)
class PathDecoder:
    """Leaves to the engine what lies at a path, whatever it is."""

    accepts: tuple[str, ...] = ("video/mp4",)

    def decode(self, sent: bytes | Path) -> Path:
        if not isinstance(sent, Path):
            raise TypeError("A video is sent by its path.")
        return sent


PathOnDisk: TypeAlias = Annotated[Path, PathDecoder()]
