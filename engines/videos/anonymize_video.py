"""Anonymising videos: what must not be seen is hidden in every frame, and followed in between."""

import itertools
import struct
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from typing import BinaryIO

import orjson
from pydantic import Field

from engines import anonymize
from engines.anonymization.hiding import Method, hide
from engines.anonymization.sighting import Kind, Sighting
from engines.core import progress
from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Info, Pixels
from engines.videos.hiding import hide_in_video
from engines.videos.path import PathOnDisk
from engines.videos.sighted import Sighted, as_told
from engines.videos.summary import HiddenFrame
from engines.videos.tracking import MARGIN

VIDEO = "anonymised.mp4"
FRAMES = "frames.jsonl"
INDEX = "frames.index"
OFFSET = struct.Struct("<Q")
"""Where in FRAMES a frame's line begins; INDEX has one for each frame, and the end's."""
DEADLINE_SECONDS = 6 * 3600.0


class Result(EngineResult[Info]):
    """What became of a video; the files lie in the folder."""

    size: tuple[int, int] = Field(description="Width and height of the upright picture, px.")
    frames: int
    seconds: float = Field(description="When the last frame is shown.")
    covered: int = Field(description="Damaged frames, which are black.")
    left_out: list[str] = Field(description="Types of the streams that were not written again.")
    found: dict[Kind, int] = Field(description="How many things of each kind were followed.")
    models: dict[Kind, str] = Field(description="What found them.")


@engine(version="2.0.0", deadline_seconds=DEADLINE_SECONDS)
def anonymize_video(video: PathOnDisk, folder: PathOnDisk, *, params: anonymize.Params) -> Result:
    """Hide faces, licence plates, persons and vehicles in a video.

    Args:
        video: in any container of `reading.DEMUXERS`.
        folder: where VIDEO, FRAMES (a line of JSON for each frame) and INDEX are written; with
            the method detect there is no VIDEO. Pictures in which `video_sightings` left there
            what it saw are not looked at again.

    Raises:
        VideosUnavailable: PyAV is not installed.
        UndecodableVideo: the file is no video, holds no frame, or is damaged.
        VideoTooLarge: a frame has too many pixels.
        ModelUnavailable: a detector cannot be used; nothing is left out for that.

    Source:
        own; see `anonymize`.
    """
    ignores = params.ignored
    sighted, numbers = Sighted(folder), itertools.count()

    def sight(picture: Pixels, place: int | None) -> list[Sighting]:
        number, found = next(numbers), sighted.of(picture, place)
        return look(picture, params, number) if found is None else found

    def hidden(picture: Pixels, found: list[Sighting]) -> Pixels:
        return hide(picture, found, params.method, params.kernels, ignores)

    def mark(picture: Pixels, things: Mapping[int, Sighting]) -> Pixels:
        if not params.debug:
            return picture
        found = things.values()
        return anonymize.marked(picture, found, with_scores=params.score, numbers=things)

    with ExitStack() as files:
        lines = Lines(
            *(files.enter_context((folder / name).open("wb")) for name in (FRAMES, INDEX))
        )
        summary = hide_in_video(
            video,
            folder / VIDEO,
            sight=sight,
            hide=hidden,
            mark=mark,
            report=progress.report,
            record=lines.add,
        )
    if params.method is Method.DETECT:
        (folder / VIDEO).unlink()
    return Result(
        size=(summary.width, summary.height),
        frames=summary.frames,
        seconds=summary.seconds,
        covered=summary.covered,
        left_out=summary.left_out,
        found=Counter(one.kind for one in summary.things.values()),
        models={one.kind: one.model for one in summary.things.values()},
        details=Details(info=Info()),
    )


def look(picture: Pixels, params: anonymize.Params, number: int) -> list[Sighting]:
    """What is to be hidden in the frame of that number: thoroughly in one of five.

    What only a thorough look sees is followed back and on through the glances around it.
    """
    is_glance = number % MARGIN > 0
    return anonymize.sightings(picture, params, lambda share: None, is_glance=is_glance)


class Lines:
    """What is hidden in each frame, as lines, and where each of them begins."""

    def __init__(self, lines: BinaryIO, index: BinaryIO) -> None:
        self._lines = lines
        self._index = index
        self._index.write(OFFSET.pack(0))

    def add(self, frame: HiddenFrame) -> None:
        """Write one more."""
        line = {
            "number": frame.number,
            "seconds": frame.seconds,
            "is_covered": frame.is_covered,
            "objects": [
                {"number": number} | as_told(one) for number, one in frame.sightings.items()
            ],
        }
        self._lines.write(orjson.dumps(line) + b"\n")
        self._index.write(OFFSET.pack(self._lines.tell()))
