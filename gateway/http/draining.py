"""A worker's server: it watches over its connections, and its end loses no request."""

import asyncio
import contextlib
import ctypes
import mmap
import os
import signal
import socket
import struct
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import structlog
from uvicorn.config import Config
from uvicorn.server import Server

from gateway.http.accepting import Acceptor, ConnectionCounts
from gateway.http.lifecycle import Lifecycle
from gateway.http.protocol import Connection
from gateway.settings import Settings

log = structlog.get_logger("gateway.http.draining")

BACKLOG = 2048
SWEEP_SECONDS = 0.5
ANNOUNCEMENT_SECONDS = 0.5
"""A worker that is told to end serves on so long, until it knows that the whole service ends."""
LAST_CALL_SECONDS = 1.0
"""Open connections get so long to send the request that may be under way already."""
FAREWELL_SECONDS = 2.5
"""Clients get so long to read their last answer and close."""
HURRY_SECONDS = 1.0
HANDSHAKE_SECONDS = 0.1

# Classic BPF over a TCP header: drop what has the SYN flag, pass the rest.
_ATTACH_FILTER = 26
_NO_SYN = ((0x30, 0, 0, 13), (0x45, 0, 1, 2), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))


class Finishing:
    """Tells each worker that the service ends, and when none has a request to finish any more.

    The first is a byte that all processes see. The second is a pipe whose one end all of them
    hold: it ends when the last has left, or died.
    """

    def __init__(self) -> None:
        self._announced = mmap.mmap(-1, 1)
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)

    @property
    def is_announced(self) -> bool:
        return self._announced[0] == 1

    def announce(self) -> None:
        """Say that the whole service ends, not a single worker."""
        self._announced[0] = 1

    def leave(self) -> None:
        """Say that this process has nothing to finish."""
        if self._writer != -1:
            os.close(self._writer)
            self._writer = -1

    def is_over(self) -> bool:
        try:
            return os.read(self._reader, 1) == b""
        except BlockingIOError:
            return False


