"""What is to be hidden in a chunk of a video, seen before the video is written again."""

from collections.abc import Iterator
from time import monotonic

from pydantic import Field

from engines import anonymize
from engines.anonymization.sighting import Sighting
from engines.core import progress
from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Info, Pixels
from engines.videos.anonymize_video import DEADLINE_SECONDS, look
from engines.videos.chunk import Chunk
from engines.videos.path import PathOnDisk
from engines.videos.pyav import require_pyav
from engines.videos.sighted import write_sighted

TURN_SECONDS = 5.0
"""After it a process is free for others who wait, though the chunk may not be done."""


class Params(anonymize.Params):
    """What to look for, and in which frames."""

    chunk: Chunk


class Result(EngineResult[Info]):
    """How much was looked at; what was seen lies in the folder."""

    frames: int = Field(description="Frames looked at.")
    rest: Chunk | None = Field(description="What is left of the chunk when the turn is over.")


@engine(version="2.0.0", deadline_seconds=DEADLINE_SECONDS)
def video_sightings(video: PathOnDisk, folder: PathOnDisk, *, params: Params) -> Result:
    """Look for faces, licence plates, persons and vehicles in a chunk of a video, for a turn.

    Frames that cannot be reached from the chunk's key frame are left to `anonymize_video`, which
    looks at every picture that was not looked at.

    Args:
        video: in any container of `reading.DEMUXERS`.
        folder: where what was seen is left for `anonymize_video`.

    Raises:
        VideosUnavailable: PyAV is not installed.
        UndecodableVideo: the file is no video, holds no frame, or is damaged.
        VideoTooLarge: its frames have too many pixels.
        ModelUnavailable: a detector cannot be used; nothing is left out for that.

    Source:
        own; see `anonymize`.
    """
    require_pyav()
    from engines.videos.chunks import frames_of

    chunk, until = params.chunk, monotonic() + TURN_SECONDS
    rest: Chunk | None = None

    def frames() -> Iterator[tuple[int, Pixels, list[Sighting]]]:
        nonlocal rest
        for done, (place, picture) in enumerate(frames_of(video, chunk)):
            if done and monotonic() > until:
                rest = chunk.after(done, place)
                return
            yield place, picture, look(picture, params, chunk.first + done)
            progress.report((done + 1) / chunk.frames)

    count = write_sighted(folder, chunk, frames())
    return Result(frames=count, rest=rest, details=Details(info=Info()))
