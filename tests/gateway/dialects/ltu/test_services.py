"""The services as clients call them, against the started service."""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import pytest
import requests
from PIL import Image

from tests.needs import ROOT
from tests.pictures import encoded
from tests.serving import WAIT_SECONDS, serving
from tests.sources import Quiet, source

FORMATS = ["JPEG", "PNG", "GIF"]
URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


class _Pictures(Quiet, BaseHTTPRequestHandler):
    """Serves each format under its name."""

    def do_GET(self) -> None:
        data = encoded(self.path.strip("/"))
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture(scope="module")
def pictures() -> Iterator[str]:
    """The address of a source of pictures."""
    with source(_Pictures) as address:
        yield address


@dataclass
class Caller:
    """Somebody with a token."""

    url: str
    token: str

    def __call__(self, service: str, method: str = "POST", **request: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | request.pop("headers", {})
        url = f"{self.url}/v2/services/image/{service}"
        return requests.request(method, url, headers=headers, timeout=WAIT_SECONDS, **request)


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Caller]:
    """A caller of a service that may fetch from the loopback."""
    with serving(tmp_path_factory.mktemp("data"), fetch_allow="127.0.0.1") as served:
        yield Caller(served.url, served.token())


def as_text(form: str) -> str:
    return base64.b64encode(encoded(form)).decode()


WAYS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "file": lambda form, source: {"files": {"image": encoded(form)}},
    "named file": lambda form, source: {"files": {"image": ("a.bin", encoded(form), "text/plain")}},
    "base64 urlencoded": lambda form, source: {"data": {"image": as_text(form)}},
    "base64 of OpenCV's sample": lambda form, source: {"data": {"image": as_text(form).encode()}},
    "base64 part": lambda form, source: {"files": {"image": (None, as_text(form))}},
    "base64 in lines": lambda form, source: {
        "data": {"image": base64.encodebytes(encoded(form)).decode()}
    },
    "base64 with its + not escaped": lambda form, source: {
        "data": "image=" + as_text(form).replace("=", "%3D"),
        "headers": URLENCODED,
    },
    "URL-safe base64": lambda form, source: {
        "data": {"image": base64.urlsafe_b64encode(encoded(form)).decode().rstrip("=")}
    },
    "data URL": lambda form, source: {
        "data": {"image": f"data:image/{form.lower()};base64,{as_text(form)}"}
    },
    "raw bytes urlencoded": lambda form, source: {"data": {"image": encoded(form)}},
    "file and text": lambda form, source: {
        "files": {"image": encoded(form)},
        "data": {"image": "http://127.0.0.1:1/never"},
    },
    "URL urlencoded": lambda form, source: {"data": {"image": f"{source}/{form}"}},
    "URL part": lambda form, source: {"files": {"image": (None, f"{source}/{form}")}},
    "URL in the query": lambda form, source: {"params": {"image": f"{source}/{form}"}},
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("way", WAYS)
def test_a_palette_is_the_same_however_the_picture_came(
    call: Caller, pictures: str, way: str, form: str
) -> None:
    answer = call("colorPalette", **WAYS[way](form, pictures))
    assert answer.status_code == 200, answer.text
    colors = answer.json()["result"]["colors"]
    assert [share for *_, share in colors] == [25, 25, 25, 25]
    near = [[round(part / 16) for part in color] for *color, _ in colors]
    assert sorted(near) == [[1, 10, 4], [2, 4, 12], [14, 2, 2], [16, 16, 16]]


@pytest.mark.parametrize("body", ["preamble", "base64-part"])
def test_a_picture_is_read_from_a_multipart_body_of_mail(call: Caller, body: str) -> None:
    """Bodies of reports: python-multipart's issue 59, akka-http's 3812."""
    answer = call(
        "colorPalette",
        data=(ROOT / "tests" / "data" / "multipart" / f"{body}.body").read_bytes(),
        headers={"Content-Type": "multipart/form-data; boundary=XbX"},
    )
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["result"]["colors"]) == 4


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("way", WAYS)
def test_edges_are_found_however_the_picture_came(
    call: Caller, pictures: str, way: str, form: str
) -> None:
    answer = call("edges", **WAYS[way](form, pictures))
    assert answer.status_code == 200, answer.text
    value = answer.json()["result"]["edges"]["value"]
    edges = Image.open(io.BytesIO(base64.b64decode(value)))
    assert (edges.mode, edges.size) == ("1", (96, 64))
    columns = {x for x in range(96) if edges.getpixel((x, 10))}
    assert columns <= {46, 47, 48, 49}
    assert columns


