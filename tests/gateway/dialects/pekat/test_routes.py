"""The routes of the PEKAT Vision API, on the service as shipped, with two workers."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import orjson
import pytest

from engines.core.shapes import File
from gateway.app import create_app
from gateway.dialects.pekat.projects import ProjectInvalid
from gateway.dialects.pekat.routes import MOST_HEADER_BYTES, reply
from gateway.settings import Settings
from tests.keys import api_key
from tests.pictures import encoded
from tests.plates import PROJECT, plate, png, scratched
from tests.serving import WAIT_SECONDS, Served, running, wait_until

ANALYZE, RAW = "/analyze_image", "/analyze_raw_image"
PART = png(scratched())


@pytest.fixture(scope="module")
def inspecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, which compares with the good plate; a body gets two seconds to arrive."""
    folder = tmp_path_factory.mktemp("inspecting")
    (folder / "good.png").write_bytes(png(plate()))
    project = folder / "project.toml"
    project.write_text(PROJECT)
    told = {"slots": 1, "pekat_projects": project, "body_seconds": 2, "max_upload_bytes": 2_000_000}
    with running(folder, "gateway", "serve", **told) as started:
        yield started


@pytest.fixture(scope="module")
def client(inspecting: Served) -> Iterator[httpx.Client]:
    """A client that has a key."""
    key = {"api_key": api_key(inspecting)}
    with httpx.Client(
        base_url=inspecting.url, params=key, trust_env=False, timeout=WAIT_SECONDS
    ) as made:
        yield made


def check_failure(answer: httpx.Response, status: int) -> str:
    """A JSON object without what an SDK would take for a picture; its sentence."""
    assert answer.status_code == status, answer.text
    assert not {"imagelen", "contextbase64utf", "contextbase64utg"} & {*answer.headers}
    body = answer.json()
    assert body == {"error": body["error"], "result": None}
    return str(body["error"])


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize("form", ["PNG", "JPEG", "BMP", "TIFF"])
def test_a_picture_of_every_form_is_analysed(client: httpx.Client, method: str, form: str) -> None:
    body = encoded(form, scratched()[..., ::-1])
    answer = client.request(method, ANALYZE, content=body, headers={"Content-Type": "a/b"})
    context = answer.raise_for_status().json()
    assert answer.headers["Content-Type"] == "application/json"
    assert context["result"] is False
    assert [one["classNames"][0]["label"] for one in context["detectedRectangles"]] == [
        "difference"
    ]
    assert 0 < context["completeTime"] < WAIT_SECONDS


@pytest.mark.parametrize("path", [RAW, "/analyze_raw_Image"])
def test_raw_pixels_are_analysed(client: httpx.Client, path: str) -> None:
    told = {"width": 480, "height": 320}
    answer = client.post(path, params=client.params.merge(told), content=scratched().tobytes())
    assert answer.raise_for_status().json()["result"] is False


def test_arguments_may_follow_an_ampersand(inspecting: Served, client: httpx.Client) -> None:
    key = client.params["api_key"]
    for path in (
        f"{ANALYZE}&response_type=image&data=a%26b/c&api_key={key}",
        f"{ANALYZE}&response_type=image&data=a%26b/c?api_key={key}",
    ):
        answer = httpx.post(
            inspecting.url + path, content=PART, trust_env=False, timeout=WAIT_SECONDS
        )
        assert answer.headers["Content-Type"] == "image/png"
        context = orjson.loads(base64.b64decode(answer.headers["ContextBase64utf"]))
        assert context["data"] == "a&b/c"


@pytest.mark.parametrize("kind", ["image", "annotated_image", "heatmap"])
def test_a_picture_has_its_context_in_the_head_under_both_names(
    client: httpx.Client, kind: str
) -> None:
    told = client.params.merge({"response_type": kind})
    answer = client.post(ANALYZE, params=told, content=PART).raise_for_status()
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert answer.headers["ContextBase64utf"] == answer.headers["ContextBase64utg"]
    context = orjson.loads(base64.b64decode(answer.headers["ContextBase64utf"]))
    assert context["result"] is False
    assert "ImageLen" not in answer.headers


