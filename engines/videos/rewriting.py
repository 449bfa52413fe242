"""Frames on their way from a video to its anonymous copy."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
from av import VideoFrame

from engines.anonymization.sighting import Sighting
from engines.core.errors import UndecodableVideo
from engines.core.shapes import Box, Pixels
from engines.videos.reading import Source, decoded, first_frame, open_video, upright
from engines.videos.scenes import SceneCuts
from engines.videos.sighted import Sight
from engines.videos.summary import HiddenFrame, VideoSummary
from engines.videos.tracking import Held, Tracker
from engines.videos.turn import Turn
from engines.videos.writing import Mp4, create_mp4


class _Seen(NamedTuple):
    """A frame with what is seen in it."""

    frame: VideoFrame
    time: Fraction
    sightings: list[Sighting]


def rewrite(
    source: Path,
    target: Path,
    sight: Sight,
    hide: Callable[[Pixels, list[Sighting]], Pixels],
    mark: Callable[[Pixels, Mapping[int, Sighting]], Pixels],
    report: Callable[[float], None],
    record: Callable[[HiddenFrame], None],
) -> VideoSummary:
    """What `hide_in_video` does, where PyAV is installed."""
    first = first_frame(source)
    turn = Turn(first)
    with open_video(source) as video, create_mp4(target, video, first) as mp4:
        height, width = upright(first, turn).shape[:2]
        summary = VideoSummary(width, height, video.others)
        for held in _followed(video, mp4, turn, sight):
            shown = {
                number: inside
                for number, one in held.shown.items()
                if (inside := _within(one, width, height))
            }
            frame, time, _ = held.frame
            hidden = HiddenFrame(summary.frames, float(time), frame.is_corrupt, shown)
            picture = upright(frame, turn)
            if hidden.is_covered:
                picture = np.zeros_like(picture)
            else:
                picture = hide(picture, [*held.seen, *shown.values()])
                picture = mark(picture, shown)
            mp4.write(time, turn.coded(picture))
            summary.add(hidden)
            record(hidden)
            report(min(max(float(time) / video.seconds, 0.0), 1.0) if video.seconds else 0.0)
    report(1.0)
    return summary


def _followed(video: Source, mp4: Mp4, turn: Turn, sight: Sight) -> Iterator[Held[_Seen]]:
    """All frames with what is to be hidden in them; sound goes over on the way."""
    cuts: SceneCuts[_Seen] = SceneCuts()
    tracker: Tracker[_Seen] = Tracker()
    for frame in _frames(video, mp4):
        picture = upright(frame, turn)
        seen = _Seen(frame, video.time(frame), sight(picture, video.place(frame)))
        for one, is_cut in cuts.add(seen, picture):
            yield from tracker.add(one, one.sightings, is_cut=is_cut)
    for one, is_cut in cuts.flush():
        yield from tracker.add(one, one.sightings, is_cut=is_cut)
    yield from tracker.flush()


def _frames(video: Source, mp4: Mp4) -> Iterator[VideoFrame]:
    """The frames of a video, all of one size; sound goes over on the way."""
    size = None
    for packet in video.packets():
        if packet.stream in video.sounds:
            mp4.pass_sound(packet)
        elif packet.stream is video.pictures:
            for frame in decoded(packet):
                size = size or (frame.width, frame.height)
                if size != (frame.width, frame.height):
                    raise UndecodableVideo(
                        f"The video goes on with {frame.width} x {frame.height} px after "
                        f"{size[0]} x {size[1]} px; one size was expected."
                    )
                yield frame


def _within(sighting: Sighting, width: int, height: int) -> Sighting | None:
    """The part of a sighting that lies in the picture."""
    left, top, right, bottom = sighting.box
    box = Box(max(left, 0), max(top, 0), min(right, width), min(bottom, height))
    if box.left >= box.right or box.top >= box.bottom:
        return None
    outline = np.clip(sighting.outline, 0, (width - 1, height - 1)).astype(np.int32)
    return sighting._replace(box=box, outline=outline)
