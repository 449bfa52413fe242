"""Who holds the other end of a connection is known, if that lies on this machine."""

import os
import socket
from collections.abc import Iterator

import pytest

from gateway.intake.socket_owner import user_of_peer
from tests.needs import another_user

ELSEWHERE = {socket.AF_INET: "203.0.113.5", socket.AF_INET6: "2001:db8::5"}


@pytest.fixture(params=[(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")], ids=["4", "6"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """On the loopback."""
    family, host = request.param
    with socket.create_server((host, 0), family=family) as made:
        yield made


def ends(accepted: socket.socket) -> tuple[tuple[str, int], tuple[str, int]]:
    return accepted.getpeername()[:2], accepted.getsockname()[:2]


def test_a_caller_on_this_machine_is_known(listener: socket.socket) -> None:
    with socket.create_connection(listener.getsockname()[:2]), listener.accept()[0] as accepted:
        assert user_of_peer(*ends(accepted)) == os.getuid()


def test_a_caller_by_an_older_address_is_known_on_a_socket_of_both_kinds() -> None:
    with (
        socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as listener,
        socket.create_connection(("127.0.0.1", listener.getsockname()[1])),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getpeername()[0] == "::ffff:127.0.0.1"
        assert user_of_peer(*ends(accepted)) == os.getuid()


def test_a_caller_elsewhere_is_nobody_here(listener: socket.socket) -> None:
    own = listener.getsockname()[:2]
    assert user_of_peer((ELSEWHERE[listener.family], 4000), own) is None


def test_who_listens_on_the_port_of_a_remote_caller_is_not_taken_for_them() -> None:
    with socket.create_server(("0.0.0.0", 0)) as everywhere:
        port = everywhere.getsockname()[1]
        assert user_of_peer(("203.0.113.5", port), ("127.0.0.1", 8000)) is None
        assert user_of_peer(("127.0.0.1", port), ("127.0.0.1", 8000)) is None


def test_who_is_gone_is_nobody(listener: socket.socket) -> None:
    client = socket.create_connection(listener.getsockname()[:2])
    with listener.accept()[0] as accepted:
        client.close()
        assert user_of_peer(*ends(accepted)) is None


def test_another_user_is_told_apart(listener: socket.socket) -> None:
    with another_user() as user:
        client = socket.create_connection(listener.getsockname()[:2])
    with client, listener.accept()[0] as accepted:
        assert user_of_peer(*ends(accepted)) == user
