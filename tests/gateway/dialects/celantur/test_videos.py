"""Videos uploaded, hidden, fetched, and told of frame by frame."""

from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
import skimage

from tests.engines.videos.films import film
from tests.gateway.dialects.celantur.conftest import PUBLIC_URL
from tests.gateway.dialects.celantur.pictures import ASYNC, FILE, TASK, encoded, ended, sent

FRAMES = 5


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A face that stands still; 320 × 240."""
    shown = np.full((240, 320, 3), 110, np.uint8)
    shown[:, 40:280] = skimage.data.astronaut()[:240, 110:350, ::-1]  # type: ignore[no-untyped-call]
    return film(tmp_path_factory.mktemp("sent") / "in.mp4", [shown] * FRAMES).read_bytes()


@pytest.fixture(scope="module")
def done(ada: httpx.Client, video: bytes) -> str:
    """The id of a video's task."""
    given: dict[str, Any] = {"face": True, "method": "blacken"}
    answer = ada.post(FILE, params=given, files=sent(video, "street.mp4"))
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


def test_links_lead_to_the_video_and_its_metadata(ada: httpx.Client, done: str) -> None:
    task = ada.get(f"{TASK}/{done}").json()
    assert (task["status"], task["name"], task["progress"]) == ("done", "street.mp4", 1)
    assert task["anonymised_link"] == f"{PUBLIC_URL}{FILE}/{done}/video/anonymised"
    assert task["metadata_link"] == f"{PUBLIC_URL}{FILE}/{done}/video/metadata"
    assert not {"binary_mask_link", "instance_mask_link"} & task.keys()


def test_the_face_is_hidden_in_every_frame(ada: httpx.Client, done: str, tmp_path: Path) -> None:
    answer = ada.get(f"{FILE}/{done}/video/anonymised")
    assert answer.headers["content-type"] == "video/mp4"
    (tmp_path / "out.mp4").write_bytes(answer.content)
    with av.open(str(tmp_path / "out.mp4")) as made:
        frames = [one.to_ndarray(format="bgr24") for one in made.decode(video=0)]
    assert len(frames) == FRAMES
    assert all(one[70:150, 125:180].max() < 40 for one in frames)


def test_a_part_of_a_video_is_served(ada: httpx.Client, done: str) -> None:
    whole = ada.get(f"{FILE}/{done}/video/anonymized").content
    part = ada.get(f"{FILE}/{done}/video/anonymised", headers={"Range": "bytes=10-19"})
    assert part.status_code == 206
    assert part.content == whole[10:20]


@pytest.mark.parametrize(
    ("given", "numbers"),
    [({}, "01234"), ({"start": 1, "end": 3}, "123"), ({"start": 4}, "4"), ({"end": 0}, "0")],
)
def test_metadata_is_told_of_a_range_of_frames(
    ada: httpx.Client, done: str, given: dict[str, int], numbers: str
) -> None:
    told = ada.get(f"{FILE}/{done}/video/metadata", params=given).json()
    assert [one["id"] for one in told] == [*numbers]
    assert {one["detections"][0]["parent_image"] for one in told} == {*numbers}
    assert told[0]["size"] == [320, 240]
    assert told[0]["filename"] == "street.mp4"
    assert [one["detections"][0]["type"] for one in told] == [103] * len(numbers)


def test_frames_are_told_with_their_times_if_asked(ada: httpx.Client, done: str) -> None:
    path = f"{FILE}/{done}/video/metadata"
    assert "seconds" not in ada.get(path).json()[0]
    told = ada.get(path, params={"times": True, "start": 1}).json()
    assert [one["seconds"] for one in told] == pytest.approx([0.04, 0.08, 0.12, 0.16])


@pytest.mark.parametrize("given", [{"start": 5}, {"start": 3, "end": 1}, {"end": 5}, {"start": -1}])
def test_frames_that_are_not_there_are_refused(
    ada: httpx.Client, done: str, given: dict[str, int]
) -> None:
    assert ada.get(f"{FILE}/{done}/video/metadata", params=given).status_code == 400


@pytest.mark.parametrize("end", ["anonymised", "metadata", "binary-mask", "instance-mask"])
def test_a_video_has_no_picture(ada: httpx.Client, done: str, end: str) -> None:
    answer = ada.get(f"{FILE}/{done}/{end}")
    assert answer.status_code == 404
    assert answer.json()["status_code"] == 404


def test_a_video_may_be_the_body_and_answered_before_it_is_done(
    ada: httpx.Client, video: bytes
) -> None:
    given: dict[str, Any] = {"name": "raw.mp4", "method": "detect", "face": True}
    id = ada.post(FILE, params=given, content=video, headers=ASYNC).json()["id"]
    task = ended(ada, id)
    assert (task["status"], task["name"]) == ("done", "raw.mp4")
    assert "anonymised_link" not in task
    assert ada.get(f"{FILE}/{id}/video/anonymised").status_code == 404
    assert len(ada.get(f"{FILE}/{id}/video/metadata").json()) == FRAMES


def test_a_deleted_video_is_gone(ada: httpx.Client, video: bytes) -> None:
    id = ada.post(FILE, params={"face": True}, files=sent(video)).json()["id"]
    assert ada.delete(f"{TASK}/{id}").status_code == 200
    assert ada.get(f"{FILE}/{id}/video/anonymised").status_code == 404


def test_what_is_no_whole_video_fails_in_words(ada: httpx.Client, video: bytes) -> None:
    answer = ada.post(FILE, files=sent(video[: len(video) // 2], "cut.mp4"))
    assert answer.status_code == 400
    assert "video" in answer.json()["error"]


def test_a_video_may_be_larger_than_a_picture(ada: httpx.Client, video: bytes) -> None:
    padded = video + (1_500_000).to_bytes(4, "big") + b"free" + bytes(1_499_992)
    assert ada.post(FILE, params={"face": True}, files=sent(padded)).status_code == 200
    assert ada.post(FILE, files=sent(encoded() + bytes(1_500_000))).status_code == 413


@pytest.mark.parametrize("kind", ["picture", "video"])
def test_a_receipt_is_signed(ada: httpx.Client, video: bytes, kind: str) -> None:
    data = {"picture": encoded(), "video": video}[kind]
    id = ada.post(FILE, params={"face": True}, files=sent(data)).json()["id"]
    answer = ada.get(f"{FILE}/{id}/receipt")
    assert answer.headers["content-type"] == "application/jose"
    assert answer.text.count(".") == 2
