"""Files that are damaged, hostile or no videos: refused in words, and nothing else is opened."""

import struct
import threading
import zlib
from collections.abc import Iterator
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
from av.stream import Disposition

from engines.core.errors import TruncatedVideo, UndecodableVideo, VideoTooLarge
from engines.videos import reading
from engines.videos.reading import decoded, first_frame, open_video
from tests.engines.videos.films import COUNT, film, frames, out, picture, pixels, run, with_sound


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return film(tmp_path / "secret.ts", [picture(0)] * COUNT)


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The paths that were asked for at a server on this machine; its address comes first."""
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        paths.append(f"http://127.0.0.1:{server.server_port}")
        yield paths
        server.shutdown()
        thread.join()


PLAYLISTS = {
    "hls of an address": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/a.ts\n"
    "#EXT-X-ENDLIST\n",
    "hls of a file": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{file}\n#EXT-X-ENDLIST\n",
    "endless hls": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/a.ts\n" * 1000,
    "concat": "ffconcat version 1.0\nfile 'secret.ts'\n",
    "concat of a part": "ffconcat version 1.0\nfile 'subfile,,start,0,end,9,,:{file}'\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
    "<Period><AdaptationSet><BaseURL>{url}/</BaseURL></AdaptationSet></Period></MPD>",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("suffix", [".mp4", ".m3u8"])
def test_a_playlist_opens_nothing(
    tmp_path: Path, secret: Path, asked: list[str], kind: str, suffix: str
) -> None:
    source = tmp_path / f"in{suffix}"
    source.write_text(PLAYLISTS[kind].format(url=asked[0], file=secret))
    with pytest.raises(UndecodableVideo, match="no video"):
        run(source)
    assert asked[1:] == []


def test_the_server_of_the_playlists_would_have_been_asked(
    tmp_path: Path, asked: list[str]
) -> None:
    source = tmp_path / "in.m3u8"
    source.write_text(PLAYLISTS["hls of an address"].format(url=asked[0]))
    with pytest.raises(av.FFmpegError):
        av.open(str(source), options={"protocol_whitelist": "file,http,tcp"})
    assert asked[1:] == ["/a.ts"]


def outside(movie: Path, data: Path) -> bytes:
    """The movie, with its samples in another file, named by an alias (QuickTime File Format)."""
    names = f"v{data}".encode()
    name = data.name.encode()
    alias = bytes(10) + bytes([1]) + b"v".ljust(27) + bytes(12) + bytes([len(name)])
    alias += name.ljust(63) + bytes(16) + struct.pack(">hh", -1, -1) + bytes(16)
    alias += struct.pack(">hh", 2, len(names)) + names + bytes(len(names) % 2)
    alias += struct.pack(">hh", -1, 0)
    record = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    whole = movie.read_bytes()
    place = whole.find(b"url \x00\x00\x00\x01") - 4
    grown = whole[:place] + record + whole[place + 12 :]
    for box in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        at = grown.find(box) - 4
        size = struct.unpack_from(">I", grown, at)[0] + len(record) - 12
        grown = grown[:at] + struct.pack(">I", size) + grown[at + 4 :]
    return grown[: grown.find(b"mdat") - 4]


def test_a_movie_does_not_lead_to_another_file(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mp4", [picture(0)] * 3)
    source = tmp_path / "in.mov"
    source.write_bytes(outside(whole, whole))
    allowed = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(source), "r", options=allowed) as reader:
        assert len(list(reader.decode(video=0))) == 3
    with pytest.raises(UndecodableVideo):
        run(source)


@pytest.mark.parametrize("name", ["subfile,,start,0,end,9,,:in.mp4", "concat:in.mp4", "-i.mp4"])
def test_a_name_like_a_protocol_is_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    film(tmp_path / "in.mp4", [picture(0)] * 3).rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert first_frame(Path(name)).width == 160


@pytest.mark.parametrize(("suffix", "share"), [(".mp4", 0.8), (".mkv", 0.3)])
def test_a_truncated_video_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    source = film(tmp_path / f"in{suffix}", [picture(n) for n in range(COUNT)])
    data = source.read_bytes()
    source.write_bytes(data[: round(share * len(data))])
    with pytest.raises(UndecodableVideo, match=r"ends early|is damaged"):
        run(source)
    assert not out(source).exists()


def test_a_video_that_announces_more_frames_is_refused(tmp_path: Path) -> None:
    """Samples of size 0 are skipped, as are those behind the file's end."""
    source = film(tmp_path / "in.mp4", [picture(n) for n in range(COUNT)])
    data = bytearray(source.read_bytes())
    place = data.find(b"stsz") + 12
    assert struct.unpack_from(">I", data, place) == (COUNT,)
    data[place + 4 + 4 * 30 : place + 4 + 4 * COUNT] = bytes(4 * (COUNT - 30))
    source.write_bytes(data)
    with pytest.raises(TruncatedVideo, match="30 of its 40 frames"):
        run(source)
    assert not out(source).exists()


