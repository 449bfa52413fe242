"""Videos made of one known square that moves, and a scripted detector that knows where."""

from collections.abc import Collection, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from engines.anonymization.sighting import Kind, Sighting, boxed
from engines.core.shapes import Box, Pixels
from engines.videos.hiding import hide_in_video
from engines.videos.sighted import Sight
from engines.videos.summary import HiddenFrame, VideoSummary

COUNT = 40
STEADY = [40 * number for number in range(COUNT)]
"""The milliseconds of a video of 25 frames a second."""


def place(number: int) -> Box:
    """Where the square is in a frame."""
    return Box(20 + 2 * number, 30, 52 + 2 * number, 62)


def picture(number: int, height: int = 96, width: int = 160) -> Pixels:
    """Grey with the white square."""
    image = np.full((height, width, 3), 90, np.uint8)
    left, top, right, bottom = place(number)
    image[top:bottom, left:right] = 255
    return image


def film(
    path: Path,
    pictures: Sequence[Pixels],
    times: Sequence[int] = STEADY,
    matrix: Sequence[int] | None = None,
    **codec: Any,
) -> Path:
    """A video without loss (or H.264 in MP4) of pictures shown from those milliseconds on."""
    options = {"movflags": "faststart"} if path.suffix == ".mp4" else {}
    with av.open(str(path), "w", options=options) as writer:
        stream = writer.add_stream("ffv1" if path.suffix in {".mkv", ".nut"} else "libx264")
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv444p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for name, value in codec.items():
            setattr(stream.codec_context, name, value)
        if matrix:
            stream.set_display_matrix(matrix)
        for image, time in zip(pictures, times, strict=False):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame = frame.reformat(
                format=stream.pix_fmt,
                dst_colorspace=stream.codec_context.colorspace,
                dst_color_range=stream.codec_context.color_range,
            )
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return path


def with_sound(path: Path, codecs: list[str], start: float = 0, rate: int = 48_000) -> Path:
    """The moving square for 1.6 s, and streams of a tone that begins with it."""
    images = film(path.with_name("silent.mkv"), [picture(number) for number in range(COUNT)])
    with av.open(str(images)) as reader, av.open(str(path), "w") as writer:
        video = writer.add_stream("libx264", 25, width=160, height=96, pix_fmt="yuv420p")
        sounds = [writer.add_stream(codec, rate, layout="mono") for codec in codecs]
        for frame in reader.decode(video=0):
            frame.pts = round(1000 * (start + (frame.time or 0)))  # FFV1 counts milliseconds
            writer.mux(video.encode(frame))
        writer.mux(video.encode(None))
        wave = np.sin(np.arange(rate * 8 // 5) * 2 * np.pi * 440 / rate).astype(np.float32) / 2
        for sound in sounds:
            assert isinstance(sound, av.AudioStream)
            for begin in range(0, len(wave), 960):
                part = av.AudioFrame.from_ndarray(wave[None, begin : begin + 960], "fltp", "mono")
                part.sample_rate, part.pts = rate, begin + round(rate * start)
                part.time_base = Fraction(1, rate)
                writer.mux(sound.encode(part))
            writer.mux(sound.encode(None))
    return path


def script(missed: Collection[int]) -> Sight:
    """A detector that sees the square in each frame but those."""
    numbers = iter(range(1000))

    def sight(_: Pixels, time: int | None) -> list[Sighting]:
        number = next(numbers)
        return [] if number in missed else [boxed(Kind.FACE, place(number), 0.9, "script")]

    return sight


def blacken(image: Pixels, sightings: list[Sighting]) -> Pixels:
    image = image.copy()
    for one in sightings:
        left, top, right, bottom = one.box
        image[top:bottom, left:right] = 0
    return image


def run(
    source: Path, missed: Collection[int] = (), **callables: Any
) -> tuple[VideoSummary, list[HiddenFrame]]:
    """Make a video anonymous, into `out.mp4` beside it."""
    hidden: list[HiddenFrame] = []
    parts = {"sight": script(missed), "hide": blacken, "report": lambda _: None} | callables
    summary = hide_in_video(source, out(source), record=hidden.append, **parts)
    return summary, hidden


def out(source: Path) -> Path:
    return source.with_name("out.mp4")


def frames(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as reader:
        return list(reader.decode(video=0))


def pixels(frame: av.VideoFrame) -> Pixels:
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
