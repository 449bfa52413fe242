"""Videos made anonymous."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from engines.anonymization.sighting import Sighting
from engines.core.errors import VideosUnavailable
from engines.core.shapes import Pixels
from engines.videos.summary import HiddenFrame, VideoSummary


def hide_in_video(
    source: Path,
    target: Path,
    *,
    sight: Callable[[Pixels], list[Sighting]],
    hide: Callable[[Pixels, list[Sighting]], Pixels],
    report: Callable[[float], None],
    record: Callable[[HiddenFrame], None] = lambda _: None,
) -> VideoSummary:
    """Write a video again as MP4 (H.264, yuv420p) with everything hidden that is seen in it.

    What is seen is followed, and hidden in the frames in between as well and in a few before and
    after. A frame that its decoder calls damaged is black. Memory does not grow with the length.

    Args:
        source: a video in any container of `reading.DEMUXERS`.
        target: written anew; nothing of it is left when anything is raised.
        sight: finds what is to be hidden in an upright picture, uint8 (H, W, 3), BGR.
        hide: gives such a picture back with the sightings hidden.
        report: told the share done, 0 to 1.
        record: told of each frame, in their order, what is hidden in it.

    Raises:
        VideosUnavailable: PyAV is not installed.
        UndecodableVideo: the file is no video, holds no frame, or is damaged.
        VideoTooLarge: a frame has too many pixels.
    """
    if find_spec("av") is None:
        raise VideosUnavailable(
            "Videos need PyAV, which is not installed: pip install 'pixelgate[video]'."
        )
    # What imports PyAV, which is an extra.
    from engines.videos.rewriting import rewrite

    return rewrite(source, target, sight, hide, report, record)
