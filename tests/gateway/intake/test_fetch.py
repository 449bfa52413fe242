"""Fetching from loopback sources; what was connected to is watched, not what was said about it."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from gateway.errors import QueueFull, UploadTooLarge, UrlRefused, UrlUnreachable
from gateway.intake.addresses import AddressGuard
from gateway.intake.fetch import Fetcher, GuardedTransport
from tests.certificates import Authority
from tests.gateway.pool.running import LONG, LoopClock, until

pytestmark = pytest.mark.anyio

ALLOWED = "127.0.0.2"  # The sources listen on all of 127.0.0.0/8; only this one may be fetched.
INNER = "127.0.0.1"
PICTURE = b"not a picture, but bytes"

Reply = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]

INNER_HOSTS = [
    *("127.0.0.1", "127.1", "0177.0.0.1", "0177.1", "0x7f.1", "0x7f000001", "2130706433"),
    *("017700000001", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "0", "0.0.0.0"),
    *("１２７.０.０.１", "127。0。0。1", "①②⑦.0.0.1", "127.0.0.%31", "%6cocalhost"),
    *("ｌｏｃａｌｈｏｓｔ", "user@127.0.0.1", "127.0.0.2@127.0.0.1", "127.0.0.1\\@127.0.0.2"),
    *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::1%25lo]", "[::1%lo]", "[::ffff:127.0.0.1]"),
    *("[::ffff:127.0.0.2]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[::ffff:0:127.0.0.1]"),
    *("[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0::80ff:fffe]"),
    *("169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "10.0.0.1"),
    *("[fd00:ec2::254]", "[fe80::1]", "[ff02::1]", "255.255.255.255", "224.0.0.1"),
]

_connected: list[str] = []


def _note_connection(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _connected.append(arguments[1][0])


sys.addaudithook(_note_connection)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def connected() -> Iterator[list[str]]:
    """Every address that this process tries to connect to, as the interpreter reports it."""
    _connected.clear()
    yield _connected
    _connected.clear()


class Source:
    """A web server that gives its replies in turn, one a connection, the last one for ever."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.requests: list[str] = []
        self.port = 0
        self.asked = asyncio.Event()
        self.closed_by_peer = asyncio.Event()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            self.asked.set()
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            await (self._send(writer, reply) if isinstance(reply, bytes) else reply(writer))
        except (ConnectionError, asyncio.IncompleteReadError):
            self.closed_by_peer.set()
        finally:
            writer.close()

    async def _send(self, writer: asyncio.StreamWriter, reply: bytes) -> None:
        writer.write(reply)
        await writer.drain()


@asynccontextmanager
async def serving(*replies: Reply, tls: ssl.SSLContext | None = None) -> AsyncIterator[Source]:
    source = Source(*replies)
    server = await asyncio.start_server(source.answer, "0.0.0.0", ssl=tls)
    source.port = server.sockets[0].getsockname()[1]
    try:
        yield source
    finally:
        server.close()
        await server.wait_closed()


def reply(body: bytes = PICTURE, status: str = "200 OK", **headers: str) -> bytes:
    lines = {"Content-Length": str(len(body)), "Connection": "keep-alive"}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def redirect(location: str) -> bytes:
    return reply(b"", "302 Found", Location=location)


fetcher_of = partial(
    Fetcher, version="0", max_bytes=100_000, allow=[ALLOWED], deadline_seconds=LONG
)


async def test_a_picture_is_fetched_from_an_allowed_address(connected: list[str]) -> None:
    async with serving(reply()) as source, fetcher_of() as fetcher:
        assert await fetcher.fetch(f"http://{ALLOWED}:{source.port}/a.png") == PICTURE
    assert connected == [ALLOWED]


async def test_a_request_says_little_and_goes_under_the_name_of_the_host() -> None:
    lookup = {"pictures.example": [ALLOWED]}.__getitem__
    async with serving(reply()) as source, fetcher_of(version="1.2", lookup=lookup) as fetcher:
        await fetcher.fetch(f"http://Pictures.Example:{source.port}/a?b=c#d")
    assert source.requests[0].split("\r\n") == [
        "GET /a?b=c HTTP/1.1",
        f"Host: pictures.example:{source.port}",
        "User-Agent: pixelgate/1.2",
        "Accept: */*",
        "Accept-Encoding: identity",
        "Connection: close",
        "",
        "",
    ]


