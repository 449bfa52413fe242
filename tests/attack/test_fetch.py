"""Pictures by URL: no connection to an inner address, and sources that do not behave."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlencode

import httpx
import pytest

from tests.attack.odd_service import NAMED
from tests.attack.refusals import refusal
from tests.attack.web import ALLOWED, INNER, Source, Trap, source_on
from tests.gateway.intake.test_fetch import INNER_HOSTS
from tests.keys import api_key
from tests.serving import WAIT_SECONDS, Served, wait_until

EDGES = "/v2/services/image/edges"


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


@pytest.fixture
def inner_trap(source_port: int) -> Iterator[Trap]:
    """A trap beside the source, for who checks one address and connects to another."""
    made = Trap(INNER, port=source_port)
    yield made
    made.close()


@pytest.fixture(scope="module")
def allowed(narrow: Served) -> Iterator[httpx.Client]:
    """A client of the service that may fetch from the source."""
    with narrow.client() as made:
        yield made


def test_no_spelling_of_an_inner_address_is_connected_to(client: httpx.Client, trap: Trap) -> None:
    for host in INNER_HOSTS:
        url = f"http://{host}:{trap.port}/a.jpg"
        said = refusal(client.post(EDGES, data={"image": url}), 422)
        assert said["error"] == "url_refused", host
        assert said["message"].endswith(".")
        assert len(said["message"]) < 200
    assert trap.visitors() == []


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1:70/_x", "unix:///a"),
        *("http://user:word@example.org/", "http://:word@example.org/", "http:///a", "http://["),
        *("http://example.org:22/", "http://example.org:6000/", "http://example.org:99999/"),
        *("http://exa mple.org/", "http://example.org\\@127.0.0.1/", "https://" + "a" * 3000),
    ],
)
def test_odd_urls_are_refused_in_a_sentence(client: httpx.Client, url: str) -> None:
    said = refusal(client.post(EDGES, data={"image": url}), 422)
    assert said["error"] == "url_refused"
    assert said["message"].endswith(".")
    assert len(said["message"]) < 200


def test_a_picture_is_fetched_where_that_is_allowed(allowed: httpx.Client, source: str) -> None:
    assert allowed.post(EDGES, data={"image": f"{source}/picture"}).status_code == 200


def test_a_redirect_to_an_inner_address_is_not_followed(
    allowed: httpx.Client, source: str, trap: Trap
) -> None:
    said = set()
    for number, host in enumerate(INNER_HOSTS):
        Source.redirects[f"/{number}"] = f"http://{host}:{trap.port}/".encode().decode("latin-1")
        answer = allowed.post(EDGES, data={"image": f"{source}/{number}"})
        said.add(refusal(answer, 422)["message"])
    assert trap.visitors() == []
    assert said == {f"{ALLOWED} redirects to a URL that is not fetched."}
    assert {f"/{number}" for number in range(len(INNER_HOSTS))} <= set(Source.asked)


def test_a_compressed_body_is_not_unpacked(allowed: httpx.Client, source: str) -> None:
    answer = allowed.post(EDGES, data={"image": f"{source}/gzip"})
    assert refusal(answer, 422)["error"] == "url_unreachable"


def test_an_endless_source_ends_at_the_limit_of_bytes(allowed: httpx.Client, source: str) -> None:
    answer = allowed.post(EDGES, data={"image": f"{source}/endless"})
    assert refusal(answer, 413)["error"] == "upload_too_large"


def test_slow_sources_end_at_their_deadline_and_others_go_on(
    source: str, impatient: Served
) -> None:
    answers: list[httpx.Response] = []

    def ask() -> None:
        with impatient.client() as one:
            answers.append(one.post(EDGES, data={"image": f"{source}/slow"}))

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    wait_until(lambda: Source.asked.count("/slow") == 3)
    with impatient.client() as other:
        assert other.post(EDGES, data={"image": f"{source}/picture"}).status_code == 200
    for thread in asking:
        thread.join(WAIT_SECONDS)
    said = {refusal(answer, 422)["message"] for answer in answers}
    assert said == {f"{ALLOWED} did not deliver within 3 s."}


def test_slow_sources_of_one_caller_do_not_keep_another_waiting(
    narrow: Served, source: str
) -> None:
    form = urlencode({"image": f"{source}/slow-for-one"})
    request = (
        f"POST {EDGES} HTTP/1.1\r\nHost: pixelgate.test\r\nX-API-Key: {api_key(narrow)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n"
    ).encode() + form.encode()
    other = {"X-API-Key": api_key(narrow)}
    with ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(narrow.connect()).sendall(request)
        wait_until(lambda: Source.asked.count("/slow-for-one") >= 8)
        for _ in range(4):
            asked = {"image": f"{source}/picture"}
            url = narrow.url + EDGES
            # Nothing that is slow ends before.
            answer = httpx.post(
                url, data=asked, headers=other, timeout=WAIT_SECONDS, trust_env=False
            )
            assert answer.status_code == 200


@pytest.mark.parametrize("name", ["inner-first.test", "inner-last.test"])
def test_a_name_with_one_inner_address_is_not_connected_to(
    odd_client: httpx.Client, source_port: int, inner_trap: Trap, name: str
) -> None:
    answer = odd_client.post(EDGES, data={"image": f"http://{name}:{source_port}/{name}"})
    assert refusal(answer, 422)["error"] == "url_refused"
    assert inner_trap.visitors() == []
    assert f"/{name}" not in Source.asked


def test_a_name_that_changes_is_connected_to_where_it_was_checked(
    odd_client: httpx.Client, source_port: int, inner_trap: Trap
) -> None:
    form = {"image": f"http://changing.test:{source_port}/picture"}
    statuses = [odd_client.post(EDGES, data=form).status_code for _ in range(4)]
    assert sorted(statuses) == [200, 200, 422, 422]
    assert inner_trap.visitors() == []


def test_a_name_that_changes_between_two_hops_is_refused(
    odd_client: httpx.Client, source_port: int, inner_trap: Trap
) -> None:
    base = f"http://changing.test:{source_port}"
    Source.redirects["/changing"] = f"{base}/picture"
    for _ in range(2):
        answer = odd_client.post(EDGES, data={"image": f"{base}/changing"})
        assert refusal(answer, 422)["error"] == "url_refused"
    assert "/changing" in Source.asked
    assert inner_trap.visitors() == []


def test_a_host_that_is_allowed_by_name_is_fetched_from_under_no_other(
    odd_client: httpx.Client,
) -> None:
    with source_on(NAMED) as port:
        form = {"image": f"http://pictures.test:{port}/picture"}
        assert odd_client.post(EDGES, data=form).status_code == 200
        for host in ("others.test", NAMED):
            answer = odd_client.post(EDGES, data={"image": f"http://{host}:{port}/for-others"})
            assert refusal(answer, 422)["error"] == "url_refused"
    assert "/for-others" not in Source.asked
