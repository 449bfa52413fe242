"""What is found out about a client from which nothing is read."""

import asyncio
import select
import socket
import struct
from collections.abc import Iterator

import pytest

from gateway.http.peer import PROBE_SECONDS, Peer
from tests.serving import WAIT_SECONDS


class Ours(asyncio.Transport):
    """Our end of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        super().__init__({"socket": connection})
        self.connection = connection
        self.written: list[bytes] = []
        self.was_aborted = False

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.written.append(data)

    def abort(self) -> None:
        self.was_aborted = True


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with socket.socket() as made:
        yield made


@pytest.fixture
def ours(client: socket.socket) -> Iterator[Ours]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client.connect(listener.getsockname())
        with listener.accept()[0] as connection:
            yield Ours(connection)


def await_news(ours: Ours) -> None:
    """Return when the kernel has heard from the client."""
    assert select.select([ours.connection], [], [], WAIT_SECONDS)[0]


def test_a_client_that_waits_is_left_alone(ours: Ours) -> None:
    Peer(ours).sweep(0, may_probe=True)
    assert (ours.written, ours.was_aborted) == ([], False)


@pytest.mark.parametrize("may_probe", [True, False])
def test_a_client_that_ended_its_sending_is_probed_once(
    client: socket.socket, ours: Ours, may_probe: bool
) -> None:
    client.shutdown(socket.SHUT_WR)
    await_news(ours)
    peer = Peer(ours)
    peer.end_sending(0)
    peer.sweep(0, may_probe=may_probe)
    assert ours.written == []
    for now in range(1, 5):
        peer.sweep(now * PROBE_SECONDS, may_probe=may_probe)
    assert len(ours.written) == may_probe
    assert not ours.was_aborted


def test_a_client_that_reset_is_noticed(client: socket.socket, ours: Ours) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    await_news(ours)
    Peer(ours).sweep(0, may_probe=True)
    assert ours.was_aborted


def test_a_socket_that_is_closed_already_is_no_fault(ours: Ours) -> None:
    ours.connection.close()
    Peer(ours).sweep(0, may_probe=True)
    assert ours.was_aborted
