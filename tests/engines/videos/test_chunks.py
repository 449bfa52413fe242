"""Videos looked at chunk by chunk are hidden as if they were looked at as a whole."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import orjson
import pytest

from engines import anonymize
from engines.anonymization.sighting import Kind, Sighting, boxed
from engines.core.shapes import Box, Pixels
from engines.videos import chunks, video_sightings
from engines.videos.anonymize_video import FRAMES, VIDEO, anonymize_video
from engines.videos.chunk import Chunk
from engines.videos.reading import Source
from engines.videos.video_chunks import Params, video_chunks
from tests.engines.videos.films import film, frames, picture, pixels

LENGTH, GROUP = 90, 20
DROPOUT = range(38, 43)
CUT = 64
GIVEN = anonymize.Params(method="blacken")

Look = Callable[..., list[Sighting]]


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_FRAMES", GROUP)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each look was a glance; it sees the white square, unless the corner is black."""
    glances = list[bool]()

    def look(image: Pixels, *_: Any, is_glance: bool) -> list[Sighting]:
        glances.append(is_glance)
        x, y, width, height = cv2.boundingRect((image[..., 0] > 200).astype(np.uint8))
        if not width or image[-8:, :8].mean() < 45:
            return []
        return [boxed(Kind.FACE, Box(x, y, x + width, y + height), 0.9, "drawn")]

    monkeypatch.setattr(anonymize, "sightings", look)
    return glances


