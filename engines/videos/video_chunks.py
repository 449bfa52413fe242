"""Chunks of a video that can be looked at side by side."""

from pydantic import Field

from engines.core.registry import engine
from engines.core.shapes import Details, EngineResult, Info, Parameters
from engines.videos.chunk import Chunk
from engines.videos.path import PathOnDisk
from engines.videos.pyav import require_pyav

DEADLINE_SECONDS = 600.0


class Params(Parameters):
    """Nothing needs to be told."""


class Result(EngineResult[Info]):
    """Where a video can be cut."""

    chunks: list[Chunk] = Field(description="In their order; none of a video that cannot be cut.")


@engine(version="1.0.0", deadline_seconds=DEADLINE_SECONDS)
def video_chunks(video: PathOnDisk, *, params: Params) -> Result:
    """Find where a video can be cut, without decoding it.

    Args:
        video: in any container of `reading.DEMUXERS`.

    Raises:
        VideosUnavailable: PyAV is not installed.
        UndecodableVideo: the file is no video, or ends early.
        VideoTooLarge: its frames have too many pixels.
    """
    require_pyav()
    from engines.videos.chunks import chunks_of

    return Result(chunks=chunks_of(video), details=Details(info=Info()))