def test_the_envelope_of_edges_is_the_documents(call: Caller) -> None:
    answer = call("edges", files={"image": encoded("PNG")}).json()
    assert list(answer) == ["result", "details", "version"]
    assert list(answer["result"]) == ["edges"]
    assert set(answer["result"]["edges"]) == {"encoding", "format", "value"}
    assert answer["details"] == {
        "name": "edges",
        "score": 0,
        "message": "Edges found.",
        "info": {},
    }


def test_the_envelope_of_a_palette_is_the_documents(call: Caller) -> None:
    answer = call("colorPalette", files={"image": encoded("PNG")}).json()
    assert list(answer) == ["result", "details", "version"]
    assert answer["details"] == {
        "name": "colorPalette",
        "score": 0,
        "message": "Found 4 colors",
        "info": {"count": 4, "format": "RGB%"},
    }


def test_parameters_may_come_in_the_query_or_the_body_and_the_body_wins(call: Caller) -> None:
    def count(**request: Any) -> int:
        answer = call("colorPalette", files={"image": encoded("PNG")}, **request)
        return int(answer.json()["details"]["info"]["count"])

    assert count(params={"count": "2"}) == 2
    assert count(data={"count": "3"}) == 3
    assert count(params={"count": "2"}, data={"count": "3"}) == 3
    assert count(data={"count": '"2"', "version": "Custom", "output_format": "json"}) == 2


def test_a_field_that_means_nothing_is_ignored_and_named(call: Caller) -> None:
    answer = call("edges", files={"image": encoded("PNG")}, data={"threshold_minimum": "9"})
    assert (answer.status_code, answer.headers["Pixelgate-Ignored"]) == (200, "threshold_minimum")
    refused = call("edges", files={"image": b"none"}, data={"threshold_minimum": "9"})
    assert (refused.status_code, refused.headers["Pixelgate-Ignored"]) == (422, "threshold_minimum")
    assert "Pixelgate-Ignored" not in call("edges", files={"image": encoded("PNG")}).headers


def test_a_get_takes_everything_from_the_query(call: Caller, pictures: str) -> None:
    query = {"image": f"{pictures}/PNG", "count": "2"}
    answer = call("colorPalette", "GET", params=query)
    assert answer.json()["details"]["info"]["count"] == 2


def test_swapped_thresholds_of_the_documents_sample_find_the_same_edges(call: Caller) -> None:
    def value(**data: int) -> str:
        answer = call("edges", files={"image": encoded("PNG")}, data=data)
        return str(answer.json()["result"]["edges"]["value"])

    sample = value(threshold_min=50, threshold_max=10, edge_thicknesse=3)
    assert sample == value(threshold_min=10, threshold_max=50, edge_thickness=3)


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [
        ("edges", "threshold_min", "-1"),
        ("edges", "threshold_max", "501"),
        ("edges", "threshold_max", "NaN"),
        ("edges", "edge_thickness", "0"),
        ("edges", "edge_thickness", "51"),
        ("edges", "edge_thickness", "1_0"),
        ("edges", "edge_thickness", " 7 "),
        ("edges", "edge_thickness", "٣"),
        ("edges", "edge_thickness", ""),
        ("edges", "edge_thickness", "2.5"),
        ("colorPalette", "count", "0"),
        ("colorPalette", "count", "33"),
        ("colorPalette", "count", "many"),
    ],
)
def test_a_parameter_out_of_range_is_named(
    call: Caller, service: str, name: str, value: str
) -> None:
    answer = call(service, files={"image": encoded("PNG")}, data={name: value})
    assert answer.status_code == 422
    body = answer.json()
    assert body["error"] == "out_of_range"
    assert body["message"].startswith(f"{name} is ")
    assert body["errors"] == [body["message"]]


