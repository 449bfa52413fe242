"""Videos made anonymous."""

from collections.abc import Callable, Mapping
from pathlib import Path

from engines.anonymization.sighting import Sighting
from engines.core.shapes import Pixels
from engines.videos.pyav import require_pyav
from engines.videos.sighted import Sight
from engines.videos.summary import HiddenFrame, VideoSummary


def hide_in_video(
    source: Path,
    target: Path,
    *,
    sight: Sight,
    hide: Callable[[Pixels, list[Sighting]], Pixels],
    mark: Callable[[Pixels, Mapping[int, Sighting]], Pixels] = lambda picture, _: picture,
    report: Callable[[float], None],
    record: Callable[[HiddenFrame], None] = lambda _: None,
) -> VideoSummary:
    """Write a video again as MP4 (H.264, yuv420p) with everything hidden that is seen in it.

    What is seen is followed, and hidden in the frames in between as well and in a few before and
    after. A frame that its decoder calls damaged is black. Memory does not grow with the length.

    Args:
        source: a video in any container of `reading.DEMUXERS`.
        target: written anew; nothing of it is left when anything is raised.
        sight: finds what is to be hidden in an upright picture, uint8 (H, W, 3), BGR; it is told
            the frame's time as well, in the stream's own unit, or None if it has none.
        hide: gives such a picture back with the sightings hidden.
        mark: draws into it what was followed, by the numbers of the things.
        report: told the share done, 0 to 1.
        record: told of each frame, in their order, what is hidden in it.

    Raises:
        VideosUnavailable: PyAV is not installed.
        UndecodableVideo: the file is no video, holds no frame, or is damaged.
        VideoTooLarge: a frame has too many pixels.
    """
    require_pyav()
    from engines.videos.rewriting import rewrite

    return rewrite(source, target, sight, hide, mark, report, record)