@pytest.mark.parametrize("flag", ["context_in_body", "context_in_body=true"])
def test_a_context_may_follow_the_picture(
    inspecting: Served, client: httpx.Client, flag: str
) -> None:
    query = f"response_type=image&{flag}&api_key={client.params['api_key']}"
    url = f"{inspecting.url}{ANALYZE}?{query}"
    answer = httpx.post(url, content=PART, trust_env=False, timeout=WAIT_SECONDS)
    length = int(answer.headers["ImageLen"])
    assert answer.content[:length].endswith(b"IEND\xaeB`\x82")
    assert orjson.loads(answer.content[length:])["result"] is False
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert "ContextBase64utf" not in answer.headers


@pytest.mark.parametrize(
    ("told", "data"),
    [({}, None), ({"data": "None"}, None), ({"data": ""}, ""), ({"data": "Los 7 ü"}, "Los 7 ü")],
)
def test_data_comes_back_as_it_was_sent(
    client: httpx.Client, told: dict[str, str], data: str | None
) -> None:
    context = client.post(ANALYZE, params=client.params.merge(told), content=PART).json()
    assert context.get("data") == data
    assert ("data" in context) == (data is not None)


@pytest.mark.parametrize(
    ("path", "told", "body", "sentence"),
    [
        (ANALYZE, {}, b"", "no bytes, expected JPEG, PNG, BMP or TIFF"),
        (ANALYZE, {}, b"hello", "text/plain, expected JPEG"),
        (ANALYZE, {}, PART[:500], "cut off"),
        (ANALYZE, {"response_type": "picture"}, PART, "response_type is 'picture'"),
        (ANALYZE, {"response_type": ""}, PART, "response_type is ''"),
        (RAW, {"height": "4"}, b"", "width is missing"),
        (RAW, {"width": "4"}, b"", "height is missing"),
        (RAW, {"width": "0", "height": "0"}, b"", "width is '0'"),
        (RAW, {"width": "-4", "height": "4"}, b"", "width is '-4'"),
        (RAW, {"width": "1e9", "height": "4"}, b"", "width is '1e9'"),
        (RAW, {"width": "1000000000", "height": "4"}, b"", "width is '1000000000'"),
        (RAW, {"width": "4", "height": "4"}, bytes(17), "the pixels have 17 bytes"),
        (RAW, {"width": "4", "height": "4", "bayer": ""}, bytes(48), "of a Bayer mosaic have 16"),
    ],
)
def test_what_cannot_be_analysed_is_refused_in_a_sentence(
    client: httpx.Client, path: str, told: dict[str, str], body: bytes, sentence: str
) -> None:
    answer = client.post(path, params=client.params.merge(told), content=body)
    assert sentence in check_failure(answer, 400)


def test_a_body_that_is_too_large_is_refused(client: httpx.Client) -> None:
    answer = client.post(ANALYZE, content=bytes(2_000_001))
    assert "larger than 2,000,000 bytes" in check_failure(answer, 413)


@pytest.mark.parametrize(
    ("query", "status"), [("", 401), ("?api_key=pg_0", 401), ("?api_key=a&api_key=b", 400)]
)
def test_without_a_key_nothing_is_analysed(inspecting: Served, query: str, status: int) -> None:
    answer = httpx.post(
        inspecting.url + ANALYZE + query, content=PART, trust_env=False, timeout=WAIT_SECONDS
    )
    assert "pg_0" not in check_failure(answer, status)
    assert answer.headers["WWW-Authenticate"] == 'ApiKey realm="Production"'


def test_a_key_limited_to_something_else_is_refused(inspecting: Served) -> None:
    edges, pekat = (api_key(inspecting, scopes=frozenset({one})) for one in ("edges", "pekat"))
    url = f"{inspecting.url}{ANALYZE}?api_key="
    refused = httpx.post(url + edges, content=PART, trust_env=False, timeout=WAIT_SECONDS)
    assert "scope pekat" in check_failure(refused, 403)
    answer = httpx.post(url + pekat, content=PART, trust_env=False, timeout=WAIT_SECONDS)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", ANALYZE, 405, "POST, PUT"),
        ("POST", "/ping", 405, "GET"),
        ("POST", "/analyze_image_shared_memory", 404, None),
        ("POST", "/last_image", 405, "GET"),
    ],
)
def test_what_is_not_there_is_refused_in_the_same_form(
    client: httpx.Client, method: str, path: str, status: int, allow: str | None
) -> None:
    answer = client.request(method, path)
    check_failure(answer, status)
    assert answer.headers.get("Allow") == allow


