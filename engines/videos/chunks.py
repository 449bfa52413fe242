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

    A video of which some frame has no place of its own is one that cannot be cut, and has none.

    Raises:
        UndecodableVideo: the file is no video, or ends early.
        VideoTooLarge: its frames have too many pixels.
    """
    with open_video(source) as video:
        places, keys = _places(video)
    if not len(places) or not (np.diff(places) > 0).all():
        return []
    starts, least = [0], max(CHUNK_FRAMES, len(places) // MOST_CHUNKS)
    for first in np.searchsorted(places, keys).tolist():
        if first - starts[-1] >= least:
            starts.append(first)
    return [
        Chunk(
            first=first,
            frames=end - first,
            start=int(places[first]),
            end=int(places[end]) if end < len(places) else None,
        )
        for first, end in pairwise([*starts, len(places)])
    ]


def frames_of(source: Path, chunk: Chunk) -> Iterator[tuple[int, Pixels]]:
    """The frames of a chunk: their places, see `Source.place`, and their upright pictures.

    Some may be missing: where a container leads to another place than it was asked for, and where
    a decoder does not begin at a key frame.
    """
    turn, before = Turn(first_frame(source)), chunk.start - 1
    with open_video(source) as video:
        try:
            for frame in video.frames_from(chunk.start):
                place = video.place(frame)
                if place is None or (chunk.end is not None and place >= chunk.end):
                    return
                # Places ascend, so that what is left of a chunk is less each time.
                if place > before:
                    before = place
                    yield place, upright(frame, turn)
        except UndecodableVideo:
            return


def _places(video: Source) -> tuple[NDArray[np.int64], list[int]]:
    """The places of all frames, ascending, and those of key frames; none if one has no place."""
    places, keys = array("q"), list[int]()
    for packet in video.packets():
        if packet.stream is video.pictures and packet.size:
            place = video.place(packet)
            if place is None:
                return np.empty(0, np.int64), []
            places.append(place)
            if packet.is_keyframe:
                keys.append(place)
    return np.sort(np.array(places, np.int64)), sorted(keys)
