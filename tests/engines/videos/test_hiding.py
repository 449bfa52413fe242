"""Whole videos: what was seen is hidden in each frame, and the rest is as it was."""

import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from engines.anonymization.sighting import Kind, Sighting
from engines.core.errors import UndecodableVideo, VideosUnavailable
from engines.core.shapes import Pixels
from engines.videos.summary import HiddenThing
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


@pytest.mark.parametrize("error", [UndecodableVideo("x"), MemoryError(), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["sight", "hide", "report"])
def test_half_a_video_is_never_left(source: Path, step: str, error: BaseException) -> None:
    with pytest.raises(type(error)):
        run(source, **{step: Mock(side_effect=error)})
    assert not out(source).exists()


def test_what_is_seen_is_hidden_as_it_is_and_told_of_once(source: Path) -> None:
    shown: list[list[Sighting]] = []

    def hide(image: Pixels, sightings: list[Sighting]) -> Pixels:
        shown.append(sightings)
        return image

    _, hidden = run(source, hide=hide)
    assert all(sightings[0].box == place(n) for n, sightings in enumerate(shown))
    assert [len(frame.sightings) for frame in hidden] == [1] * COUNT


def test_what_is_told_of_a_frame_lies_in_the_picture(tmp_path: Path) -> None:
    source = film(tmp_path / "in.mkv", [picture(n) for n in range(70)], [40 * n for n in range(70)])
    _, hidden = run(source)
    for frame in hidden:
        for one in frame.sightings.values():
            assert 0 <= one.box.left < one.box.right <= 160
            assert one.outline.min() >= 0
            assert (one.outline < (160, 96)).all()


def test_progress_rises_to_the_end(source: Path) -> None:
    shares: list[float] = []
    run(source, report=shares.append)
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.1
    assert 0.4 < shares[len(shares) // 2] < 0.6
    assert shares[-1] == 1


def test_the_summary_has_one_entry_for_each_thing(source: Path) -> None:
    summary, _ = run(source, {*range(7), 20, *range(30, 40)})
    assert (summary.width, summary.height, summary.frames) == (160, 96, COUNT)
    assert summary.seconds == pytest.approx(1.56)
    assert list(summary.things.values()) == [HiddenThing(Kind.FACE, "script", 0.9, 2, 34)]


def test_without_pyav_a_sentence_says_what_to_install(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.videos.pyav.find_spec", lambda _: None)
    with pytest.raises(VideosUnavailable, match=r"pip install 'pixelgate\[video\]'"):
        run(source)


def test_what_anonymizes_can_be_imported_without_pyav() -> None:
    code = "import sys; sys.modules['av'] = None; import engines.videos.hiding"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("data", [b"no video", b"", b"#EXTM3U\n#EXTINF:1,\n/etc/hosts\n"])
def test_what_is_no_video_is_refused(tmp_path: Path, data: bytes) -> None:
    source = tmp_path / "in.mp4"
    source.write_bytes(data)
    with pytest.raises(UndecodableVideo, match="no video"):
        run(source)
    assert not out(source).exists()
