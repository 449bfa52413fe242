"""The client of a connection from which nothing is read: whether it is still there."""

import asyncio
import socket

PROBE_SECONDS = 1

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_TCP_CLOSE = 7
_TCP_CLOSE_WAIT = 8


class Peer:
    """What the kernel knows of a client, while no read tells."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._next_look = 0.0
        self._was_probed = False

    def end_sending(self, now: float) -> None:
        """Take note that the client sends no more; it may well wait for a quick answer."""
        self._next_look = now + PROBE_SECONDS

    def sweep(self, now: float, *, may_probe: bool) -> None:
        """End the connection of a client that left.

        One that only ended its sending looks the same until something is written: the host of one
        that left answers with a reset. An interim response may always be sent (RFC 9110 §15.2).
        """
        if now < self._next_look:
            return
        self._next_look = now + PROBE_SECONDS
        state = self._tcp_state()
        if state == _TCP_CLOSE:
            self._transport.abort()
        elif state == _TCP_CLOSE_WAIT and may_probe and not self._was_probed:
            self._was_probed = True
            self._transport.write(_CONTINUE)

    def _tcp_state(self) -> int:
        connection: socket.socket = self._transport.get_extra_info("socket")
        try:
            return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        except OSError:
            return _TCP_CLOSE
