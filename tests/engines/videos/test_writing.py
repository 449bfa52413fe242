"""What the MP4 has of its source: sound, turn, colours, times; and what it has not."""

from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from engines.core.shapes import Pixels
from engines.videos.turn import Turn
from tests.engines.videos.films import film, frames, out, picture, pixels, run, with_sound

QUARTER = 1 << 16
WHOLE = 1 << 30
TURNS = {
    "as it is": (1, 0, 0, 1),
    "90": (0, -1, 1, 0),
    "180": (-1, 0, 0, -1),
    "270": (0, 1, -1, 0),
    "mirrored": (-1, 0, 0, 1),
    "transposed": (0, 1, 1, 0),
}
"""x' = a x + c y, y' = b x + d y."""
UPRIGHT = {
    "as it is": picture(0),
    "90": np.rot90(picture(0), 1),
    "180": np.rot90(picture(0), 2),
    "270": np.rot90(picture(0), 3),
    "mirrored": picture(0)[:, ::-1],
    "transposed": picture(0).transpose(1, 0, 2),
}


def coded_sound(path: Path, number: int = 0) -> list[bytes]:
    with av.open(str(path)) as reader:
        return [bytes(one) for one in reader.demux(audio=number) if one.size]


def heard(path: Path, number: int = 0) -> tuple[float, float, float]:
    """From when to when there is sound, in seconds after the first frame, and its pitch in Hz."""
    with av.open(str(path)) as reader:
        parts = list(reader.decode(audio=number))
    wave = np.concatenate([part.to_ndarray().mean(0) for part in parts])
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    begin = float(parts[0].time or 0) - float(frames(path)[0].time or 0)
    return begin, begin + len(wave) / 48_000, float(spectrum.argmax()) * 48_000 / len(wave)


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("aac", ".mp4"), ("aac", ".ts"), ("mp3", ".mkv"), ("ac3", ".mkv"), ("libopus", ".mkv")],
)
def test_sound_that_mp4_holds_is_copied(tmp_path: Path, codec: str, suffix: str) -> None:
    source = with_sound(tmp_path / f"in{suffix}", [codec])
    run(source)
    before, after = coded_sound(source), coded_sound(out(source))
    # MPEG-TS has seven bytes of ADTS before each packet.
    assert after == ([one[7:] for one in before] if suffix == ".ts" else before)
    assert heard(out(source)) == pytest.approx(heard(source), abs=0.05, rel=0.001)


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("pcm_s16le", ".mkv"), ("mp2", ".mkv"), ("pcm_s24le", ".mov")],
)
def test_other_sound_becomes_aac(tmp_path: Path, codec: str, suffix: str) -> None:
    source = with_sound(tmp_path / f"in{suffix}", [codec])
    run(source)
    with av.open(str(out(source))) as reader:
        assert reader.streams.audio[0].codec_context.name == "aac"
    begin, end, pitch = heard(out(source))
    assert [begin, end] == pytest.approx([0, 1.6], abs=0.1)
    assert pitch == pytest.approx(440, abs=2)


def test_sound_has_no_gaps_where_the_source_counts_coarsely(tmp_path: Path) -> None:
    """Frames of 1,152 samples, 26.122 ms, in a container that counts milliseconds."""
    source = with_sound(tmp_path / "in.mkv", ["mp2"], rate=44_100)
    run(source)
    with av.open(str(out(source)), "r") as reader:
        times = [packet.pts or 0 for packet in reader.demux(audio=0) if packet.size]
    assert set(np.diff(times)) == {1024}


def test_all_streams_of_sound_are_kept(tmp_path: Path) -> None:
    source = with_sound(tmp_path / "in.mkv", ["aac", "pcm_s16le", "aac"])
    run(source)
    with av.open(str(out(source))) as reader:
        assert len(reader.streams.audio) == 3
    assert coded_sound(out(source), 2) == coded_sound(source, 2)


