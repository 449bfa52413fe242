"""A proxy that serves a service below a path, and strips that path, as many do."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx

from tests.serving import WAIT_SECONDS

PREFIX = "/pixels"
_OWN = {"connection", "transfer-encoding", "content-encoding", "content-length", "date", "server"}
"""Fields that are not passed on: of a connection, or of a body that arrived compressed."""


@contextmanager
def proxy(port: int, target: str) -> Iterator[None]:
    """Pass on what comes to the port below the prefix; the rest is not there."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._pass_on()

        def do_POST(self) -> None:
            self._pass_on()

        def _pass_on(self) -> None:
            if not self.path.startswith(PREFIX):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            answer = httpx.request(
                self.command,
                target + self.path.removeprefix(PREFIX),
                headers={name: value for name, value in self.headers.items() if name != "Host"},
                content=body,
                trust_env=False,
                timeout=WAIT_SECONDS,
            )
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name not in _OWN:
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