def test_a_body_that_is_too_slow_is_refused_in_the_same_form(
    inspecting: Served, client: httpx.Client
) -> None:
    path = client.build_request("POST", ANALYZE).url.raw_path
    with inspecting.connect() as connection:
        connection.sendall(b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nply" % path)
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    assert int(head.split()[1]) == 408
    assert set(orjson.loads(body)) == {"error", "result"}


@pytest.mark.parametrize("is_raw", [False, True])
def test_the_last_image_is_there_for_every_worker(
    client: httpx.Client, inspecting: Served, is_raw: bool
) -> None:
    told = {"width": "480", "height": "320"} if is_raw else {}
    body = scratched().tobytes() if is_raw else PART
    params = client.params.merge({**told, "data": "7"})
    sent = client.post(RAW if is_raw else ANALYZE, params=params, content=body).json()
    for _ in range(6):
        answer = httpx.get(
            f"{inspecting.url}/last_image",
            params=client.params,
            trust_env=False,
            timeout=WAIT_SECONDS,
        )
        assert {**answer.json(), "completeTime": 0} == {**sent, "completeTime": 0}


def test_the_last_image_can_be_seen(client: httpx.Client) -> None:
    client.post(ANALYZE, content=PART).raise_for_status()
    shown = client.get("/last_image", params=client.params.merge({"response_type": "image"}))
    picture = cv2.imdecode(np.frombuffer(shown.content, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert np.array_equal(picture, scratched())


def test_nobody_gets_the_last_image_of_another(client: httpx.Client, inspecting: Served) -> None:
    client.post(ANALYZE, content=PART).raise_for_status()
    stranger = {"api_key": api_key(inspecting)}
    answer = httpx.get(
        f"{inspecting.url}/last_image", params=stranger, trust_env=False, timeout=WAIT_SECONDS
    )
    assert "No image of this caller" in check_failure(answer, 404)


def test_a_picture_that_is_refused_is_not_the_last(client: httpx.Client) -> None:
    client.post(ANALYZE, content=PART).raise_for_status()
    check_failure(client.post(ANALYZE, content=b"hello"), 400)
    assert client.get("/last_image").json()["result"] is False


def test_the_last_image_outlives_the_workers(client: httpx.Client, inspecting: Served) -> None:
    client.post(ANALYZE, content=PART).raise_for_status()
    started = inspecting.logged("worker ready")
    for worker in inspecting.workers():
        worker.kill()
    wait_until(lambda: inspecting.logged("worker ready") == started + 2)
    fresh = httpx.get(
        f"{inspecting.url}/last_image", params=client.params, trust_env=False, timeout=WAIT_SECONDS
    )
    assert fresh.json()["result"] is False


def test_without_a_key_there_is_no_last_image(inspecting: Served) -> None:
    check_failure(inspecting.get("/last_image"), 401)


def test_anybody_may_ask_whether_it_runs_and_what_is_spoken(inspecting: Served) -> None:
    assert inspecting.get("/ping").text == "OK"
    major, minor, _ = map(int, inspecting.get("/version").text.split("."))
    assert (major, minor) < (3, 18)


def test_no_key_is_in_the_log(inspecting: Served, client: httpx.Client) -> None:
    key = client.params["api_key"]
    client.post(ANALYZE, content=b"")
    client.post(f"{ANALYZE}&api_key={key}", content=b"")
    assert key not in inspecting.log.read_text()
    assert inspecting.logged("request answered")


def test_the_service_does_not_start_with_a_project_that_cannot_be_read(tmp_path: Path) -> None:
    project = tmp_path / "project.toml"
    project.write_text("[[module]]\nuse = 'nothing'")
    with pytest.raises(ProjectInvalid, match=r"project\.toml, line 2: use is 'nothing'"):
        create_app(Settings(data=tmp_path, pekat_projects=(str(project),)))


def test_a_context_that_is_too_long_for_a_head_is_cut_to_its_scalars() -> None:
    rectangles = [{"id": number, "classNames": []} for number in range(1000)]
    context: dict[str, Any] = {"detectedRectangles": rectangles, "result": True, "data": "ü"}
    files = (File("image", "image/png", b"png"),)
    head = reply(context, files, in_body=False).headers
    kept = orjson.loads(base64.b64decode(head["ContextBase64utf"]))
    assert kept == {"result": True, "data": "ü", "truncated": True}
    assert len(head["ContextBase64utf"]) < MOST_HEADER_BYTES
    assert len(reply(context, files, in_body=True).body) > MOST_HEADER_BYTES
