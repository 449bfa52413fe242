"""What the Celantur API refuses, and how."""

from typing import Any

import httpx
import pytest

from gateway.dialects.celantur import uploads
from gateway.dialects.celantur.wording import VideoUnsupported
from gateway.settings import Settings
from tests.gateway.dialects.celantur.pictures import (
    ASYNC,
    FILE,
    TASK,
    encoded,
    ended,
    sent,
    uploaded,
)
from tests.serving import WAIT_SECONDS

DAMAGED = encoded()[:200]
MP4 = b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(100)
MATROSKA = b"\x1aE\xdf\xa3" + bytes(100)


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal in the API's form."""
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["status_code"]) == (status, status)
    assert told.keys() == {"status_code", "error"}
    return str(told["error"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quality", "101"),
        ("quality", "many"),
        ("method", "smear"),
        ("face", "perhaps"),
        ("format", "pano:1"),
        ("kernel-size-vehicle", "0"),
        ("kernel-size-vehicle", "1002"),
        ("kernel-size-vehicle", "1.5"),
        ("format", '{"number": [0, 2], "overlap": [0, 0]}'),
        ("format", '{"number": [9, 8], "overlap": [0, 0]}'),
        ("ignores", "[{'topLeftX': 1}]"),
        ("ignores", '[{"topLeftX": 1}]'),
        ("mask-scale", "0"),
        ("compress-level", "10"),
        ("face-threshold", "nan"),
    ],
)
def test_a_value_that_is_not_taken_is_named(ada: httpx.Client, name: str, value: str) -> None:
    answer = ada.post(FILE, params={name: value}, files=sent(encoded()))
    assert refused(answer, 400).startswith(name.replace("-", "_"))


def test_a_refused_tiling_is_told_without_the_names_of_layouts(ada: httpx.Client) -> None:
    tiling = '{"number": [0, 2], "overlap": [0, 0]}'
    answer = ada.post(FILE, params={"format": tiling}, files=sent(encoded()))
    sentence = refused(answer, 400)
    assert "tiling.number.0: input should be greater than or equal to 1" in sentence


def test_a_refused_layout_is_told_with_those_there_are(ada: httpx.Client) -> None:
    sentence = refused(ada.post(FILE, params={"format": "pano:1"}, files=sent(encoded())), 400)
    assert "input should be 'whole', 'pano:4096'" in sentence


@pytest.mark.parametrize("video", [MP4, MATROSKA])
def test_what_only_begins_like_a_video_is_refused(ada: httpx.Client, video: bytes) -> None:
    assert "video" in refused(ada.post(FILE, files=sent(video, "test.mp4")), 400)


def test_a_video_is_not_implemented_without_what_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "find_spec", lambda name: None)
    with pytest.raises(VideoUnsupported):
        uploads.limit(Settings(), MP4)


def test_a_file_must_be_there_and_be_a_picture(ada: httpx.Client) -> None:
    refused(ada.post(FILE, data={"fileobject": "text"}, files={"other": b"1"}), 400)
    refused(ada.post(FILE), 400)
    refused(ada.post(FILE, files=sent(b"GIF89a")), 400)
    refused(ada.post(FILE, files=sent(encoded() + bytes(1_000_000))), 413)


def test_a_damaged_picture_is_refused_and_leaves_no_task(bob: httpx.Client) -> None:
    refused(bob.post(FILE, files=sent(DAMAGED)), 400)
    assert bob.get(f"{TASK}/list").json() == []


def test_a_task_that_failed_says_why_and_has_no_results(ada: httpx.Client) -> None:
    id = ada.post(FILE, files=sent(DAMAGED), headers=ASYNC).json()["id"]
    task = ended(ada, id)
    assert (task["status"], bool(task["failure_cause"])) == ("failed", True)
    refused(ada.get(f"{FILE}/{id}/anonymised"), 410)


@pytest.mark.parametrize("end", ["video/anonymised", "video/metadata"])
def test_a_picture_has_no_video(ada: httpx.Client, end: str) -> None:
    refused(ada.get(f"{FILE}/{uploaded(ada)['id']}/{end}"), 404)


def test_what_is_not_there_is_told_in_the_same_form(ada: httpx.Client) -> None:
    refused(ada.get(f"{TASK}/none"), 404)
    refused(ada.get("/v1/nowhere"), 404)
    answer = ada.put(FILE)
    refused(answer, 405)
    assert answer.headers["allow"] == "POST"


def test_a_caller_must_be_known(ada: httpx.Client) -> None:
    with httpx.Client(base_url=ada.base_url, trust_env=False, timeout=WAIT_SECONDS) as nobody:
        answer = nobody.get(f"{TASK}/list")
    refused(answer, 401)
    assert "www-authenticate" in answer.headers


@pytest.mark.parametrize(
    "params",
    [
        {"webhook": "ftp://example.com"},
        {"webhook": "http://10.0.0.1/"},
        {"web-auth-header-name": "X-Key", "web-auth-header-value": "1"},
        {"webhook": "https://example.com", "web-auth-header-name": "X-Key"},
        {"webhook": "https://example.com", "web-auth-header-name": "a b"},
    ],
)
def test_a_webhook_is_checked_when_it_is_named(ada: httpx.Client, params: dict[str, str]) -> None:
    refused(ada.post(FILE, params=params, files=sent(encoded())), 400)


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Webhook-Id"])
def test_a_webhook_keeps_its_own_header_fields(ada: httpx.Client, name: str) -> None:
    field = {"web-auth-header-name": name, "web-auth-header-value": "5"}
    params = {"webhook": "https://example.com"} | field
    answer = ada.post(FILE, params=params, files=sent(encoded()))
    assert name in refused(answer, 400)


def test_a_refusal_does_not_repeat_a_secret(ada: httpx.Client) -> None:
    params = {
        "webhook": "https://example.com",
        "web-auth-header-name": "X-Key",
        "web-auth-header-value": "s3cret\n",
    }
    assert "s3cret" not in refused(ada.post(FILE, params=params, files=sent(encoded())), 400)