class DrainingServer(Server):
    """Uvicorn's server with sweeps over its connections and an end that loses no request.

    `counts` are those of all workers, and this one's `number` is its place there.
    """

    def __init__(
        self,
        config: Config,
        settings: Settings,
        lifecycle: Lifecycle,
        finishing: Finishing,
        counts: ConnectionCounts,
        number: int,
        beat: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._finishing = finishing
        self._counts = counts
        self._number = number
        self._acceptors: list[Acceptor] = []
        self._connecting: set[asyncio.Task[object]] = set()
        self._settings = settings
        self._lifecycle = lifecycle
        self._beat = beat
        self._keeping: asyncio.Task[None] | None = None
        self._told_to_end = asyncio.Event()

    @property
    def _connections(self) -> list[Connection]:
        return list(self.server_state.connections)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # `startup` sets our own handlers; uvicorn's would raise the signal anew at the end.
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(_log_loose_error)
        self._keeping = loop.create_task(self._keep())
        await super().startup([])
        self._acceptors = [
            Acceptor(listener, self._connect, self._is_ahead) for listener in sockets or []
        ]
        # Until here a signal just kills: no request was taken yet.
        loop.add_signal_handler(signal.SIGTERM, self._end)
        loop.add_signal_handler(signal.SIGQUIT, self._end_at_once)
        log.info("worker ready")

    async def main_loop(self) -> None:
        # Uvicorn would look ten times a second; what it does then, `_keep` does.
        await self._told_to_end.wait()

    def _end(self) -> None:
        self.should_exit = True
        self._told_to_end.set()

    def _end_at_once(self) -> None:
        self.force_exit = True
        self._end()

    async def _keep(self) -> None:
        """Show the master that the loop runs, and enforce the deadlines of all connections."""
        loop = asyncio.get_running_loop()
        while True:
            self._beat()
            await self.on_tick(0)
            if self._acceptors:
                self._is_ahead()
            now = loop.time()
            for connection in self._connections:
                _sweep(connection, now)
            await asyncio.sleep(SWEEP_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what runs, answer what still comes, close, and end the application."""
        await self._until(lambda: self._finishing.is_announced, ANNOUNCEMENT_SECONDS)
        if not self._finishing.is_announced:
            # The other workers go on, and take what comes to the sockets that all share.
            self._leave_listening()
        self._lifecycle.drain()
        log.info("worker drains", requests=len(self.server_state.tasks))
        await self._finish_requests()
        if self._finishing.is_announced:
            await self._stop_listening(sockets or [])
        await self._until(lambda: not self.server_state.connections, LAST_CALL_SECONDS)
        for connection in self._connections:
            connection.interrupt()
        await self._until(lambda: not self.server_state.connections, FAREWELL_SECONDS)
        await self._end_application()
        if self._keeping is not None:
            self._keeping.cancel()
        log.info("worker ended")

    async def _finish_requests(self) -> None:
        """Wait for the requests that run; here, and then in the other workers."""
        end = time.monotonic() + self._settings.drain_seconds
        begun = frozenset(self.server_state.tasks)
        await self._until(lambda: all(task.done() for task in begun), end - time.monotonic())
        self._finishing.leave()
        if self._finishing.is_announced:
            await self._until(self._finishing.is_over, end - time.monotonic())

    async def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for a condition; not longer than some time, and hardly at all in a hurry."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        # At least one turn: what the loop has accepted is no connection before.
        while True:
            await self.on_tick(0)
            await asyncio.sleep(0.05)
            if condition() or loop.time() > end or self.force_exit:
                return

    async def _stop_listening(self, sockets: list[socket.socket]) -> None:
        """Close the listening sockets, but first take what the kernel has accepted already."""
        for listener in sockets:
            _refuse_handshakes(listener)
        await asyncio.sleep(HANDSHAKE_SECONDS)
        for accepted in [accepted for listener in sockets for accepted in _accept_all(listener)]:
            self._connect(accepted)
        self._leave_listening()
        if self._connecting:
            await asyncio.wait(self._connecting)

    def _leave_listening(self) -> None:
        for acceptor in self._acceptors:
            acceptor.close()
        self._acceptors = []
        self._counts.leave(self._number)

    def _is_ahead(self) -> bool:
        """Tell the other workers how many connections there are here; whether one has fewer."""
        count = len(self.server_state.connections) + len(self._connecting)
        self._counts.tell(self._number, count)
        return count > self._counts.least()

    def _connect(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        loop = asyncio.get_running_loop()
        making = loop.create_task(loop.connect_accepted_socket(self._new_connection, accepted))
        self._connecting.add(making)
        making.add_done_callback(self._connecting.discard)

    def _new_connection(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made

    async def _end_application(self) -> None:
        seconds = HURRY_SECONDS if self.force_exit else None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.lifespan.shutdown(), seconds)


def _sweep(connection: Connection, now: float) -> None:
    """A fault in one connection must not stop the beat, nor the deadlines of all others."""
    try:
        connection.sweep(now)
    except Exception as error:
        log.error("fault in a connection", exc_info=error)
        connection.transport.abort()


def _refuse_handshakes(listener: socket.socket) -> None:
    """Have the kernel ignore new connections, and complete those that it began to make."""
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in _NO_SYN)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HP", len(_NO_SYN), ctypes.addressof(buffer))
    # Without it, a connection made between the last `accept` and `close` is reset: 3 of 27,000 in
    # 25 ends under 48 clients on a busy machine.
    with contextlib.suppress(OSError):
        listener.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, program)


def _accept_all(listener: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            accepted, _ = listener.accept()
        except OSError:
            return
        yield accepted


def _log_loose_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """As asyncio does, without the objects, which would show what they hold."""
    log.error(
        "fault outside a request", reason=context["message"], exc_info=context.get("exception")
    )
