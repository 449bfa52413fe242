"""MP4 files: H.264 that every player shows, and the sound of another file."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av import AudioFrame, AudioStream, VideoFrame
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace

from engines.core.errors import UndecodableVideo
from engines.core.shapes import Pixels
from engines.videos.reading import EXACT, AnyPacket, Source, decoded
from engines.videos.turn import Turn

COPIED_SOUND = {"aac", "mp3", "ac3", "eac3", "alac", "flac", "opus"}
"""What MP4 holds and players expect in it; other sound becomes AAC."""
AAC_RATES = {96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000}
TICKS = 90_000
"""Parts of a second in which times are written where the file's own are coarse or absurd."""
ENCODER = {"crf": "18", "preset": "veryfast", "bf": "0", "threads": "1"}


class Mp4:
    """An MP4 file in the making, with sizes, colours, turn and times as a source has them."""

    def __init__(self, container: OutputContainer, source: Source, first: VideoFrame) -> None:
        self._container = container
        self._pictures = container.add_stream("libx264", _rate(source), options=ENCODER)
        codec = self._pictures.codec_context
        # Chroma of half the size needs even sides; a pixel more loses nothing.
        codec.width, codec.height = (side + side % 2 for side in (first.width, first.height))
        codec.pix_fmt = "yuv420p"
        codec.time_base = _time_base(source.pictures.time_base)
        codec.sample_aspect_ratio = source.pictures.sample_aspect_ratio or Fraction(1)
        self._colorspace = _colorspace(first)
        codec.colorspace = self._colorspace
        codec.color_range = ColorRange.MPEG
        codec.color_primaries, codec.color_trc = first.color_primaries, first.color_trc
        if matrix := Turn(first).matrix:
            self._pictures.set_display_matrix(matrix)
        self._last: int | None = None
        self._sounds = {one.index: _Sound(container, one, source.start) for one in source.sounds}

    def write(self, time: Fraction, image: Pixels) -> None:
        """Add a picture of the source's size; it is shown from that second on."""
        height, width = image.shape[:2]
        even = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
        written = VideoFrame.from_ndarray(np.asarray(even, np.uint8), format="bgr24").reformat(
            format="yuv420p",
            interpolation=EXACT,
            dst_colorspace=self._colorspace,
            dst_color_range=ColorRange.MPEG,
        )
        base = self._pictures.codec_context.time_base
        written.time_base, written.pts = base, round(time / base)
        if self._last is not None:
            written.pts = max(written.pts, self._last + 1)
        self._last = written.pts
        self._container.mux(self._pictures.encode(written))

    def pass_sound(self, packet: AnyPacket) -> None:
        """Add what a packet of sound holds; an empty one ends its stream."""
        for one in self._sounds[packet.stream.index].packets(packet):
            self._container.mux(one)

    def finish(self) -> None:
        """Write the pictures that the encoder still holds."""
        self._container.mux(self._pictures.encode(None))


@contextmanager
def create_mp4(target: Path, source: Source, first: VideoFrame) -> Iterator[Mp4]:
    """Write an MP4 file whose index comes first, so that it plays while it loads.

    Whatever goes wrong, half a file is never left.

    Raises:
        UndecodableVideo: FFmpeg does not write what the source's head or sound says.
    """
    try:
        with av.open(str(target), "w", "mp4", options={"movflags": "faststart"}) as container:
            mp4 = Mp4(container, source, first)
            yield mp4
            mp4.finish()
    except BaseException as error:
        target.unlink(missing_ok=True)
        if isinstance(error, av.InvalidDataError | av.ArgumentError):
            raise UndecodableVideo(
                "The video or its sound cannot be written as MP4; one that is whole was expected."
            ) from error
        raise


class _Sound:
    """One stream of sound on its way, as it is or as AAC."""

    def __init__(self, container: OutputContainer, source: AudioStream, start: Fraction) -> None:
        self._start = start
        self._copies = source.codec_context.codec.canonical_name in COPIED_SOUND
        if self._copies:
            self._stream = container.add_stream_from_template(source)
        else:
            rate = source.rate if source.rate in AAC_RATES else 48_000
            layout = "mono" if source.channels == 1 else "stereo"
            self._stream = container.add_stream("aac", rate, layout=layout)
        self._last: Fraction | None = None
        self._samples: int | None = None

    def packets(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        """What to write for a packet of the source; an empty one ends the stream."""
        for one in self._copied(packet) if self._copies else self._encoded(packet):
            # A time that does not go on would end the whole file; the ear misses 50 ms at most.
            if one.dts is not None and (self._last is None or one.dts * one.time_base > self._last):
                self._last = one.dts * one.time_base
                one.stream = self._stream
                yield one

    def _copied(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        if packet.dts is not None:
            shift = round(self._start / packet.time_base)
            packet.dts -= shift
            packet.pts = packet.dts if packet.pts is None else packet.pts - shift
            yield packet

    def _encoded(self, packet: AnyPacket) -> Iterator[AnyPacket]:
        for frame in decoded(packet):
            assert isinstance(frame, AudioFrame)
            self._place(frame)
            yield from self._stream.encode(frame)
        if not packet.size:
            yield from self._stream.encode(None)

    def _place(self, frame: AudioFrame) -> None:
        """Count time in samples, for containers may count in steps too coarse for the encoder."""
        rate = frame.sample_rate
        place = self._samples
        if frame.pts is not None and frame.time_base:
            told = round((frame.pts * frame.time_base - self._start) * rate)
            place = told if place is None or abs(told - place) > rate // 10 else place
        frame.pts, frame.time_base = place or 0, Fraction(1, rate)
        self._samples = frame.pts + frame.samples


def _rate(source: Source) -> Fraction:
    """The frame rate that the encoder plans with; frames keep their own times."""
    rate = source.pictures.guessed_rate or Fraction(25)
    return min(max(rate, Fraction(1)), Fraction(240))


def _time_base(source: Fraction | None) -> Fraction:
    """The source's own where MP4 and the encoder hold it, so that times stay exact."""
    if source and source.numerator == 1 and 1000 <= source.denominator <= 1_000_000:
        return source
    return Fraction(1, TICKS)


def _colorspace(frame: VideoFrame) -> int:
    """The matrix between RGB and YUV, the same in and out; frames in RGB have none."""
    return Colorspace.ITU601 if frame.format.is_rgb else frame.colorspace
