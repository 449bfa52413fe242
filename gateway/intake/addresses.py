"""Which URLs and hosts a caller may name: spelling rules, forbidden networks, and the look-up."""

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import anyio
import httpx
import idna

from auth.threads import Threads
from gateway.errors import UrlRefused, UrlUnreachable

MAX_URL_LENGTH = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
LOOKUP_THREADS = 256
"""Most are look-ups that nobody waits for any more: a resolver may need a minute to give up."""

Lookup = Callable[[str], Sequence[str]]
Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# A list of our own, because `is_global` gave wrong answers before Python 3.11.10 and 3.12.4
# (CVE-2024-4032): there 192.0.0.192, where one cloud hands out credentials, counts as global.
_FORBIDDEN: tuple[Network, ...] = tuple(
    ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers; a cloud's metadata at 100.100.100.200
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # a cloud's metadata, at an otherwise public address
        "169.254.0.0/16",  # link-local; most clouds' metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; a cloud's metadata at 192.0.0.192
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays from IPv6
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4, which holds an IPv4 address
        "3fff::/20",  # documentation
    )
)

# Outside lie loopback, mapped (::ffff:0:0/96), compatible (::/96), translated (::ffff:0:0:0/96)
# and NAT64 (64:ff9b::/96, 64:ff9b:1::/48) addresses, unique local, link-local, multicast.
_PUBLIC_IPV6 = IPv6Network("2000::/3")

_ISATAP = (0x0000_5EFE, 0x0200_5EFE)  # RFC 5214 §6.1: an IPv4 address follows in the last 32 bits

_URL = re.compile(r"(?P<scheme>[^:/?#]+)://(?P<authority>[^/?#]*)(?P<target>[^#]*)(?:#.*)?")
_AUTHORITY = re.compile(r"(?P<host>\[[^\[\]]*\]|[^\[\]:]+)(?::(?P<port>[0-9]{0,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Of the ports that browsers refuse (Fetch Standard, "bad port") those from 1024 up; below it only
# the two of the web are left.
_BAD_PORTS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566}
    | {6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080}
)


def read_url(text: str) -> httpx.URL:
    """Take a URL apart once; what is asked and connected to later comes from this reading."""
    if len(text) > MAX_URL_LENGTH:
        raise UrlRefused(
            f"The URL has {len(text):,} characters; at most {MAX_URL_LENGTH:,} are taken."
        )
    if not text.isprintable() or " " in text or "\\" in text:
        raise UrlRefused("The URL holds a space, a backslash or a control character; encode it.")
    parts = _URL.fullmatch(text)
    if parts is None or parts["scheme"].lower() not in DEFAULT_PORTS:
        raise UrlRefused("A URL starts with http:// or https://.")
    host, port = _read_authority(parts["authority"])
    where = f"[{host}]" if ":" in host else host
    return httpx.URL(f"{parts['scheme'].lower()}://{where}{port}{parts['target']}")


def _read_authority(authority: str) -> tuple[str, str]:
    if "@" in authority:
        raise UrlRefused("The URL holds a user name or password; none may be sent.")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise UrlRefused("The URL names no host, or a port that is no number.")
    return canonical_host(parts["host"]), f":{parts['port']}" if parts["port"] else ""


def host_of(url: httpx.URL) -> str:
    return url.raw_host.decode("ascii")


def port_of(url: httpx.URL) -> int:
    return DEFAULT_PORTS[url.scheme] if url.port is None else url.port


def canonical_host(text: str) -> str:
    """The one spelling of a host: an ASCII name in lower case, or an address in its usual form."""
    if "%" in text:
        raise UrlRefused("The URL's host holds a percent sign; write the host plainly.")
    host = _to_ascii(text).removesuffix(".")
    address = address_of(host)
    if address is not None:
        return str(address)
    if not _is_name(host):
        raise UrlRefused("The URL's host is neither a name nor an address in its usual form.")
    return host


def _is_name(host: str) -> bool:
    labels = host.split(".")
    # 127.1, 0177.0.0.1 and 2130706433 are no names: the system would read them as addresses.
    is_number = _NUMBER.fullmatch(labels[-1]) is not None
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not is_number


def _to_ascii(text: str) -> str:
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise UrlRefused("The URL's host is not a valid international name.") from None


def address_of(host: str) -> Address | None:
    """The address that a host is, with or without the brackets of IPv6; None for a name."""
    try:
        return IPv6Address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        pass
    try:
        return IPv4Address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Whether an address lies on the public internet and leads to no other one."""
    if isinstance(address, IPv6Address):
        holds_ipv4 = int(address) >> 32 & 0xFFFF_FFFF in _ISATAP
        if holds_ipv4 or address not in _PUBLIC_IPV6:
            return False
    return not any(address in network for network in _FORBIDDEN)


def is_web_port(port: int) -> bool:
    return port in (80, 443) or (1024 <= port <= 65535 and port not in _BAD_PORTS)


def system_lookup(host: str) -> list[str]:
    """All addresses of a name, as the system's resolver orders them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)]


class AddressGuard:
    """Finds the addresses of a host and refuses it unless every one may be connected to.

    Args:
        allow: host names, addresses and networks that may be reached although they are private.
            A name allows whatever addresses it has, a network only those inside it.
        lookup: addresses of a name; runs in a thread.
        lookup_seconds: how long a look-up is waited for.
    """

    def __init__(
        self,
        allow: Iterable[str] = (),
        *,
        lookup: Lookup = system_lookup,
        lookup_seconds: float = 5.0,
    ) -> None:
        entries = [_read_allowed(entry) for entry in allow]
        self._allowed_hosts = {entry for entry in entries if isinstance(entry, str)}
        self._allowed_networks = [entry for entry in entries if not isinstance(entry, str)]
        self._lookup = lookup
        self._lookup_seconds = lookup_seconds
        self._threads = Threads(LOOKUP_THREADS, abandons=True)

    async def resolve(self, host: str, port: int) -> tuple[str, ...]:
        """Look a host up once; connect to what is returned here, never to the name."""
        name = canonical_host(host)
        if not is_web_port(port):
            raise UrlRefused(f"Port {port} of {name} is not fetched from.")
        addresses = await self._addresses(name)
        # One bad address is enough: a caller who owns the name could pick which one is used.
        if name not in self._allowed_hosts and not all(map(self._is_open, addresses)):
            raise UrlRefused(
                f"{name} is not on the public internet; no other host is fetched from."
            )
        return tuple(map(str, addresses))

    async def _addresses(self, name: str) -> list[Address]:
        literal = address_of(name)
        if literal is not None:
            return [literal]
        found = await self._look_up(name)
        if not found:
            raise UrlUnreachable(f"No address of {name} could be found.")
        return found

    async def _look_up(self, name: str) -> list[Address]:
        try:
            with anyio.fail_after(self._lookup_seconds):
                found = await self._threads.run(self._lookup, name)
        except OSError:  # Both the resolver's errors and the time that ran out.
            return []
        return [ip_address(text) for text in found]

    def _is_open(self, address: Address) -> bool:
        return is_public(address) or any(address in network for network in self._allowed_networks)


def _read_allowed(entry: str) -> str | Network:
    """A host name, or a network (an address is one), that may be named although it is private."""
    try:
        return ip_network(entry.removeprefix("[").removesuffix("]"))
    except ValueError:
        pass
    try:
        return canonical_host(entry)
    except UrlRefused:
        raise ValueError(f"{entry!r} is neither a host name, an address nor a network.") from None
