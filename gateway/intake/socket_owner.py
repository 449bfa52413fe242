"""Whose process holds the other end of a connection, where that lies on this machine."""

import socket
import struct
from ipaddress import IPv4Address, ip_address

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_ESTABLISHED = 1
_ALL_STATES = 0xFFFF_FFFF
_ANY_COOKIE = b"\xff" * 8

_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBxI")
_SOCKET_ID = struct.Struct("!HH16s16s4x8s")
_FOUND = struct.Struct("=BBxx48s3I I")  # family, state, socket id, three figures, user id
_ANSWER_BYTES = 4096


def user_of_peer(peer: tuple[str, int], own: tuple[str, int]) -> int | None:
    """The user id of whoever opened the other end of a TCP connection; None if that lies elsewhere.

    The kernel is asked for a socket of this machine whose own address is the peer's, and whose
    peer is our address: of a remote caller there is none, whatever addresses there are here. It
    knows sockets of its own network namespace.

    Source:
        sock_diag(7), for one socket by its two addresses.
    """
    (family, peer_bytes), (_, own_bytes) = _packed(peer[0]), _packed(own[0])
    ends = struct.pack("!HH16s16s", peer[1], own[1], peer_bytes, own_bytes)
    request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, _ALL_STATES)
    request += ends + bytes(4) + _ANY_COOKIE
    size = _HEADER.size + len(request)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.send(_HEADER.pack(size, _SOCK_DIAG_BY_FAMILY, 1, 0, 0) + request)
        answer = kernel.recv(_ANSWER_BYTES)
    if _HEADER.unpack_from(answer)[1] != _SOCK_DIAG_BY_FAMILY:
        return None  # an error: there is no such socket
    _, state, found, _, _, _, user = _FOUND.unpack_from(answer, _HEADER.size)
    # The kernel also finds one that listens on the peer's port, at any address.
    is_peer = state == _ESTABLISHED and found.startswith(ends)
    return int(user) if is_peer else None


def _packed(text: str) -> tuple[int, bytes]:
    """Family and 16 bytes of an address; one of IPv4 on a socket of IPv6 is one of IPv4."""
    address = ip_address(text)
    address = getattr(address, "ipv4_mapped", None) or address
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    return family, address.packed.ljust(16, b"\0")