@pytest.mark.parametrize("host", INNER_HOSTS)
async def test_no_spelling_of_an_inner_address_is_connected_to(
    host: str, connected: list[str]
) -> None:
    async with serving(reply()) as source, fetcher_of() as fetcher:
        with pytest.raises(UrlRefused):
            await fetcher.fetch(f"http://{host}:{source.port}/")
    assert connected == []
    assert source.requests == []


@pytest.mark.parametrize("addresses", [[ALLOWED, INNER], [INNER, ALLOWED], ["1.1.1.1", "::1"]])
async def test_a_name_with_one_forbidden_address_is_not_connected_to(
    addresses: list[str], connected: list[str]
) -> None:
    async with serving(reply()) as source, fetcher_of(lookup=lambda _: addresses) as fetcher:
        with pytest.raises(UrlRefused, match=r"^mixed\.example is not on the public internet"):
            await fetcher.fetch(f"http://mixed.example:{source.port}/")
    assert connected == []


async def test_a_name_that_changes_is_looked_up_once_and_connected_to_as_checked(
    connected: list[str],
) -> None:
    answers = [[ALLOWED], [INNER]]
    async with (
        serving(reply()) as source,
        fetcher_of(lookup=lambda _: answers.pop(0)) as fetcher,
    ):
        url = f"http://rebinding.example:{source.port}/"
        assert await fetcher.fetch(url) == PICTURE
        assert answers == [[INNER]]
        with pytest.raises(UrlRefused):
            await fetcher.fetch(url)
    assert connected == [ALLOWED]


async def test_a_name_that_changes_between_two_hops_is_refused(connected: list[str]) -> None:
    answers = [[ALLOWED], [INNER]]
    async with (
        serving(redirect("/again"), reply()) as source,
        fetcher_of(lookup=lambda _: answers.pop(0)) as fetcher,
    ):
        with pytest.raises(UrlRefused):
            await fetcher.fetch(f"http://rebinding.example:{source.port}/")
    assert connected == [ALLOWED]


async def test_the_next_address_is_tried_when_one_takes_no_connection(
    connected: list[str],
) -> None:
    lookup = {"pictures.example": ["127.0.0.3", ALLOWED]}.__getitem__
    server = await asyncio.start_server(Source(reply()).answer, ALLOWED)
    port = server.sockets[0].getsockname()[1]
    async with server, fetcher_of(allow=["pictures.example"], lookup=lookup) as fetcher:
        assert await fetcher.fetch(f"http://pictures.example:{port}/") == PICTURE
    assert connected == ["127.0.0.3", ALLOWED]


@pytest.mark.parametrize("host", INNER_HOSTS)
async def test_a_redirect_to_an_inner_address_is_not_followed(
    host: str, connected: list[str]
) -> None:
    async with serving(b"") as source, fetcher_of() as fetcher:
        source.replies = [redirect(f"http://{host}:{source.port}/"), reply()]
        with pytest.raises(UrlRefused, match=rf"^{ALLOWED} redirects to a URL that is not") as told:
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
    assert connected == [ALLOWED]
    assert host not in str(told.value).replace(ALLOWED, "")


@pytest.mark.parametrize(
    "location", ["//127.0.0.1/", "file:///etc/passwd", "http://[", "\\\\127.0.0.1\\a"]
)
async def test_a_redirect_in_another_form_is_refused(location: str, connected: list[str]) -> None:
    async with serving(redirect(location)) as source, fetcher_of() as fetcher:
        with pytest.raises(UrlRefused):
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
    assert connected == [ALLOWED]


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
async def test_a_redirect_is_followed_by_a_new_get(status: str, connected: list[str]) -> None:
    hop = reply(b"elsewhere", f"{status} Moved", Location="b/../c%20d?e", Set_Cookie="a=b")
    async with serving(hop, reply()) as source, fetcher_of() as fetcher:
        assert await fetcher.fetch(f"http://{ALLOWED}:{source.port}/a/") == PICTURE
    assert source.requests[1].startswith("GET /a/c%20d?e HTTP/1.1\r\n")
    assert "cookie" not in source.requests[1].lower()
    assert connected == [ALLOWED, ALLOWED]


