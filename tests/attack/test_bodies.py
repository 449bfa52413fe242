"""Bodies that cost more to read than to send: refused fast, and other callers do not notice."""

import gzip
import select
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.attack.engine_processes import little_work
from tests.attack.refusals import refusal
from tests.keys import api_key
from tests.serving import WAIT_SECONDS, Served, wait_until

SERVICES = "/v2/services/image/"
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=frontier"
MEGABYTE = 1_000_000

Post = Callable[[bytes, str], httpx.Response]


def part(disposition: str, content: bytes = b"1", headers: bytes = b"") -> bytes:
    head = f"--frontier\r\nContent-Disposition: form-data; {disposition}\r\n".encode()
    return head + headers + b"\r\n" + content + b"\r\n"


def parts(*made: bytes) -> bytes:
    return b"".join(made) + b"--frontier--\r\n"


@pytest.fixture
def post(served: Served, client: httpx.Client) -> Post:
    """Send a body, of a type, that must be refused at little cost."""

    def post(body: bytes, kind: str) -> httpx.Response:
        with little_work(served):
            return client.post(SERVICES + "edges", content=body, headers={"Content-Type": kind})

    return post


@pytest.mark.parametrize("count", [10_000, 200_000])
def test_many_fields_are_refused(post: Post, count: int) -> None:
    pairs = b"&".join(b"f%d=1" % number for number in range(count))
    fields = [part(f'name="f{number}"') for number in range(count)]
    assert refusal(post(pairs, URLENCODED), 400)["error"] == "unreadable_body"
    assert refusal(post(parts(*fields), MULTIPART), 400)["error"] == "unreadable_body"


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
@pytest.mark.parametrize("character", [b";", b"&", b"=", b"\r\n", b"-"])
def test_a_megabyte_of_separators_is_refused(post: Post, character: bytes, kind: str) -> None:
    refusal(post(character * MEGABYTE, kind), 400)


def test_many_fields_in_the_query_are_refused(client: httpx.Client) -> None:
    answer = client.get(SERVICES + "edges?" + "a=1&" * 1900)
    assert refusal(answer, 400)["error"] == "unreadable_body"


def test_many_files_are_refused(post: Post) -> None:
    files = [part(f'name="image"; filename="{number}"') for number in range(5000)]
    assert refusal(post(parts(*files), MULTIPART), 400)["error"] == "unreadable_body"


@pytest.mark.parametrize(
    "headers",
    [
        b"X: %s\r\n" % (b"y" * 5 * MEGABYTE),
        b"%s: y\r\n" % (b"X" * 5 * MEGABYTE),
        b"X: y\r\n" * 10**5,
    ],
    ids=["long value", "long name", "many"],
)
def test_huge_part_headers_are_refused(post: Post, headers: bytes) -> None:
    body = parts(part('name="image"', headers=headers))
    assert refusal(post(body, MULTIPART), 400)["error"] == "unreadable_body"


def test_a_huge_name_is_refused(post: Post) -> None:
    body = parts(part(f'name="{"x" * MEGABYTE}"'))
    assert refusal(post(body, MULTIPART), 400)["error"] == "unreadable_body"


def test_a_file_full_of_almost_boundaries_is_read_once(post: Post) -> None:
    almost = b"\r\n--frontie" * 500_000
    body = parts(part('name="image"; filename="a"', almost))
    assert refusal(post(body, MULTIPART), 422)["error"] == "undecodable_picture"


