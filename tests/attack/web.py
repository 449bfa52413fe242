"""What URLs name in the attacks: a source that may be fetched, and addresses that must not."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from tests.pictures import encoded

ALLOWED = "127.0.0.2"
INNER = "127.0.0.1"


class Trap:
    """Listens on addresses of this machine, all of them unless told which."""

    def __init__(self, *hosts: str, port: int = 0) -> None:
        self.port = port
        self._sockets: list[socket.socket] = []
        for host in hosts or ("0.0.0.0", "::")[: 1 + socket.has_ipv6]:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = socket.create_server((host, self.port), family=family)
            listener.setblocking(False)
            self._sockets.append(listener)
            self.port = listener.getsockname()[1]

    def visitors(self) -> list[str]:
        """Where the connections come from that were made."""
        found = []
        for listener in self._sockets:
            try:
                while True:
                    connection, address = listener.accept()
                    connection.close()
                    found.append(address[0])
            except BlockingIOError:
                pass
        return found

    def close(self) -> None:
        for listener in self._sockets:
            listener.close()


class Source(BaseHTTPRequestHandler):
    """A web server whose answer depends on the path."""

    protocol_version = "HTTP/1.1"
    redirects: ClassVar[dict[str, str]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path in self.redirects:
            self._answer(302, b"", Location=self.redirects[self.path])
        elif self.path.startswith("/gzip"):
            self._answer(200, gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
        elif self.path.startswith("/endless"):
            self._send_without_end(bytes(1_000_000), pause_seconds=0)
        elif self.path.startswith("/slow"):
            self._send_without_end(b"x", pause_seconds=0.1)
        else:
            self._answer(200, encoded("PNG"))

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _send_without_end(self, piece: bytes, *, pause_seconds: float) -> None:
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(piece)
                time.sleep(pause_seconds)
        except OSError:
            pass

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@contextmanager
def source_on(host: str) -> Iterator[int]:
    """Serve on an address for as long as it is entered; the port."""
    server = ThreadingHTTPServer((host, 0), Source)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
