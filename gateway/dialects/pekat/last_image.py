"""The last image: what a caller sent last, kept so that it can be asked about again."""

import hashlib
from dataclasses import asdict, dataclass
from typing import Self

import orjson

from engines.core.decoders import Decoder
from engines.inspection.flow import PHOTOGRAPH
from gateway.dialects.pekat.projects import Project
from gateway.dialects.pekat.raw_pixels import RawPixels


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture as it was sent, how it is decoded, and the request's data."""

    body: bytes
    decoder: Decoder
    data: str | None

    def packed(self) -> tuple[bytes, bytes]:
        """A line that tells the rest, and the body."""
        raw = asdict(self.decoder) if isinstance(self.decoder, RawPixels) else None
        return orjson.dumps({"raw": raw, "data": self.data}) + b"\n", self.body

    @classmethod
    def unpacked(cls, packed: bytes) -> Self:
        """What `packed` has made, put together."""
        line, _, body = packed.partition(b"\n")
        told = orjson.loads(line)
        decoder = RawPixels(**told["raw"]) if told["raw"] else PHOTOGRAPH
        return cls(body, decoder, told["data"])


def key_of(project: Project, owner: str) -> str:
    """The name under which the last image of a project and a caller is kept."""
    return hashlib.sha256(f"{owner}\n{project.digest}".encode()).hexdigest()