@pytest.fixture(params=[".mp4", ".ts", ".mkv"])
def source(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A square that crosses three seams, missed around the second, with a cut behind the third."""
    shown = [picture(number // 2) for number in range(LENGTH)]
    for number in DROPOUT:
        shown[number][-8:, :8] = 0
    shown[CUT:] = [np.full_like(shown[0], (0, 0, 160))] * (LENGTH - CUT)
    times = [40 * number for number in range(LENGTH)]
    return film(tmp_path / f"in{request.param}", shown, times, gop_size=GROUP)


def cut(source: Path) -> list[Chunk]:
    return video_chunks(source, params=Params()).chunks


def look_at(source: Path, folder: Path, chunk: Chunk) -> list[int]:
    """Look at a chunk, in as many turns as it takes; the frames of each."""
    turns, rest = list[int](), cast(Chunk | None, chunk)
    while rest:
        params = video_sightings.Params(**GIVEN.model_dump(), chunk=rest)
        turn = video_sightings.video_sightings(source, folder, params=params)
        turns.append(turn.frames)
        rest = turn.rest
    return turns


def hidden(source: Path, folder: Path) -> tuple[bytes, list[tuple[int | None, bool]]]:
    """The lines of a video's frames; of each frame the time, and whether the square shows."""
    folder.mkdir(exist_ok=True)
    anonymize_video(source, folder, params=GIVEN)
    # The video's bytes are not compared: x264 does not always find the same ones.
    shown = [(one.pts, bool((pixels(one) > 180).any())) for one in frames(folder / VIDEO)]
    return (folder / FRAMES).read_bytes(), shown


def test_chunks_follow_on_one_another(source: Path) -> None:
    found = cut(source)
    assert len(found) > 3
    assert found[0].first == 0
    assert all(one.first + one.frames == two.first for one, two in pairwise(found))
    assert all(one.end == two.start for one, two in pairwise(found))
    assert sum(one.frames for one in found) == LENGTH
    assert found[-1].end is None


def test_what_is_seen_in_chunks_is_hidden_as_in_the_whole(
    source: Path, tmp_path: Path, looked: list[bool]
) -> None:
    whole = hidden(source, tmp_path / "whole")
    glances, looked[:] = [*looked], []
    for chunk in reversed(cut(source)):
        assert look_at(source, tmp_path, chunk) == [chunk.frames]
    assert sorted(looked) == sorted(glances)
    looked.clear()
    assert hidden(source, tmp_path) == whole
    assert not looked


def test_what_is_seen_in_short_turns_is_hidden_as_in_the_whole(
    source: Path, tmp_path: Path, looked: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = hidden(source, tmp_path / "whole")
    monkeypatch.setattr(video_sightings, "TURN_SECONDS", 0)
    for chunk in cut(source):
        assert look_at(source, tmp_path, chunk) == [1] * chunk.frames
    looked.clear()
    assert hidden(source, tmp_path) == whole
    assert not looked


def test_what_crosses_a_seam_is_hidden_in_every_frame_up_to_the_cut(
    source: Path, tmp_path: Path, looked: list[bool]
) -> None:
    for chunk in cut(source):
        look_at(source, tmp_path, chunk)
    lines, shown = hidden(source, tmp_path)
    assert not any(is_seen for _, is_seen in shown)
    assert len(shown) == LENGTH
    objects = [orjson.loads(line)["objects"] for line in lines.splitlines()]
    assert [len(one) for one in objects] == [1] * CUT + [0] * (LENGTH - CUT)
    assert {one[0]["number"] for one in objects[:CUT]} == {0}


def test_what_no_chunk_has_seen_is_looked_at_while_it_is_hidden(
    source: Path, tmp_path: Path, looked: list[bool]
) -> None:
    whole = hidden(source, tmp_path / "whole")
    first, missing, *others = cut(source)
    for chunk in (first, *others):
        look_at(source, tmp_path, chunk)
    looked.clear()
    assert hidden(source, tmp_path) == whole
    assert len(looked) == missing.frames


def test_pictures_that_a_decoder_builds_up_slowly_are_looked_at_once_more(
    tmp_path: Path, looked: list[bool]
) -> None:
    noise = np.random.default_rng(1).integers(0, 90, (96, 160, 3), np.uint8)
    shown = [np.maximum(picture(number // 2), noise) for number in range(LENGTH)]
    times = [40 * number for number in range(LENGTH)]
    refreshing = {"x264-params": f"intra-refresh=1:keyint={GROUP}"}
    source = film(tmp_path / "in.mp4", shown, times, options=refreshing)
    whole = hidden(source, tmp_path / "whole")
    for chunk in cut(source):
        look_at(source, tmp_path, chunk)
    looked.clear()
    assert hidden(source, tmp_path) == whole
    assert 0 < len(looked) < LENGTH


def test_what_was_seen_in_other_pictures_is_not_believed(
    source: Path, tmp_path: Path, looked: list[bool]
) -> None:
    whole = hidden(source, tmp_path / "whole")
    other = film(
        tmp_path / f"other{source.suffix}",
        [np.full((96, 160, 3), 60, np.uint8)] * LENGTH,
        [40 * number for number in range(LENGTH)],
        gop_size=GROUP,
    )
    for chunk in cut(other):
        look_at(other, tmp_path, chunk)
    assert hidden(source, tmp_path) == whole


def test_frames_whose_times_go_back_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = film(tmp_path / "in.mkv", [picture(0)] * 5)
    shown = frames(source)
    for frame, time in zip(shown, [9, 10, 50, 11, 51], strict=True):
        frame.pts = time
    monkeypatch.setattr(Source, "frames_from", lambda *_: iter(shown))
    chunk = Chunk(first=0, frames=5, start=10, end=None)
    assert [time for time, _ in chunks.frames_of(source, chunk)] == [10, 50, 51]


def test_a_short_video_is_one_chunk(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mp4", [picture(0)] * (GROUP - 1), gop_size=5)
    assert len(cut(source)) == 1


def test_a_video_whose_frames_have_no_places_is_not_cut(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Source, "place", lambda *_: None)
    assert cut(source) == []


def test_a_container_without_times_is_cut_where_it_decodes(
    tmp_path: Path, looked: list[bool]
) -> None:
    shown = [picture(number // 2) for number in range(LENGTH)]
    times = [40 * number for number in range(LENGTH)]
    source = film(tmp_path / "in.avi", shown, times, gop_size=GROUP, max_b_frames=2)
    whole = hidden(source, tmp_path / "whole")
    for chunk in cut(source):
        look_at(source, tmp_path, chunk)
    looked.clear()
    assert hidden(source, tmp_path) == whole
    assert len(looked) < LENGTH / 4