@pytest.mark.parametrize(
    "filling", [b"?\r\n--a", b"-?\r\n--a", b"\r?\r\n--a", b" "], ids=["ended", "-", "CR", "blanks"]
)
def test_what_the_parser_would_take_byte_by_byte_is_refused(post: Post, filling: bytes) -> None:
    start = b'--a\r\nContent-Disposition: form-data; name="image"\r\n\r\n\r\n--a'
    body = start + filling * (30 * MEGABYTE // len(filling)) + b"\r\n--a--\r\n"
    answer = post(body, "multipart/form-data; boundary=a")
    assert refusal(answer, 400)["error"] == "unreadable_body"


@pytest.mark.parametrize("parameter", [";", ';a="', ';a="\\', "; a"])
def test_headers_full_of_parameters_cost_nothing(post: Post, parameter: str) -> None:
    body = parts(*[part('name="image"' + parameter * (1_900 // len(parameter)))] * 100)
    assert refusal(post(body, MULTIPART), 400)["error"] == "unreadable_body"
    many = parameter * (60_000 // len(parameter))
    answer = post(parts(part('name="image"')), MULTIPART + many)
    assert refusal(answer, 400)["error"] == "unreadable_base64"


def test_headers_continued_over_very_many_lines_are_refused(post: Post) -> None:
    head = b"X" * 1_000 + b": y\r\n" + b" x\r\n" * 300
    body = parts(*[part('name="image"', headers=head * 7)] * 100)
    assert refusal(post(body, MULTIPART), 400)["error"] == "unreadable_body"


def test_a_text_that_only_begins_like_a_picture_is_refused(post: Post) -> None:
    answer = post(b"image=GIF8%E2%82%AC", URLENCODED)
    assert refusal(answer, 400)["error"] == "unreadable_base64"


def test_a_body_of_escapes_alone_is_refused(post: Post) -> None:
    body = b"image=" + b"%41" * 11 * MEGABYTE
    assert refusal(post(body, URLENCODED), 413)["error"] == "upload_too_large"


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
@pytest.mark.parametrize("announces_length", [True, False])
def test_a_large_body_is_refused_readably(
    client: httpx.Client, kind: str, announces_length: bool
) -> None:
    start = part('name="image"; filename="a"')[:-2] if kind == MULTIPART else b"image="

    def body() -> Iterator[bytes]:
        yield start
        for _ in range(36):
            yield b"x" * MEGABYTE

    sent = b"".join(body()) if announces_length else body()
    answer = client.post(SERVICES + "edges", content=sent, headers={"Content-Type": kind})
    assert refusal(answer, 413)["error"] == "upload_too_large"


def test_a_picture_above_its_own_limit_is_refused(client: httpx.Client) -> None:
    answer = client.post(SERVICES + "edges", files={"image": bytes(26 * MEGABYTE)})
    assert refusal(answer, 413)["error"] == "upload_too_large"


def test_an_encoded_body_is_not_unpacked(client: httpx.Client) -> None:
    bomb = gzip.compress(b"image=" + bytes(50 * MEGABYTE))
    headers = {"Content-Type": URLENCODED, "Content-Encoding": "gzip"}
    answer = client.post(SERVICES + "edges", content=bomb, headers=headers)
    assert refusal(answer, 415)["error"] == "unsupported_body"


@pytest.mark.parametrize("field", ["fic_settings", "ignore"])
@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("[" * 9_000 + "]" * 9_000, 400),
        ('{"a":' * 3_000 + "1" + "}" * 3_000, 400),
        ("[" * 500_000, 422),
        ("9" * 9_000, 400),
        ("[NaN, Infinity]", 400),
    ],
    ids=["lists", "objects", "longer", "digits", "no numbers"],
)
def test_deep_json_in_a_field_is_refused(
    client: httpx.Client, photograph: Path, field: str, text: str, status: int
) -> None:
    pictures = [("image", photograph.read_bytes())] * 2
    answer = client.post(SERVICES + "differences", data={field: text}, files=pictures)
    assert refusal(answer, status)["message"].startswith(field)


def test_bodies_that_are_held_together_are_bounded(narrow: Served) -> None:
    body = part('name="image"; filename="a"', bytes(20 * MEGABYTE))
    head = (
        f"POST {SERVICES}edges HTTP/1.1\r\nHost: a\r\nContent-Type: {MULTIPART}\r\n"
        f"Authorization: Bearer {narrow.token()}\r\nContent-Length: {len(body) + 1}\r\n\r\n"
    )
    with ExitStack() as stack:
        holding = [stack.enter_context(narrow.connect()) for _ in range(4)]
        for connection in holding:
            connection.sendall(head.encode() + body)
        refused, _, _ = select.select(holding, [], [], WAIT_SECONDS)
        assert refused[0].recv(1000).startswith(b"HTTP/1.1 429 ")
    with narrow.client() as client:
        files = {"image": bytes(20 * MEGABYTE)}
        wait_until(lambda: client.post(SERVICES + "edges", files=files).status_code == 422)


def test_one_caller_leaves_room_to_the_others(narrow: Served) -> None:
    body = part('name="image"; filename="a"', bytes(7 * MEGABYTE))
    head = (
        f"POST {SERVICES}edges HTTP/1.1\r\nHost: a\r\nContent-Type: {MULTIPART}\r\n"
        f"Authorization: Bearer {narrow.token()}\r\nContent-Length: {len(body) + 1}\r\n\r\n"
    )
    key = {"X-API-Key": api_key(narrow)}
    with ExitStack() as stack:
        for _ in range(16):
            connection = stack.enter_context(narrow.connect())
            connection.sendall(head.encode() + body)
        for _ in range(8):
            answer = httpx.post(
                f"{narrow.url}{SERVICES}edges",
                headers=key,
                files={"image": bytes(5 * MEGABYTE)},
                trust_env=False,
                timeout=WAIT_SECONDS,
            )
            assert refusal(answer, 422)["error"] == "undecodable_picture"