def test_a_video_without_frames_is_refused(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", [picture(0)])
    data = source.read_bytes()
    source.write_bytes(data.replace(b"stsz", b"free").replace(b"stco", b"free"))
    with pytest.raises(UndecodableVideo, match=r"no frame|no video"):
        run(source)


def test_too_many_pixels_are_refused_before_they_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = film(tmp_path / "in.mp4", [picture(0)] * 3)
    monkeypatch.setattr(reading, "MAX_PIXELS", 160 * 96 - 1)
    with pytest.raises(VideoTooLarge, match="160 x 96 px"):
        run(source)


def test_a_packet_may_not_hold_more_pixels_than_the_head_says(tmp_path: Path) -> None:
    """16,000 x 16,000 px in PNG, of which decoding alone would take a gigabyte."""
    source = tmp_path / "in.mov"
    with av.open(str(source), "w") as writer:
        stream = writer.add_stream("png", 25, width=64, height=64, pix_fmt="rgb24")
        assert isinstance(stream, av.VideoStream)
        writer.mux(stream.encode(av.VideoFrame(64, 64, "rgb24")))
        writer.mux(stream.encode(None))
    data = bytearray(source.read_bytes())
    head = data.find(b"IHDR")
    struct.pack_into(">II", data, head + 4, 16000, 16000)
    struct.pack_into(">I", data, head + 17, zlib.crc32(data[head : head + 17]))
    source.write_bytes(data)
    with pytest.raises(UndecodableVideo, match="too large"):
        run(source)


def test_a_video_that_changes_its_size_is_refused(tmp_path: Path) -> None:
    parts = [
        film(tmp_path / f"{width}.h264", [picture(0, 96, width)] * 3).read_bytes()
        for width in (160, 192)
    ]
    source = tmp_path / "in.mkv"
    raw = BytesIO(b"".join(parts))
    with av.open(raw, "r", format="h264") as reader, av.open(str(source), "w") as writer:
        stream = writer.add_stream_from_template(reader.streams.video[0])
        for number, packet in enumerate(reader.demux()):
            if packet.size:
                packet.pts = packet.dts = 40 * number
                packet.time_base, packet.stream = Fraction(1, 1000), stream
                writer.mux(packet)
    with pytest.raises(UndecodableVideo, match="192 x 96 px after 160 x 96 px"):
        run(source)


def test_times_that_run_back_are_refused(tmp_path: Path) -> None:
    source = film(tmp_path / "in.nut", [picture(0)] * 3, [0, 5000, 5040])
    with open_video(source) as video:
        frames = [frame for packet in video.packets() for frame in decoded(packet)]
        with pytest.raises(UndecodableVideo, match=r"at 0\.0 s follows one at 5\.0 s"):
            [video.time(frame) for frame in frames[1::-1]]


def test_times_beyond_all_measure_are_refused(tmp_path: Path) -> None:
    source = film(tmp_path / "in.nut", [picture(0)] * 3, [0, 40, 2**50])
    with pytest.raises(UndecodableVideo, match="times that go on"):
        run(source)


def test_the_cover_of_an_album_is_no_video(tmp_path: Path) -> None:
    source = tmp_path / "in.mp4"
    with av.open(str(source), "w") as writer:
        sound = writer.add_stream("aac", 48000, layout="mono")
        cover = writer.add_stream("png", 1, width=64, height=64, pix_fmt="rgb24")
        assert isinstance(sound, av.AudioStream)
        assert isinstance(cover, av.VideoStream)
        cover.disposition = Disposition.attached_pic
        writer.mux(cover.encode(av.VideoFrame(64, 64, "rgb24")))
        writer.mux(cover.encode(None))
    with pytest.raises(UndecodableVideo, match="no moving pictures"):
        run(source)


def test_words_in_no_known_script_are_no_harm(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", [picture(0)] * 3)
    data = source.read_bytes()
    assert b"VideoHandler" in data
    source.write_bytes(data.replace(b"VideoHandler", b"Video\xff\xfendler"))
    assert run(source)[0].frames == 3


def test_a_damaged_frame_is_black(tmp_path: Path) -> None:
    noise = np.random.default_rng(3).integers(0, 90, (96, 160, 3), np.uint8)
    pictures = [np.roll(noise, number, axis=1) for number in range(COUNT)]
    source = film(tmp_path / "in.mp4", pictures, pix_fmt="yuv420p")
    data = bytearray(source.read_bytes())
    with av.open(str(source), "r") as reader:
        place = reader.streams.video[0].index_entries[20].pos
    data[place + 30 : place + 38] = b"\xaa" * 8
    source.write_bytes(data)
    summary, hidden = run(source, range(COUNT))
    (number,) = (frame.number for frame in hidden if frame.is_covered)
    assert summary.covered == 1
    assert pixels(frames(out(source))[number]).max() < 10


def test_damaged_sound_is_refused_in_words(tmp_path: Path) -> None:
    source = with_sound(tmp_path / "in.ts", ["aac"])
    data = bytearray(source.read_bytes())
    heads = [at for at in range(len(data) - 1) if data[at : at + 2] == b"\xff\xf1"]
    for at in heads[5:]:
        data[at : at + 2] = b"\0\0"
    source.write_bytes(data)
    with pytest.raises(UndecodableVideo):
        run(source)
    assert not out(source).exists()