async def test_three_redirects_are_followed() -> None:
    hops = [redirect("/1"), redirect("/2"), redirect("/3")]
    async with serving(*hops, reply()) as source, fetcher_of() as fetcher:
        assert await fetcher.fetch(f"http://{ALLOWED}:{source.port}/") == PICTURE


async def test_a_fourth_redirect_is_refused() -> None:
    async with serving(redirect("/")) as source, fetcher_of() as fetcher:
        with pytest.raises(UrlRefused, match="more than 3 times"):
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
    assert len(source.requests) == 4


async def test_a_cookie_is_not_kept_for_the_next_fetch() -> None:
    async with serving(reply(Set_Cookie="a=b; Path=/")) as source, fetcher_of() as fetcher:
        for _ in range(2):
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
    assert not any("cookie" in request.lower() for request in source.requests)


async def test_each_fetch_makes_its_own_connection(connected: list[str]) -> None:
    async with serving(reply()) as source, fetcher_of() as fetcher:
        for _ in range(3):
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
    assert connected == [ALLOWED] * 3


async def test_the_transport_checks_anew_although_a_connection_could_be_kept(
    connected: list[str],
) -> None:
    async def stay_open(writer: asyncio.StreamWriter) -> None:
        writer.write(reply())
        await asyncio.wait_for(writer.wait_closed(), LONG)

    answers = [[ALLOWED], [ALLOWED], [INNER]]
    guard = AddressGuard([ALLOWED], lookup=lambda _: answers.pop(0))
    async with (
        serving(stay_open) as source,
        httpx.AsyncClient(transport=GuardedTransport(guard)) as client,
    ):
        url = f"http://pictures.example:{source.port}/"
        for _ in range(2):
            assert (await client.post(url, content=b"a")).content == PICTURE
        with pytest.raises(UrlRefused):
            await client.post(url, content=b"a")
    assert connected == [ALLOWED, ALLOWED]


async def test_an_allowed_ipv6_address_is_connected_to(connected: list[str]) -> None:
    try:
        server = await asyncio.start_server(Source(reply()).answer, "::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    port = server.sockets[0].getsockname()[1]
    async with server, fetcher_of(allow=["::1"]) as fetcher:
        assert await fetcher.fetch(f"http://[0:0::1]:{port}/") == PICTURE
    assert connected == ["::1"]


async def test_proxies_and_passwords_of_the_environment_are_not_used(
    connected: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text(f"machine {ALLOWED} login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with serving(reply()) as source:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{INNER}:{source.port}")
        async with fetcher_of() as fetcher:
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
    assert connected == [ALLOWED]
    assert "authorization" not in source.requests[0].lower()


@pytest.mark.parametrize("status", ["201 Created", "206 Partial", "304 Same", "404 No", "500 No"])
async def test_another_status_is_told_without_the_body(status: str) -> None:
    async with serving(reply(b"inner secret", status)) as source, fetcher_of() as fetcher:
        with pytest.raises(UrlUnreachable) as told:
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
    code = status.partition(" ")[0]
    assert str(told.value) == f"{ALLOWED} answered with status {code}; 200 is expected."


@pytest.mark.parametrize(
    "answer",
    [
        reply(b""),
        reply(Content_Encoding="gzip"),
        reply(Content_Encoding="identity, gzip"),
        reply(Content_Length="9999"),
        reply(Content_Length="-1"),
        reply(Transfer_Encoding="gzip"),
        b"",
        b"SSH-2.0-secret\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * 200_000,
        reply(b"", "302 Found"),
    ],
)
async def test_an_answer_that_is_no_whole_picture_is_refused(answer: bytes) -> None:
    async with serving(answer) as source, fetcher_of() as fetcher:
        with pytest.raises(UrlUnreachable, match=rf"^{ALLOWED} .{{1,80}}\.$") as told:
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
    assert "secret" not in str(told.value)


async def test_the_largest_picture_is_taken_whole() -> None:
    body = bytes(100_000)
    async with serving(reply(body)) as source, fetcher_of() as fetcher:
        assert await fetcher.fetch(f"http://{ALLOWED}:{source.port}/") == body


@pytest.mark.parametrize("length", ["100001", "9" * 19])
async def test_a_declared_length_above_the_limit_is_refused_unread(length: str) -> None:
    async def announce(writer: asyncio.StreamWriter) -> None:
        writer.write(reply(b"", Content_Length=length))
        await asyncio.wait_for(writer.wait_closed(), LONG)

    async with serving(announce) as source, fetcher_of() as fetcher:
        with pytest.raises(UploadTooLarge):
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", b"a" * 1000),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\naa\r\n" * 500),
    ],
)
async def test_an_endless_body_ends_at_the_limit(head: bytes, piece: bytes) -> None:
    async def pour(writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()

    async with serving(pour) as source, fetcher_of() as fetcher:
        with pytest.raises(UploadTooLarge):
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")
        await asyncio.wait_for(source.closed_by_peer.wait(), LONG)


def dripping(drop: bytes) -> Reply:
    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 ")
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.01)

    return drip


