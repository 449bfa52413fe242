"""Video files opened so that no other file or address is, and read packet by packet."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from av import Packet, VideoFrame, VideoStream
from av.container import InputContainer
from av.video.reformatter import Interpolation

from engines.core.errors import TruncatedVideo, UndecodableVideo, VideoTooLarge
from engines.core.shapes import Pixels
from engines.videos.turn import Turn

AnyPacket: TypeAlias = "Packet[Any]"
"""A packet of any type of stream."""
DEMUXERS = "mov,matroska,avi,flv,mpegts,mpeg,asf,ogg,gif,mxf,rm,nut,dv,ivf"
"""The containers that are read; playlists, which name other files to open, are none of them."""
MAX_PIXELS = 6144 * 3456
"""Of a frame: its copies in a queue and two codecs take some 100 bytes a pixel together."""
EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
"""How colours are converted: without rounding exactly, each way would darken by half a level."""
MAX_STREAMS = 64
MAX_SECONDS = 1_000_000
"""Times beyond it are a fault of the file, and too large for what is written."""
BACK_SECONDS = 1
"""How far a frame's time may lie before the last one's; then it is written right behind it."""
SEEK_SECONDS = (0, 1, 4, 16)
"""How far before a time a key frame is looked for: without an index, a container leads anywhere."""
UNTIMED = ("avi",)
"""Containers that do not say when a frame is shown; FFmpeg guesses, and not always rightly."""
SHORT_SECONDS = 1.0
"""How much earlier than announced the packets of a whole video may end."""


class Source:
    """One video file: its pictures, its sound, and the names of what else it holds."""

    def __init__(self, container: InputContainer) -> None:
        self._container = container
        self.pictures = _pictures(container)
        self.sounds = [one for one in container.streams.audio if one.codec_context]
        kept = {self.pictures.index, *(sound.index for sound in self.sounds)}
        self.others: list[str] = [one.type for one in container.streams if one.index not in kept]
        self.start = max(Fraction(container.start_time or 0, av.time_base), Fraction(0))
        self.seconds = (container.duration or 0) / av.time_base
        self.pictures.codec_context.thread_count = 1
        self._is_timed = container.format.name not in UNTIMED
        self._time: Fraction | None = None

    def packets(self) -> Iterator[AnyPacket]:
        """All packets; a stream's last one is empty.

        Raises:
            TruncatedVideo: fewer came than the file announced.
        """
        found, end = 0, 0.0
        with _damage_in_words():
            for packet in self._container.demux():
                if packet.size and packet.stream is self.pictures:
                    found += 1
                if packet.time_base and (last := packet.pts if packet.dts is None else packet.dts):
                    end = max(end, float((last + (packet.duration or 0)) * packet.time_base))
                yield packet
            announced = len(self.pictures.index_entries)
        end -= float(self.start)
        if found < announced:
            raise TruncatedVideo(
                f"The video ends early: {found} of its {announced} frames were found."
            )
        if end < self.seconds - SHORT_SECONDS:
            raise TruncatedVideo(
                f"The video ends early: {end:.1f} of its {self.seconds:.1f} s were found."
            )

    def frames_from(self, start: int) -> Iterator[VideoFrame]:
        """The frames from a key frame on that has this place or one before.

        There are none where the container leads to no such place.

        Raises:
            UndecodableVideo: what is there cannot be decoded.
        """
        with _damage_in_words():
            for seconds in SEEK_SECONDS:
                before = round(seconds / (self.pictures.time_base or 1))
                self._container.seek(start - before, stream=self.pictures)
                packets = self._container.demux(self.pictures)
                key = next((one for one in packets if one.is_keyframe), None)
                place = self.place(key) if key else None
                if key and place is not None and place <= start:
                    for packet in chain([key], packets):
                        yield from packet.decode()
                    return

    def place(self, one: "AnyPacket | VideoFrame") -> int | None:
        """What orders the frames in the stream's own unit, and the packets that are key frames.

        Their times; without, when a packet is decoded, and when a frame leaves the decoder. It
        holds back the same number of frames from whichever key frame it begins.
        """
        return one.pts if self._is_timed else one.dts

    def time(self, frame: VideoFrame) -> Fraction:
        """The seconds from the file's start to a frame; frames are asked for in their order.

        Raises:
            UndecodableVideo: the time lies far from all others.
        """
        before = self._time
        if frame.pts is not None and frame.time_base:
            time = frame.pts * frame.time_base - self.start
        else:
            step = 1 / (self.pictures.guessed_rate or Fraction(25))
            time = Fraction(0) if before is None else before + step
        if abs(time) > MAX_SECONDS or (before is not None and time < before - BACK_SECONDS):
            after = 0.0 if before is None else float(before)
            raise UndecodableVideo(
                f"A frame at {float(time):.1f} s follows one at {after:.1f} s; "
                "times that go on were expected."
            )
        self._time = time
        return time


@contextmanager
def open_video(source: Path) -> Iterator[Source]:
    """Open a video.

    FFmpeg may read files alone, and none of the containers leads it to another one.

    Raises:
        UndecodableVideo: the file is no video, or damaged.
        VideoTooLarge: its pictures have too many pixels.
    """
    options = {
        "format_whitelist": DEMUXERS,
        "protocol_whitelist": "file",
        "max_streams": str(MAX_STREAMS),
        # A decoder takes memory for what a packet says, not for what the file's head says.
        "max_pixels": str(MAX_PIXELS),
    }
    with _damage_in_words():
        container = av.open(f"file:{source}", "r", options=options, metadata_errors="replace")
    with container:
        video = Source(container)
        video.pictures.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        yield video


def first_frame(source: Path) -> VideoFrame:
    """The first frame of a video, which says how the others are to be written.

    Raises:
        UndecodableVideo: the file is no video, damaged, or without any frame.
        VideoTooLarge: its frames have too many pixels.
    """
    with open_video(source) as video:
        for packet in video.packets():
            if packet.stream is video.pictures:
                for frame in decoded(packet):
                    assert isinstance(frame, VideoFrame)
                    return frame
    raise UndecodableVideo("The video holds no frame; at least one was expected.")


def upright(frame: VideoFrame, turn: Turn) -> Pixels:
    """The upright picture of a frame, uint8 (H, W, 3), BGR."""
    bgr = frame.to_ndarray(format="bgr24", interpolation=EXACT)
    return turn.upright(np.asarray(bgr, np.uint8))


def decoded(packet: AnyPacket) -> Iterator[Any]:
    """The frames that a packet completes; an empty one, those that the decoder still holds."""
    with _damage_in_words():
        yield from packet.decode()


def _pictures(container: InputContainer) -> VideoStream:
    """The first stream of moving pictures; the cover of an album is none."""
    for stream in container.streams.video:
        is_cover = stream.disposition & av.stream.Disposition.attached_pic
        if stream.codec_context and not is_cover:
            _check_size(stream.width, stream.height)
            return stream
    raise UndecodableVideo(
        "The file holds no moving pictures that can be read; a video was expected."
    )


def _check_size(width: int, height: int) -> None:
    """Refuse frames that memory would not hold, before they are decoded."""
    if width * height > MAX_PIXELS:
        raise VideoTooLarge(
            f"The video is {width} x {height} px; "
            f"frames of at most {MAX_PIXELS} pixels were expected."
        )
    if not width * height:
        # Looking for their size, FFmpeg decodes frames within the same bound.
        raise UndecodableVideo(
            "The video's frames cannot be decoded, or are too large; "
            f"frames of at most {MAX_PIXELS} pixels were expected."
        )


@contextmanager
def _damage_in_words() -> Iterator[None]:
    try:
        yield
    except av.FFmpegError as error:
        raise UndecodableVideo(
            "The file is no video that can be read, or is damaged; a whole video was expected."
        ) from error
