"""Where a video can be cut so that several processes look at it side by side."""

from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.core.errors import UndecodableVideo
from engines.core.shapes import Pixels
from engines.videos.chunk import Chunk
from engines.videos.reading import Source, first_frame, open_video, upright
from engines.videos.turn import Turn

CHUNK_FRAMES = 100
"""A chunk's least length; a video of less than two chunks stays whole."""
MOST_CHUNKS = 1000


def chunks_of(source: Path) -> list[Chunk]:
    """The chunks of a video, in their order: each begins with a key frame.

    A video of which some frame has no time of its own is one that cannot be cut, and has none.

    Raises:
        UndecodableVideo: the file is no video, or ends early.
        VideoTooLarge: its frames have too many pixels.
    """
    with open_video(source) as video:
        times, keys = _times(video)
    if not len(times) or not (np.diff(times) > 0).all():
        return []
    starts, least = [0], max(CHUNK_FRAMES, len(times) // MOST_CHUNKS)
    for first in np.searchsorted(times, keys).tolist():
        if first - starts[-1] >= least:
            starts.append(first)
    return [
        Chunk(
            first=first,
            frames=end - first,
            start=int(times[first]),
            end=int(times[end]) if end < len(times) else None,
        )
        for first, end in pairwise([*starts, len(times)])
    ]


def frames_of(source: Path, chunk: Chunk) -> Iterator[tuple[int, Pixels]]:
    """The frames of a chunk: their times in the stream's unit, and their upright pictures.

    Some may be missing: where a container leads to another place than it was asked for, and where
    a decoder does not begin at a key frame.
    """
    turn, before = Turn(first_frame(source)), chunk.start - 1
    with open_video(source) as video:
        try:
            for frame in video.frames_from(chunk.start):
                if frame.pts is None or (chunk.end is not None and frame.pts >= chunk.end):
                    return
                # Times ascend, so that what is left of a chunk is less each time.
                if frame.pts > before:
                    before = frame.pts
                    yield frame.pts, upright(frame, turn)
        except UndecodableVideo:
            return


def _times(video: Source) -> tuple[NDArray[np.int64], list[int]]:
    """The times of all frames, ascending, and those of key frames; none if one has no time."""
    times, keys = array("q"), list[int]()
    for packet in video.packets():
        if packet.stream is video.pictures and packet.size:
            if packet.pts is None:
                return np.empty(0, np.int64), []
            times.append(packet.pts)
            if packet.is_keyframe:
                keys.append(packet.pts)
    return np.sort(np.array(times, np.int64)), sorted(keys)