@pytest.mark.parametrize(
    "drop",
    [b"2", b"200 OK\r\n\r\na", b"100 Continue\r\n\r\nHTTP/1.1 "],
    ids=["head", "body", "100"],
)
async def test_a_slow_source_ends_at_the_deadline(drop: bytes, clock: LoopClock) -> None:
    async with (
        serving(dripping(drop)) as source,
        fetcher_of(deadline_seconds=1000, read_seconds=2000) as fetcher,
    ):
        fetching = asyncio.create_task(fetcher.fetch(f"http://{ALLOWED}:{source.port}/"))
        await source.asked.wait()
        for _ in range(9):
            await clock.forward(100)  # It drips each time.
            assert not fetching.done()
        await clock.forward(100)
        with pytest.raises(UrlUnreachable, match=r"did not deliver within 1000 s\.$"):
            await fetching
        await asyncio.wait_for(source.closed_by_peer.wait(), LONG)


async def test_redirects_do_not_prolong_the_deadline() -> None:
    async def wait_then_redirect(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(redirect("/"))

    async with (
        serving(wait_then_redirect) as source,
        fetcher_of(deadline_seconds=0.5, max_redirects=100) as fetcher,
    ):
        with pytest.raises(UrlUnreachable, match="did not deliver within"):
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")


async def test_a_silent_source_is_left_before_the_deadline() -> None:
    async def say_nothing(writer: asyncio.StreamWriter) -> None:
        await asyncio.wait_for(writer.wait_closed(), LONG)

    async with serving(say_nothing) as source, fetcher_of(read_seconds=0.1) as fetcher:
        with pytest.raises(UrlUnreachable, match=r"did not answer in time\.$"):
            await fetcher.fetch(f"http://{ALLOWED}:{source.port}/")


async def test_a_closed_port_is_told_without_the_address() -> None:
    async with serving(reply()) as source:
        port = source.port
    async with fetcher_of(lookup=lambda _: [ALLOWED]) as fetcher:
        with pytest.raises(UrlUnreachable) as told:
            await fetcher.fetch(f"http://pictures.example:{port}/")
    assert str(told.value).startswith("pictures.example takes no connection")
    assert ALLOWED not in str(told.value)


async def test_no_more_than_the_places_are_fetched_at_once() -> None:
    running = most = 0
    two = asyncio.Barrier(2)

    async def count(writer: asyncio.StreamWriter) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await two.wait()
        await asyncio.sleep(0.02)
        running -= 1
        writer.write(reply())

    async with serving(count) as source, fetcher_of(at_once=2) as fetcher:
        url = f"http://{ALLOWED}:{source.port}/"
        fetches = [fetcher.fetch(url, owner) for owner in "ababcdcd"]
        assert await asyncio.gather(*fetches) == [PICTURE] * 8
    assert most == 2


async def test_slow_sources_of_one_owner_do_not_keep_another_waiting() -> None:
    async with (
        serving(dripping(b"2")) as slow,
        serving(reply()) as quick,
        fetcher_of(at_once=8, deadline_seconds=1000) as fetcher,
    ):
        url = f"http://{ALLOWED}:{slow.port}/"
        greedy = [asyncio.create_task(fetcher.fetch(url, "greedy")) for _ in range(100)]
        await until(lambda: len(slow.requests) == 6)
        url = f"http://{ALLOWED}:{quick.port}/"
        for _ in range(3):
            assert await fetcher.fetch(url, "other") == PICTURE
        assert len(slow.requests) == 6
        for one in greedy:
            one.cancel()


async def test_a_fetch_that_finds_no_place_is_told_to_come_again() -> None:
    async with (
        serving(dripping(b"2")) as source,
        fetcher_of(at_once=1, deadline_seconds=0.2) as fetcher,
    ):
        fetches = [fetcher.fetch(f"http://{ALLOWED}:{source.port}/") for _ in range(4)]
        outcomes = await asyncio.gather(*fetches, return_exceptions=True)
    waits = [o.retry_after_seconds for o in outcomes if isinstance(o, QueueFull)]
    assert waits in ([1, 1], [1, 1, 1])  # One may take the place of the first as it ends.


async def test_a_cancelled_fetch_closes_its_connection_and_gives_its_place_back() -> None:
    async with serving(dripping(b"2"), reply()) as source, fetcher_of(at_once=1) as fetcher:
        url = f"http://{ALLOWED}:{source.port}/"
        first = asyncio.create_task(fetcher.fetch(url))
        await source.asked.wait()
        first.cancel()
        assert await fetcher.fetch(url) == PICTURE
        await asyncio.wait_for(source.closed_by_peer.wait(), LONG)


async def test_a_certificate_is_checked_against_the_name_and_the_name_is_sent(
    authority: Authority, tmp_path: Path, connected: list[str]
) -> None:
    names: list[str | None] = []
    tls = authority.server(tmp_path, x509.DNSName("pictures.example"))
    tls.sni_callback = lambda _, name, __: names.append(name)
    async with (
        serving(reply(), tls=tls) as source,
        fetcher_of(lookup=lambda _: [ALLOWED], tls=authority.trusted()) as fetcher,
    ):
        assert await fetcher.fetch(f"https://pictures.example.:{source.port}/") == PICTURE
    assert names == ["pictures.example"]
    assert connected == [ALLOWED]


async def test_a_certificate_of_an_address_is_checked_against_it(
    authority: Authority, tmp_path: Path
) -> None:
    tls = authority.server(tmp_path, x509.IPAddress(ip_address(ALLOWED)))
    async with (
        serving(reply(), tls=tls) as source,
        fetcher_of(tls=authority.trusted()) as fetcher,
    ):
        assert await fetcher.fetch(f"https://{ALLOWED}:{source.port}/") == PICTURE


@pytest.mark.parametrize(
    "name", [x509.DNSName("other.example"), x509.IPAddress(ip_address(ALLOWED))]
)
async def test_a_certificate_of_another_name_or_of_the_address_only_is_refused(
    name: x509.GeneralName, authority: Authority, tmp_path: Path
) -> None:
    tls = authority.server(tmp_path, name)
    async with (
        serving(reply(), tls=tls) as source,
        fetcher_of(lookup=lambda _: [ALLOWED], tls=authority.trusted()) as fetcher,
    ):
        with pytest.raises(UrlUnreachable, match="certificate"):
            await fetcher.fetch(f"https://pictures.example:{source.port}/")
    assert source.requests == []


async def test_a_certificate_of_an_unknown_authority_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    tls = authority.server(tmp_path, x509.DNSName("pictures.example"))
    async with (
        serving(reply(), tls=tls) as source,
        fetcher_of(lookup=lambda _: [ALLOWED]) as fetcher,
    ):
        with pytest.raises(UrlUnreachable, match="certificate"):
            await fetcher.fetch(f"https://pictures.example:{source.port}/")
    assert source.requests == []


async def test_https_never_becomes_http(authority: Authority, tmp_path: Path) -> None:
    tls = authority.server(tmp_path, x509.IPAddress(ip_address(ALLOWED)))
    async with serving(reply()) as plain, fetcher_of(tls=authority.trusted()) as fetcher:
        hop = redirect(f"http://{ALLOWED}:{plain.port}/")
        async with serving(hop, tls=tls) as source:
            with pytest.raises(UrlRefused, match="from https to http"):
                await fetcher.fetch(f"https://{ALLOWED}:{source.port}/")
    assert plain.requests == []
