"""Spelling rules, forbidden networks, and the guard's look-ups, all without a connection."""

import socket
import threading
from ipaddress import ip_address

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import UrlRefused, UrlUnreachable
from gateway.intake.addresses import (
    AddressGuard,
    address_of,
    canonical_host,
    host_of,
    is_public,
    is_web_port,
    read_url,
)
from tests.serving import WAIT_SECONDS

FORBIDDEN = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200"),
    *("127.0.0.1", "127.255.255.254", "168.63.129.16", "169.254.169.254", "172.16.0.1"),
    *("172.31.255.255", "192.0.0.1", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1", "::ffff:8.8.8.8"),
    *("::ffff:0:127.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"),
    *("100::1", "2001::1", "2001:0:7f00:1::80ff:fffe", "2001:2::1", "2001:10::1", "2001:20::1"),
    *("2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "4000::1", "5f00::1"),
    *("fc00::1", "fd00:ec2::254", "fd20:ce::254", "fe80::1", "fe80::1%1", "fec0::1", "ff02::1"),
    *("2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:10.0.0.1"),
]
PUBLIC = [
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
    *("128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255"),
    *("198.17.255.255", "198.20.0.0", "223.255.255.255"),
    *("2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2001:200::1"),
]
MISSPELT_HOSTS = [
    *("127.1", "127.0.1", "0177.0.0.1", "0177.1", "0x7f.0.0.1", "0x7f.1", "0x7f000001"),
    *("0X7F000001", "2130706433", "017700000001", "127.0.0.01", "127.0.0.0x1", "0", "0x"),
    *("1.2.3.4.5", "256.0.0.1", "example.com.1", "example.0x7f", "127.1.", "127.0.0.1.."),
    *("127.0.0.%31", "%6cocalhost", "[fe80::1%251]", "[fe80::1%1]", "[127.0.0.1]", "[::1"),
    *("::1", "[]", "[v1.a]", "", ".", "..", "a..b", ".a", "-a.example", "a-.example"),
    *("a" * 64, ".".join(["a" * 62] * 5), "a,b", "a'b", "a*b", "a;b", "(a)", "a\u200db", "☃.net"),
    *("０１７７.１", "０x7f.1", "２１３０７０６４３３", "．．", "½.example", "a／b", "a：80"),
]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_an_address_that_is_not_public_is_known_as_such(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_known_as_such(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", MISSPELT_HOSTS)
def test_an_unusual_spelling_of_a_host_is_refused(host: str) -> None:
    with pytest.raises(UrlRefused):
        read_url(f"http://{host}/")


@pytest.mark.parametrize(
    ("spelt", "host"),
    [
        ("EXAMPLE.com", "example.com"),
        ("example.com.", "example.com"),
        ("LocalHost.", "localhost"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[2606:4700:0:0::0:1111]", "2606:4700::1111"),
        ("[::FFFF:127.0.0.1]", "::ffff:7f00:1"),
        ("１２７.０.０.１", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("⑯⑨。②⑤④。⑯⑨。②⑤④", "169.254.169.254"),
        ("München.example", "xn--mnchen-3ya.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("pictures_1.example", "pictures_1.example"),
    ],
)
def test_a_host_has_one_spelling(spelt: str, host: str) -> None:
    assert host_of(read_url(f"http://{spelt}/")) == host
    assert canonical_host(host) == host


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "data:,a"),
        *("//example.com/", "http:example.com", "http:/example.com", "http:///a", "http://", ""),
        *("http://1.1.1.1@127.0.0.1/", "http://1.1.1.1 &@127.0.0.1#@1.1.1.1/"),
        *("http://1.1.1.1\\@127.0.0.1/", "http://example.com\\.inner/", "http:\\\\example.com"),
        *(" http://example.com/", "http://example.com/a b", "http://example.com/\ta"),
        *("http://example.com/\r\nX: 1", "http://exa\u00admple.com/", "http://example.com\x00/"),
        *("http://example.com:+80/", "http://example.com:8_0/", "http://example.com:８０/"),
        *("http://example.com:80:80/", "http://[::1]a/", "http://[::1]]/", "http://\ud800/"),
        "http://example.com/" + "a" * 2048,
    ],
)
def test_a_url_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(UrlRefused):
        read_url(url)


@pytest.mark.parametrize("userinfo", ["user", "user:word", "", ":", "a@b", "1.1.1.1:80"])
def test_a_url_with_credentials_is_refused_for_them(userinfo: str) -> None:
    with pytest.raises(UrlRefused, match="user name or password"):
        read_url(f"http://{userinfo}@example.com/")


def test_a_url_is_sent_without_its_fragment_and_percent_encoded() -> None:
    url = read_url("HTTPS://Example.com:8443/ä b?q=é#part".replace(" ", "%20"))
    assert str(url) == "https://example.com:8443/%C3%A4%20b?q=%C3%A9"


@pytest.mark.parametrize("port", [0, 1, 22, 25, 53, 79, 81, 1023, 2049, 6000, 6667, 10080, 65536])
def test_a_port_of_another_service_is_not_taken(port: int) -> None:
    assert not is_web_port(port)


@pytest.mark.parametrize("port", [80, 443, 1024, 3000, 8000, 8443, 65535])
def test_a_port_of_the_web_is_taken(port: int) -> None:
    assert is_web_port(port)


@given(st.text(max_size=60))
def test_any_host_is_refused_or_has_a_spelling_that_the_library_keeps(text: str) -> None:
    try:
        url = read_url(f"http://{text}")
    except UrlRefused:
        return
    host = host_of(url)
    assert canonical_host(host) == host
    assert host_of(httpx.URL(str(url))) == host
    assert not url.userinfo
    assert not url.fragment


@given(st.ip_addresses())
def test_an_address_is_read_as_itself(address: object) -> None:
    host = f"[{address}]" if ":" in str(address) else str(address)
    assert address_of(host_of(read_url(f"http://{host}:8080/a?b"))) == address


@given(st.from_regex(r"https?://[0-9a-fx.:\[\]%@#/?\\-]{1,30}", fullmatch=True))
def test_a_name_is_never_read_as_an_address_by_the_system(url: str) -> None:
    try:
        host = host_of(read_url(url))
    except UrlRefused:
        return
    if address_of(host) is None:
        with pytest.raises(OSError, match="illegal IP address"):
            socket.inet_aton(host)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def guard_of(*addresses: str, allow: tuple[str, ...] = ()) -> AddressGuard:
    return AddressGuard(allow, lookup=lambda _: addresses)


@pytest.mark.anyio
async def test_every_address_of_a_public_host_is_returned() -> None:
    guard = guard_of("1.1.1.1", "2606:4700::1111")
    assert await guard.resolve("pictures.example", 443) == ("1.1.1.1", "2606:4700::1111")


@pytest.mark.anyio
@pytest.mark.parametrize("bad", FORBIDDEN)
@pytest.mark.parametrize("bad_first", [True, False])
async def test_one_forbidden_address_among_several_refuses_the_host(
    bad: str, bad_first: bool
) -> None:
    guard = guard_of(*((bad, "1.1.1.1") if bad_first else ("1.1.1.1", bad)))
    with pytest.raises(UrlRefused, match=r"^pictures\.example is not on the public internet"):
        await guard.resolve("pictures.example", 443)


@pytest.mark.anyio
@pytest.mark.parametrize("spelt", ["Pictures.Inner", "pictures.inner."])
async def test_an_allowed_name_may_have_private_addresses(spelt: str) -> None:
    guard = guard_of("10.0.0.5", allow=(spelt,))
    assert await guard.resolve("pictures.inner", 8080) == ("10.0.0.5",)


@pytest.mark.anyio
async def test_an_allowed_name_allows_no_other_name_and_not_its_address() -> None:
    guard = guard_of("10.0.0.5", allow=("pictures.inner",))
    for host in ("a.pictures.inner", "pictures.inner.example", "10.0.0.5"):
        with pytest.raises(UrlRefused):
            await guard.resolve(host, 8080)


@pytest.mark.anyio
@pytest.mark.parametrize("entry", ["10.1.0.0/16", "10.1.2.3", "fd00:1::/32", "[fd00:1::5]"])
async def test_an_allowed_network_allows_what_lies_inside_it_only(entry: str) -> None:
    inside, outside = ("fd00:1::5", "fd00:2::5") if ":" in entry else ("10.1.2.3", "10.2.2.3")
    assert await guard_of(inside, allow=(entry,)).resolve("a.inner", 80) == (inside,)
    with pytest.raises(UrlRefused):
        await guard_of(inside, outside, allow=(entry,)).resolve("a.inner", 80)


@pytest.mark.anyio
async def test_an_allowed_network_does_not_allow_ipv6_forms_of_its_addresses() -> None:
    with pytest.raises(UrlRefused):
        await guard_of(allow=("127.0.0.0/8",)).resolve("::ffff:127.0.0.1", 80)


@pytest.mark.parametrize(
    "entry", ["10.0.0.5/8", "*.inner", "http://a.inner", "a.inner:80", "127.1"]
)
def test_an_allowed_entry_that_cannot_be_read_ends_the_start(entry: str) -> None:
    with pytest.raises(ValueError, match="neither a host name"):
        AddressGuard([entry])


@pytest.mark.anyio
async def test_a_forbidden_port_is_refused_before_the_look_up() -> None:
    with pytest.raises(UrlRefused, match=r"^Port 22 of pictures\.example"):
        await guard_of().resolve("pictures.example", 22)


@pytest.mark.anyio
async def test_a_name_without_addresses_is_unreachable() -> None:
    with pytest.raises(UrlUnreachable, match=r"^No address of pictures\.example"):
        await guard_of().resolve("pictures.example", 80)


@pytest.mark.anyio
async def test_a_failed_look_up_is_unreachable() -> None:
    def fail(_: str) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(UrlUnreachable):
        await AddressGuard(lookup=fail).resolve("pictures.example", 80)


@pytest.mark.anyio
async def test_a_look_up_that_hangs_is_given_up() -> None:
    released = threading.Event()

    def hang(_: str) -> list[str]:
        released.wait(1000)
        return ["1.1.1.1"]

    try:
        with anyio.fail_after(WAIT_SECONDS), pytest.raises(UrlUnreachable):
            await AddressGuard(lookup=hang, lookup_seconds=0.05).resolve("pictures.example", 80)
    finally:
        released.set()