@pytest.mark.parametrize(
    ("service", "data"),
    [
        ("edges", {"threshold_min": "0", "threshold_max": "500", "edge_thickness": "50"}),
        ("edges", {"threshold_min": "500", "threshold_max": "0", "edge_thickness": "1"}),
        ("colorPalette", {"count": "1"}),
        ("colorPalette", {"count": "32"}),
    ],
)
def test_borders_of_the_ranges_are_taken(call: Caller, service: str, data: dict[str, str]) -> None:
    answer = call(service, files={"image": encoded("PNG")}, data=data)
    assert answer.status_code == 200


def test_a_picture_is_answered_directly_where_it_is_asked_for(call: Caller) -> None:
    answer = call("edges", files={"image": encoded("PNG")}, headers={"Accept": "image/png"})
    assert answer.headers["Content-Type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).size == (96, 64)


def test_a_picture_that_is_drawn_on_keeps_its_size(call: Caller) -> None:
    data = encoded("JPEG", np.zeros((2000, 4000, 3), np.uint8))
    answer = call("classification", files={"image": data}, headers={"Accept": "image/png"})
    assert Image.open(io.BytesIO(answer.content)).size == (4000, 2000)


@pytest.mark.parametrize(
    ("status", "word", "request_"),
    [
        (400, "missing_picture", {"data": {"count": "3"}}),
        (400, "missing_picture", {}),
        (400, "unreadable_base64", {"data": {"image": "my cat!"}}),
        (415, "unsupported_body", {"json": {"image": "x"}}),
        (422, "undecodable_picture", {"files": {"image": b"my cat"}}),
        (422, "undecodable_picture", {"files": {"image": encoded("JPEG")[:-30]}}),
        (422, "undecodable_picture", {"files": {"image": encoded("PNG")[:-20]}}),
        (422, "url_refused", {"data": {"image": "http://10.0.0.1/picture.jpg"}}),
        (422, "url_refused", {"data": {"image": "file:///etc/passwd"}}),
    ],
)
def test_a_refusal_has_its_status_and_the_native_form(
    call: Caller, status: int, word: str, request_: dict[str, Any]
) -> None:
    answer = call("colorPalette", **request_)
    assert (answer.status_code, answer.json()["error"]) == (status, word)
    assert set(answer.json()) == {"code", "error", "message", "errors", "version", "request_id"}
    assert answer.json()["code"] == status
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_no_token_is_401_with_a_bare_challenge(call: Caller) -> None:
    answer = requests.post(f"{call.url}/v2/services/image/edges", timeout=WAIT_SECONDS)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Production"'


def test_a_bad_token_is_401_and_the_challenge_says_so(call: Caller) -> None:
    answer = call("edges", headers={"Authorization": "Bearer a.b.c"})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD"])
def test_another_method_is_405_and_lists_those_that_work(call: Caller, method: str) -> None:
    answer = call("edges", method)
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    "path", ["/v2/services/image/Edges", "/v2/services/image/edges/", "/v2/nothing", "/nothing"]
)
def test_an_unknown_path_is_404_in_the_native_form(call: Caller, path: str) -> None:
    answer = requests.get(call.url + path, timeout=WAIT_SECONDS, allow_redirects=False)
    assert answer.status_code == 404
    assert answer.json()["error"] == "not_found"
    is_near = path.lower().rstrip("/").endswith("/edges")
    assert ("there is /v2/services/image/edges" in answer.json()["message"]) == is_near


def test_every_answer_carries_the_common_headers(call: Caller) -> None:
    for path in ("/health/live", "/nothing", "/swagger", "/openapi.yaml"):
        headers = requests.get(call.url + path, timeout=WAIT_SECONDS).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Cache-Control" in headers
        assert len(headers["X-Request-ID"]) == 32


def test_a_query_with_escapes_of_bytes_is_read(call: Caller) -> None:
    query = "image=" + quote_plus(encoded("GIF"))
    answer = call(f"colorPalette?{query}", "GET")
    assert answer.status_code == 200, answer.text
