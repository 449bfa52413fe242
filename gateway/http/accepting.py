"""Connections, taken off a socket that all workers share, evenly."""

import asyncio
import mmap
import socket
from collections.abc import Callable

import structlog

log = structlog.get_logger()

PATIENCE_SECONDS = 0.005
"""A worker that holds more connections than another leaves the next one to it for so long."""
EXHAUSTED_SECONDS = 1.0
"""No connection is taken for so long when there were no files or no memory for one."""
_TAKES_NONE = 2**32 - 1


class ConnectionCounts:
    """How many connections each worker holds: a word for each, which all processes see."""

    def __init__(self, workers: int) -> None:
        self._words = memoryview(mmap.mmap(-1, 4 * workers)).cast("I")
        for number in range(workers):
            self.leave(number)

    def tell(self, number: int, count: int) -> None:
        self._words[number] = count

    def leave(self, number: int) -> None:
        """Say that a worker takes no connections, be it that it is gone."""
        self._words[number] = _TAKES_NONE

    def least(self) -> int:
        return min(self._words)


class Acceptor:
    """Takes connections off a listening socket, one a turn of the event loop.

    Of a burst, the worker that is awake would otherwise take what it can: 33 of 64 among four.

    Args:
        listener: the socket.
        connect: makes a connection of what was accepted.
        is_ahead: whether another worker should rather take the next one.
    """

    def __init__(
        self,
        listener: socket.socket,
        connect: Callable[[socket.socket], None],
        is_ahead: Callable[[], bool],
    ) -> None:
        self._listener = listener
        self._connect = connect
        self._is_ahead = is_ahead
        self._pause: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        listener.setblocking(False)
        self._loop.add_reader(listener, self._offered)

    def close(self) -> None:
        """Take no more, and close the socket in this process."""
        self._loop.remove_reader(self._listener)
        if self._pause is not None:
            self._pause.cancel()
        self._listener.close()

    def _offered(self) -> None:
        if self._is_ahead():
            self._wait(PATIENCE_SECONDS)
        else:
            self._take()

    def _wait(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._pause = self._loop.call_later(seconds, self._go_on)

    def _go_on(self) -> None:
        self._loop.add_reader(self._listener, self._offered)
        self._take()

    def _take(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # Another worker took it, or its client left.
        except OSError as error:
            log.error("no connection can be accepted", reason=error.strerror)
            self._wait(EXHAUSTED_SECONDS)
            return
        self._connect(accepted)
