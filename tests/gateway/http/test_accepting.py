"""Connections are taken off a shared socket evenly."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from gateway.http import accepting
from gateway.http.accepting import Acceptor, ConnectionCounts

pytestmark = pytest.mark.anyio


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def ask(listener: socket.socket) -> socket.socket:
    return socket.create_connection(listener.getsockname())


async def first(taken: "asyncio.Queue[socket.socket]") -> None:
    (await taken.get()).close()


def test_the_least_is_that_of_the_workers_that_take_connections() -> None:
    counts = ConnectionCounts(3)
    counts.tell(0, 5)
    counts.tell(2, 7)
    assert counts.least() == 5
    counts.leave(0)
    assert counts.least() == 7


async def test_who_is_not_ahead_takes_a_connection_at_once(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "PATIENCE_SECONDS", 1_000_000)
    taken = asyncio.Queue[socket.socket]()
    acceptor = Acceptor(listener, taken.put_nowait, lambda: False)
    with ask(listener):
        await first(taken)
    acceptor.close()


async def test_who_is_ahead_leaves_a_connection_to_another(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "PATIENCE_SECONDS", 1_000_000)
    busy, other = asyncio.Queue[socket.socket](), asyncio.Queue[socket.socket]()
    ahead = Acceptor(listener, busy.put_nowait, lambda: True)
    behind = Acceptor(listener.dup(), other.put_nowait, lambda: False)
    for _ in range(5):
        with ask(listener):
            await first(other)
    assert busy.empty()
    ahead.close()
    behind.close()


async def test_a_connection_that_no_other_takes_is_taken(listener: socket.socket) -> None:
    taken = asyncio.Queue[socket.socket]()
    acceptor = Acceptor(listener, taken.put_nowait, lambda: True)
    with ask(listener), ask(listener):
        await first(taken)
        await first(taken)
    acceptor.close()


async def test_it_goes_on_when_there_are_files_again(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "EXHAUSTED_SECONDS", 0)
    faults = [OSError(errno.EMFILE, "Too many open files")]

    def accept() -> tuple[socket.socket, object]:
        if faults:
            raise faults.pop()
        return listener.accept()

    exhausted = SimpleNamespace(
        accept=accept,
        fileno=listener.fileno,
        setblocking=listener.setblocking,
        close=listener.close,
    )
    taken = asyncio.Queue[socket.socket]()
    with capture_logs() as logs, ask(listener):
        acceptor = Acceptor(exhausted, taken.put_nowait, lambda: False)  # type: ignore[arg-type]
        await first(taken)
    acceptor.close()
    assert [one["reason"] for one in logs] == ["Too many open files"]
