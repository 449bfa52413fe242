"""Pictures by URL: no connection to an inner address, and sources that do not behave."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import httpx
import pytest

from tests.attack.refusals import refusal
from tests.gateway.test_fetch import INNER_HOSTS
from tests.pictures import encoded
from tests.serving import Served, wait_until

EDGES = "/v2/services/image/edges"
ALLOWED = "127.0.0.2"


class Trap:
    """Listens on every address of this machine, and tells whether somebody came."""

    def __init__(self) -> None:
        self._sockets = [socket.create_server(("0.0.0.0", 0))]
        self.port: int = self._sockets[0].getsockname()[1]
        if socket.has_ipv6:
            address = ("::", self.port)
            self._sockets.append(socket.create_server(address, family=socket.AF_INET6))
        for listener in self._sockets:
            listener.setblocking(False)

    def visitors(self) -> list[str]:
        """Where the connections come from that were made."""
        found = []
        for listener in self._sockets:
            try:
                while True:
                    connection, address = listener.accept()
                    connection.close()
                    found.append(address[0])
            except BlockingIOError:
                pass
        return found

    def close(self) -> None:
        for listener in self._sockets:
            listener.close()


@pytest.fixture
def trap() -> Iterator[Trap]:
    made = Trap()
    yield made
    made.close()


class Source(BaseHTTPRequestHandler):
    """A web server on the one inner address that may be fetched from."""

    protocol_version = "HTTP/1.1"
    redirects: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path in self.redirects:
            self._answer(302, b"", Location=self.redirects[self.path])
        elif self.path == "/gzip":
            self._answer(200, gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
        elif self.path == "/endless":
            self._send_without_end(bytes(1_000_000), pause_seconds=0)
        elif self.path == "/slow":
            self._send_without_end(b"x", pause_seconds=0.1)
        else:
            self._answer(200, encoded("PNG"))

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _send_without_end(self, piece: bytes, *, pause_seconds: float) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(piece)
                time.sleep(pause_seconds)
        except OSError:
            pass

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture(scope="module")
def source() -> Iterator[str]:
    """The address of a source."""
    server = ThreadingHTTPServer((ALLOWED, 0), Source)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{ALLOWED}:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


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
    allowed: httpx.Client, source: str, narrow: Served
) -> None:
    answers: list[httpx.Response] = []

    def ask() -> None:
        with narrow.client() as one:
            answers.append(one.post(EDGES, data={"image": f"{source}/slow"}))

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    wait_until(lambda: Source.asked.count("/slow") == 4)
    assert allowed.post(EDGES, data={"image": f"{source}/picture"}).status_code == 200
    for thread in asking:
        thread.join(20)
    said = {refusal(answer, 422)["message"] for answer in answers}
    assert said == {f"{ALLOWED} did not deliver within 3 s."}
