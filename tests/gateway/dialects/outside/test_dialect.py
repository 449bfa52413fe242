"""A dialect that no module of the gateway knows, on the server as shipped, with two workers."""

from collections.abc import Iterator

import httpx
import pytest

from tests.gateway.dialects.outside.dialect import MAX_BYTES
from tests.gateway.dialects.outside.test_engine import CLOUD
from tests.keys import api_key
from tests.serving import WAIT_SECONDS, Served, running

VIEW = "/clouds/9/view"


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with that dialect; a body gets a second to arrive."""
    module = "tests.gateway.dialects.outside.service"
    with running(tmp_path_factory.mktemp("outside"), module, slots=1, body_seconds=1) as started:
        yield started


@pytest.fixture(scope="module")
def client(outside: Served) -> Iterator[httpx.Client]:
    """A client that has a key."""
    key = {"key": api_key(outside)}
    with httpx.Client(
        base_url=outside.url, params=key, trust_env=False, timeout=WAIT_SECONDS
    ) as made:
        yield made


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_raw_body_comes_back_as_two_files_that_header_fields_tell_apart(
    client: httpx.Client, method: str
) -> None:
    answer = client.request(method, VIEW, content=CLOUD, headers={"Content-Type": "a/b"})
    assert (answer.status_code, answer.headers["X-Summary"]) == (203, "3 points")
    assert answer.headers["Content-Type"] == "application/x-files"
    length, kind = answer.headers["X-points.csv"].split("; ")
    assert (answer.content[: int(length)], kind) == (b"x,y,z\n0,0,0\n4,0,1\n4,2,-1\n", "text/csv")
    assert answer.content[int(length) :].startswith(b"\x89PNG")


def test_anybody_may_ask_what_is_public(outside: Served) -> None:
    answer = outside.get("/clouds/ping")
    assert (answer.status_code, answer.text) == (200, "pong")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "word"),
    [
        ("POST", VIEW, b"no cloud", 422, "not_computable"),
        ("POST", "/clouds/big/view", CLOUD, 422, "out_of_range"),
        ("POST", VIEW, b"x" * (MAX_BYTES + 1), 413, "upload_too_large"),
        ("GET", VIEW, b"", 405, "method_not_allowed"),
        ("POST", "/clouds/9/views", b"", 404, "not_found"),
    ],
)
def test_a_refusal_has_the_form_of_the_dialect(
    client: httpx.Client, method: str, path: str, body: bytes, status: int, word: str
) -> None:
    answer = client.request(method, path, content=body)
    assert (answer.status_code, answer.text.splitlines()[0]) == (status, word)
    assert answer.headers.get("Allow") == ("POST, PUT" if status == 405 else None)


@pytest.mark.parametrize(
    ("query", "status", "word"),
    [
        ("", 401, "missing_token"),
        ("?key=pg_0", 401, "invalid_api_key"),
        ("?key=a&key=b", 400, "ambiguous_credentials"),
    ],
)
def test_a_caller_is_known_by_the_query(
    outside: Served, query: str, status: int, word: str
) -> None:
    answer = httpx.post(
        f"{outside.url}{VIEW}{query}", content=CLOUD, trust_env=False, timeout=WAIT_SECONDS
    )
    assert (answer.status_code, answer.text.splitlines()[0]) == (status, word)


@pytest.mark.parametrize(
    ("sent", "status", "word"),
    [
        (b"POST %b HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nply", 408, "request_timeout"),
        (b"POST %b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed_request"),
        (b"POST http://a%b HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed_request"),
        (b"POST %b HTTP/1.1\r\n" + b"X: y\r\n" * 200, 431, "head_too_large"),
    ],
)
def test_a_refusal_below_the_application_has_that_form_too(
    outside: Served, client: httpx.Client, sent: bytes, status: int, word: str
) -> None:
    path = client.build_request("POST", VIEW).url.raw_path
    with outside.connect() as connection:
        connection.sendall(sent % path)
        with connection.makefile("rb") as answer:
            head, _, body = answer.read().partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status
    assert body.decode().splitlines()[0] == word


def test_other_paths_keep_the_native_form(client: httpx.Client) -> None:
    answer = client.get("/v2/services/image/nothing")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
