"""Whole videos: what was seen is hidden in each frame, and the rest is as it was."""

from pathlib import Path

import numpy as np
import pytest

from engines.core.errors import UndecodableVideo
from tests.engines.videos.films import COUNT, film, frames, out, picture, pixels, place, run


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return film(tmp_path / "in.mkv", [picture(number) for number in range(COUNT)])


def test_every_frame_is_covered_in_dropouts_too(source: Path) -> None:
    run(source, {*range(10, 15), *range(25, 30)})
    shown = frames(out(source))
    assert len(shown) == COUNT
    for number, frame in enumerate(shown):
        left, top, right, bottom = place(number)
        region = pixels(frame)[top:bottom, left:right]
        assert (region.max(axis=2) < 60).mean() >= 0.98, number


def test_what_is_not_hidden_stays_as_it_was(source: Path) -> None:
    run(source)
    for frame in frames(out(source)):
        assert np.abs(pixels(frame)[70:].astype(int) - 90).max() <= 3


def test_nothing_is_carried_over_a_cut(tmp_path: Path) -> None:
    red = np.full((96, 160, 3), (0, 0, 250), np.uint8)
    scenes = [picture(number) if number < 20 else red for number in range(COUNT)]
    _, hidden = run(film(tmp_path / "in.mkv", scenes), set(range(20, COUNT)))
    assert all(frame.sightings for frame in hidden[:20])
    assert not any(frame.sightings for frame in hidden[20:])


def test_variable_times_are_kept(tmp_path: Path) -> None:
    times = [0, 40, 55, 200, 210, 400, 1000]
    source = film(tmp_path / "in.mkv", [picture(number) for number in range(7)], times)
    run(source)
    assert [round(1000 * (frame.time or 0)) for frame in frames(out(source))] == times


def test_odd_sides_become_even(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mkv", [picture(0, 97, 161)] * 3)
    run(source)
    assert {(frame.height, frame.width) for frame in frames(out(source))} == {(98, 162)}


@pytest.mark.parametrize("data", [b"no video", b"", b"#EXTM3U\n#EXTINF:1,\n/etc/hosts\n"])
def test_what_is_no_video_is_refused(tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(data)
    with pytest.raises(UndecodableVideo, match="no video"):
        run(source)
    assert not out(source).exists()
