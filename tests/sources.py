"""Sources of pictures, on the loopback unless told, for what is named by URL."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@contextmanager
def source(
    handler: Callable[..., BaseHTTPRequestHandler], host: str = "127.0.0.1"
) -> Iterator[str]:
    """Serve with a handler for as long as it is entered; the address."""
    server = HTTPServer((host, 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet:
    """For a handler that logs nothing."""

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""
