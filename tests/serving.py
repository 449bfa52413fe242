"""The service as its users have it: a process of its own on a port, with its logs."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from gateway.cli import demo
from gateway.settings import PREFIX, Settings

REPOSITORY = Path(__file__).parent.parent
TINY = "tests.gateway.http.tiny_service"
"""A service without engines, which starts quickly."""
WAIT_SECONDS = 60
"""For what comes within a second on an idle machine; a wait ends when it has come."""
START_SECONDS = 300


class Served:
    """A service that can be started, and again once it has ended.

    `process` is its master, the leader of a session that all its processes are in.

    Args:
        words: what Python is told to run.
        environment: its settings.
        host: the address at which it listens.
        port: where it listens there.
        log: the file that its output goes to, that of every start.
        worker_count: gateway workers that it should have.
    """

    user = ""
    password = ""
    process: subprocess.Popen[bytes]

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        host: str,
        port: int,
        log: Path,
        worker_count: int,
    ) -> None:
        self._words = words
        self._environment = environment
        self.host = host
        self.port = port
        self.log = log
        self.worker_count = worker_count
        self.url = f"http://{host}:{port}"
        log.write_bytes(b"")

    def start(self) -> None:
        """Start it, on the same port and data each time, and wait until it is ready."""
        ready = self.logged("worker ready") + self.worker_count
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *self._words],
                cwd=REPOSITORY,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(lambda: self._is_ready(ready), seconds=START_SECONDS)

    def token(self) -> str:
        """A fresh access token."""
        form = {
            "grant_type": "password",
            "client_id": "ltu-api",
            "username": self.user,
            "password": self.password,
        }
        path = "/realms/Production/protocol/openid-connect/token"
        answer = httpx.post(self.url + path, data=form, trust_env=False, timeout=WAIT_SECONDS)
        return str(answer.raise_for_status().json()["access_token"])

    def client(self, headers: Mapping[str, str] | None = None) -> httpx.Client:
        """A client that is authenticated: by a token, unless it has other header fields."""
        headers = headers or {"Authorization": f"Bearer {self.token()}"}
        return httpx.Client(
            base_url=self.url, headers=headers, trust_env=False, timeout=WAIT_SECONDS
        )

    def get(self, path: str = "/", headers: Mapping[str, str] | None = None) -> httpx.Response:
        """What an unknown caller gets, on a connection of its own."""
        url = self.url + path
        return httpx.get(url, headers=headers, trust_env=False, timeout=WAIT_SECONDS)

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection((self.host, self.port), timeout=WAIT_SECONDS)

    def workers(self) -> list[psutil.Process]:
        """The gateway workers."""
        return psutil.Process(self.process.pid).children()

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to the service, orphans too."""
        return [one for one in psutil.process_iter() if _session(one.pid) == self.process.pid]

    def logged(self, event: str) -> int:
        """How often an event is in the log."""
        return self.log.read_text().count(f'"event":"{event}"')

    def logged_path(self, path: str) -> int:
        """How often a path was asked for."""
        return self.log.read_text().count(f'"path":"{path}"')

    def _is_ready(self, workers: int) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return self.logged("worker ready") >= workers

    def end(self) -> int:
        """Tell it to end as systemd does; the exit code, once no process is left."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(WAIT_SECONDS)
        wait_until(lambda: not self.processes())
        return code

    def kill(self) -> None:
        """Leave nothing, however the test went."""
        for process in self.processes():
            process.kill()
        self.process.wait(WAIT_SECONDS)


@contextmanager
def serving(folder: Path, **settings: object) -> Iterator[Served]:
    """Start the service with two gateway workers and an account that may use everything."""
    database = str(settings.get("database", ""))
    password = demo.prepare(Settings(data=folder, database=database))
    with running(folder, "gateway", "serve", **settings) as served:
        served.user, served.password = demo.USER, password
        yield served


@contextmanager
def running(folder: Path, module: str, *arguments: str, **settings: object) -> Iterator[Served]:
    """Run a module that serves with two workers, and end it; no process may be left."""
    port = int(str(settings.get("port", free_port())))
    told = {"data": folder, "host": "127.0.0.1", "port": port, "workers": 2, **settings}
    served = Served(
        ["-m", module, *arguments],
        settings_environment(told),
        str(told["host"]),
        port,
        folder / "log",
        int(str(told["workers"])),
    )
    try:
        served.start()
        yield served
        if served.process.poll() is None:
            assert served.end() == 0
        wait_until(lambda: not served.processes())
    finally:
        served.kill()


def settings_environment(settings: Mapping[str, object]) -> dict[str, str]:
    """Settings as environment variables."""
    return {PREFIX + name.upper(): str(value) for name, value in settings.items()}


def free_port() -> int:
    """A port on which nothing listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], *, seconds: float = WAIT_SECONDS) -> None:
    """Wait until something is true, but not for ever."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return 0
