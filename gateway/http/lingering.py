"""The end of a connection: it stays open until the client has read, but not for ever."""

import asyncio

LINGER_SECONDS = 2
"""A closing connection is kept open so long after the client's last byte."""
LINGER_MAX_SECONDS = 30


class Lingering:
    """Throws away what still comes: a plain close would reset the client before it has read.

    Args:
        transport: of the connection; nothing more is written to it.
        now: the loop's time.
        max_bytes: how much may still come.
    """

    def __init__(self, transport: asyncio.Transport, now: float, max_bytes: int) -> None:
        self._transport = transport
        self._deadline = now + LINGER_SECONDS
        self._end = now + LINGER_MAX_SECONDS
        self._bytes_left = max_bytes
        try:
            transport.write_eof()
        except OSError:  # The client reset it, and no read has shown that yet.
            transport.abort()

    def throw_away(self, count: int, now: float) -> None:
        """Take note of bytes that came."""
        self._deadline = min(now + LINGER_SECONDS, self._end)
        self._bytes_left -= count
        if self._bytes_left < 0:
            self._transport.abort()

    def sweep(self, now: float, *, is_being_read: bool) -> None:
        """Close for good what has been kept open long enough."""
        if is_being_read:
            self._end = now + LINGER_MAX_SECONDS
        elif now > self._end or (now > self._deadline and not self._unsent_bytes):
            self._transport.abort()

    @property
    def _unsent_bytes(self) -> int:
        return self._transport.get_write_buffer_size()
