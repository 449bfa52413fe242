"""What was seen in the frames of a video, kept as lines until the video is written again."""

import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import orjson

from engines.anonymization.sighting import Kind, Sighting
from engines.core.shapes import Box, Pixels
from engines.videos.chunk import Chunk

Sight: TypeAlias = Callable[[Pixels, int | None], list[Sighting]]
"""Finds what is to be hidden in a frame, of which it is told the upright picture and the place."""
LINES = "sighted-{}.jsonl"
"""By the number of a chunk's first frame, so that names are ordered as the chunks are."""


class _Line(NamedTuple):
    """What was seen in a frame.

    Args:
        place: see `Source.place`.
        digest: of the picture that was looked at.
    """

    place: int
    digest: int
    objects: list[dict[str, Any]]


def write_sighted(
    folder: Path, chunk: Chunk, frames: Iterable[tuple[int, Pixels, list[Sighting]]]
) -> int:
    """Keep what was seen in the frames of a chunk: their places, pictures, and what is in them.

    Returns:
        how many there were.
    """
    count = 0
    with (folder / LINES.format(f"{chunk.first:012}")).open("wb") as lines:
        for place, picture, found in frames:
            line = _Line(place, zlib.crc32(picture.data), [as_told(one) for one in found])
            lines.write(orjson.dumps(tuple(line)) + b"\n")
            count += 1
    return count


class Sighted:
    """What was seen in chunks of a video, asked for frame by frame in their order."""

    def __init__(self, folder: Path) -> None:
        self._lines = _lines(sorted(folder.glob(LINES.format("*"))))
        self._next = next(self._lines, None)

    def of(self, picture: Pixels, place: int | None) -> list[Sighting] | None:
        """What was seen in a frame; None where just this picture was not looked at."""
        if place is None:
            return None
        while self._next and self._next.place < place:
            self._next = next(self._lines, None)
        line = self._next
        if line is None or line.place != place or line.digest != zlib.crc32(picture.data):
            return None
        return [_sighting(one) for one in line.objects]


def as_told(one: Sighting) -> dict[str, Any]:
    """A sighting as it is told of as JSON."""
    return {
        "kind": one.kind,
        "score": one.score,
        "box": tuple(one.box),
        "polygon": one.outline.tolist(),
        "model": one.model,
    }


def _sighting(told: dict[str, Any]) -> Sighting:
    outline = np.array(told["polygon"], np.int32)
    return Sighting(Kind(told["kind"]), Box(*told["box"]), told["score"], outline, told["model"])


def _lines(paths: Iterable[Path]) -> Iterator[_Line]:
    for path in paths:
        with path.open("rb") as lines:
            for line in lines:
                yield _Line(*orjson.loads(line))
