"""A load generator that costs little: prepared bytes over kept connections, and no event loop."""

import select
import socket
import time
from dataclasses import dataclass, field
from random import Random

_BUFFER_BYTES = 1024 * 1024


@dataclass
class Load:
    """What a run of the generator saw."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Good answers a second."""
        return self.statuses.get(200, 0) / self.seconds

    def percentile(self, share: float) -> float:
        """The latency in ms that a share of the answers stayed below."""
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def keep_asking(host: str, port: int, request: bytes, *, clients: int, seconds: float) -> Load:
    """Keep so many clients asking for so long; then wait for the last answers.

    Raises:
        ConnectionError: the service closed a connection.
    """
    load, buffer, poll = Load(), bytearray(_BUFFER_BYTES), select.epoll()
    made = [_Client(socket.create_connection((host, port)), request, load) for _ in range(clients)]
    busy = {client.fileno: client for client in made}
    start = time.perf_counter()
    for client in made:
        client.ask()
        poll.register(client.fileno, select.EPOLLIN)
    while busy:
        for fileno, _ in poll.poll():
            if not busy[fileno].read(buffer):
                continue
            if time.perf_counter() - start < seconds:
                busy[fileno].ask()
            else:
                busy.pop(fileno).close()
    load.seconds = time.perf_counter() - start
    return load


def keep_coming(
    host: str, port: int, request: bytes, *, rate: float, seconds: float, seed: int
) -> Load:
    """Ask at random moments, so often a second, whether or not answers come; then wait for all.

    A latency runs from the moment at which it was due to be asked.

    Raises:
        ConnectionError: the service closed a connection.
    """
    load, buffer, poll, chance = Load(), bytearray(_BUFFER_BYTES), select.epoll(), Random(seed)
    idle, busy = list[_Client](), dict[int, _Client]()
    start = due = time.perf_counter()
    while busy or due - start < seconds:
        is_over = due - start >= seconds
        wait = -1 if is_over else max(0.0, due - time.perf_counter())
        for fileno, _ in poll.poll(wait):
            if busy[fileno].read(buffer):
                idle.append(busy.pop(fileno))
        if is_over or due > time.perf_counter():
            continue
        if not idle:
            idle.append(_Client(socket.create_connection((host, port)), request, load))
            poll.register(idle[-1].fileno, select.EPOLLIN)
        client = idle.pop()
        client.ask(due)
        busy[client.fileno] = client
        due += chance.expovariate(rate)
    load.seconds = time.perf_counter() - start
    for client in idle:
        client.close()
    return load


class _Client:
    """One connection, which asks again when it is told to."""

    def __init__(self, connection: socket.socket, request: bytes, load: Load) -> None:
        self.fileno = connection.fileno()
        self.close = connection.close
        self._connection = connection
        self._request = request
        self._load = load
        self._missing = 0
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, asked: float | None = None) -> None:
        self._asked = time.perf_counter() if asked is None else asked
        self._connection.sendall(self._request)

    def read(self, buffer: bytearray) -> bool:
        """Take what has come; whether the answer is whole."""
        count = self._connection.recv_into(buffer)
        if not count:
            raise ConnectionError("closed before the answer")
        if self._missing:
            self._missing -= count
        else:
            self._begin(buffer, count)
        if self._missing:
            return False
        self._load.latencies.append(time.perf_counter() - self._asked)
        return True

    def _begin(self, buffer: bytearray, count: int) -> None:
        """Read an answer's head, which comes in one piece."""
        body = buffer.index(b"\r\n\r\n", 0, count) + 4
        head = bytes(buffer[:body]).lower()
        _, _, rest = head.partition(b"content-length: ")
        self._missing = body + int(rest.partition(b"\r\n")[0]) - count
        status = int(head[9:12])
        self._load.statuses[status] = self._load.statuses.get(status, 0) + 1