def test_sound_and_pictures_stay_together_when_the_source_begins_late(tmp_path: Path) -> None:
    source = with_sound(tmp_path / "in.ts", ["aac"], start=20)
    run(source)
    assert float(frames(out(source))[0].time or 0) == pytest.approx(0, abs=0.05)
    assert heard(out(source))[0] == pytest.approx(0, abs=0.1)


def test_a_video_without_sound_stays_silent(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", [picture(0)] * 3)
    run(source)
    with av.open(str(out(source))) as reader:
        assert [stream.type for stream in reader.streams] == ["video"]


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_video_is_seen_upright_and_stays_turned(tmp_path: Path, turn: str) -> None:
    a, b, c, d = TURNS[turn]
    matrix = [a * QUARTER, b * QUARTER, 0, c * QUARTER, d * QUARTER, 0, 0, 0, WHOLE]
    source = film(tmp_path / "in.mp4", [picture(0)] * 3, matrix=matrix)
    sight = Mock(return_value=[])
    summary, _ = run(source, sight=sight)
    seen = sight.call_args.args[0]
    assert difference(seen, UPRIGHT[turn]) < 2
    assert (summary.height, summary.width) == seen.shape[:2]
    shown = frames(out(source))[0]
    assert difference(pixels(shown), picture(0)) < 2
    assert (Turn(shown).matrix or matrix)[:5] == matrix[:5]


def difference(one: Pixels, other: Pixels) -> float:
    assert one.shape == other.shape
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("colours", ["bt709", "full range", "rgb", "ten bits"])
def test_colours_stay(tmp_path: Path, colours: str) -> None:
    image = np.zeros((96, 160, 3), np.uint8)
    image[:, ::] = np.repeat([(200, 60, 30), (30, 160, 80), (90, 90, 220), (9, 9, 9)], 40, axis=0)
    codecs: dict[str, dict[str, Any]] = {
        "bt709": {"pix_fmt": "yuv420p", "colorspace": Colorspace.ITU709},
        "full range": {"pix_fmt": "yuv420p", "color_range": ColorRange.JPEG},
        "rgb": {"pix_fmt": "bgr0"},
        "ten bits": {"pix_fmt": "yuv420p10le"},
    }
    source = film(tmp_path / "in.mkv", [image] * 3, **codecs[colours])
    run(source, sight=lambda *_: [])
    assert difference(pixels(frames(out(source))[0]), pixels(frames(source)[0])) < 2


def test_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", [picture(0)] * 3, sample_aspect_ratio=Fraction(16, 11))
    run(source)
    with av.open(str(out(source))) as reader:
        assert reader.streams.video[0].sample_aspect_ratio == Fraction(16, 11)


def test_the_index_comes_before_the_pictures(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mkv", [picture(0)] * 3)
    run(source)
    data = out(source).read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")
    with av.open(str(out(source))) as reader:
        codec = reader.streams.video[0].codec_context
        assert (codec.name, codec.pix_fmt) == ("h264", "yuv420p")


def test_what_says_where_and_with_what_a_video_was_taken_is_left_out(tmp_path: Path) -> None:
    source = with_sound(tmp_path / "in.mov", ["aac"])
    tagged = tmp_path / "tagged.mov"
    with av.open(str(source)) as reader, av.open(str(tagged), "w") as writer:
        streams = {one.index: writer.add_stream_from_template(one) for one in reader.streams}
        writer.metadata.update(location="+48.2082+016.3738/", artist="A. Nonymous")
        for stream in streams.values():
            stream.metadata.update(handler_name="Serial 4711")
        for packet in reader.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                writer.mux(packet)
    run(tagged)
    assert b"+48.2082" in tagged.read_bytes()
    assert b"4711" in tagged.read_bytes()
    for said in (b"+48.2082", b"Nonymous", b"4711"):
        assert said not in out(tagged).read_bytes()
