"""The engine of videos: real detectors, and a line for each frame."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest
import skimage

from engines.anonymize import Params
from engines.core.errors import UndecodableVideo
from engines.core.shapes import Pixels
from engines.videos.anonymize_video import FRAMES, INDEX, OFFSET, VIDEO, anonymize_video
from tests.engines.videos.films import film, frames, pixels

COUNT = 6
GIVEN = {"person": False, "vehicle": False, "license_plate": False, "method": "blacken"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face that moves to the right by 4 px a frame; 320 × 240."""
    face = np.asarray(skimage.data.astronaut()[:240, 110:350, ::-1])  # type: ignore[no-untyped-call]

    def shown(number: int) -> Pixels:
        canvas = np.full((240, 320, 3), 110, np.uint8)
        canvas[:, 4 * number : 4 * number + 240] = face
        return canvas

    return film(tmp_path_factory.mktemp("video") / "in.mkv", [shown(one) for one in range(COUNT)])


@pytest.fixture(scope="module")
def done(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("done")
    anonymize_video(source, folder, params=Params(**GIVEN))
    return folder


def lines(folder: Path) -> Iterator[bytes]:
    """The frames' lines, by the index."""
    text = (folder / FRAMES).read_bytes()
    offsets = [one for (one,) in OFFSET.iter_unpack((folder / INDEX).read_bytes())]
    for start, end in pairwise(offsets):
        yield text[start:end]


def test_the_face_is_black_in_every_frame(done: Path) -> None:
    shown = frames(done / VIDEO)
    assert len(shown) == COUNT
    for number, frame in enumerate(shown):
        face = pixels(frame)[70:150, 90 + 4 * number : 140 + 4 * number]
        assert face.max() < 40


def test_a_line_tells_what_is_hidden_in_its_frame(done: Path) -> None:
    told = [orjson.loads(line) for line in lines(done)]
    assert [one["number"] for one in told] == [*range(COUNT)]
    assert {len(one["objects"]) for one in told} == {1}
    assert {one["objects"][0]["number"] for one in told} == {told[0]["objects"][0]["number"]}
    for number, one in enumerate(told):
        left, _, right, _ = one["objects"][0]["box"]
        assert left < 80 + 4 * number
        assert right > 150 + 4 * number


def test_the_result_counts_what_was_followed(source: Path, tmp_path: Path) -> None:
    result = anonymize_video(source, tmp_path, params=Params(**GIVEN))
    assert result.size == (320, 240)
    assert result.frames == COUNT
    assert result.found == {"face": 1}


def test_a_face_that_only_a_thorough_look_sees_is_hidden_in_between(tmp_path: Path) -> None:
    face = np.asarray(skimage.data.astronaut()[:240, 110:350, ::-1])  # type: ignore[no-untyped-call]
    lying = np.full((240, 320, 3), 110, np.uint8)
    lying[:, 40:280] = np.rot90(face)
    source = film(tmp_path / "in.mkv", [lying] * 12)
    anonymize_video(source, tmp_path, params=Params(**GIVEN))
    told = [orjson.loads(line)["objects"] for line in lines(tmp_path)]
    assert [len(objects) for objects in told] == [1] * 12


def test_debug_frames_what_is_hidden_in_each_frame(
    source: Path, done: Path, tmp_path: Path
) -> None:
    anonymize_video(source, tmp_path, params=Params(**GIVEN, debug=True))
    assert [*lines(tmp_path)] == [*lines(done)]
    for frame, line in zip(frames(tmp_path / VIDEO), lines(done), strict=True):
        left, top, right, bottom = orjson.loads(line)["objects"][0]["box"]
        shown = pixels(frame)
        middle = (top + bottom) // 2
        assert shown[middle, left : left + 8].max() > 120
        assert shown[middle, left + 12 : right - 12].max() < 40


def test_scores_are_drawn_on_request(source: Path, tmp_path: Path) -> None:
    shown = {}
    for score in (False, True):
        anonymize_video(source, tmp_path, params=Params(**GIVEN, debug=True, score=score))
        shown[score] = pixels(frames(tmp_path / VIDEO)[0])
    changed = np.abs(shown[True].astype(int) - shown[False]).max(axis=2) > 60
    assert 20 < changed.sum() < 3000


def test_detect_leaves_no_video(source: Path, tmp_path: Path) -> None:
    anonymize_video(source, tmp_path, params=Params(**GIVEN | {"method": "detect"}))
    assert not (tmp_path / VIDEO).exists()
    assert b'"face"' in (tmp_path / FRAMES).read_bytes()


def test_a_region_of_the_caller_is_hidden_in_every_frame(source: Path, tmp_path: Path) -> None:
    corner = ((280, 0), (319, 0), (319, 39), (280, 39))
    anonymize_video(source, tmp_path, params=Params(**GIVEN | {"face": False, "regions": [corner]}))
    for frame in frames(tmp_path / VIDEO):
        assert pixels(frame)[4:34, 286:316].max() < 40
        assert pixels(frame)[100, 5:300].max() > 60


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("notes")
    with pytest.raises(UndecodableVideo):
        anonymize_video(text, tmp_path, params=Params(**GIVEN))
    assert not (tmp_path / VIDEO).exists()
