"""PostgreSQL, Redis, S3, nginx and Dask for tests, each on a port and a folder of its own.

They listen on the loopback, unless a host of its own is named.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from ipaddress import IPv4Address
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography import x509
from sqlalchemy import create_engine, text

from tests.certificates import Authority
from tests.needs import ROOT, lack, need
from tests.serving import START_SECONDS, WAIT_SECONDS, free_port, wait_until

_DEBIAN = ":".join(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)))
"""Debian keeps PostgreSQL's programs off the path."""

LOOPBACK = "127.0.0.1"

NGINX = ROOT / "deploy" / "nginx"
_NGINX_FRAME = """
daemon off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    include pixelgate.conf;
}
"""
"""What Debian's own nginx.conf does for files in conf.d."""


class Server:
    """A server program, which can be stopped and started again on the same port and folder.

    Args:
        address: where clients find it.
        command: runs it in the foreground.
        folder: what it keeps its things in.
        is_ready: whether it takes connections.
        user: whose process it is, where that is another's.
    """

    _process: subprocess.Popen[bytes]

    def __init__(
        self,
        address: str,
        command: list[str],
        folder: str,
        is_ready: Callable[[], bool],
        user: str | None = None,
    ) -> None:
        self.address = address
        self._command = command
        self._folder = folder
        self._is_ready = is_ready
        self._user = user

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            user=self._user,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._is_ready, seconds=START_SECONDS)

    def stop(self) -> None:
        """End it with all its connections."""
        self._process.send_signal(signal.SIGINT)  # At TERM, PostgreSQL waits until clients go.
        self._process.wait(WAIT_SECONDS)

    def kill(self) -> None:
        """End it without its notice."""
        self._process.kill()
        self._process.wait(WAIT_SECONDS)


@contextmanager
def postgresql(host: str = LOOPBACK) -> Iterator[Server]:
    """A server without any rows, which believes everybody."""
    initdb, program, is_ready = (
        need(name, "apt-get install postgresql", _DEBIAN)
        for name in ("initdb", "postgres", "pg_isready")
    )
    port = free_port()
    # PostgreSQL refuses to be run by root; its package brings a user.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        if user:
            shutil.chown(folder, user)
        subprocess.run(
            [initdb, "-D", "rows", "-U", "ada", "-A", "trust", "-N", "--no-locale", "-E", "UTF8"],
            cwd=folder,
            user=user,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        Path(folder, "rows", "pg_hba.conf").write_text("host all all all trust\n")
        options = ("-p", str(port), "-h", host, "-c", "unix_socket_directories=", "-F")
        asking = [is_ready, "-q", "-h", host, "-p", str(port)]
        with _running(
            Server(
                f"postgresql://ada@{host}:{port}/postgres",
                [program, "-D", "rows", *options],
                folder,
                lambda: subprocess.run(asking, check=False).returncode == 0,
                user,
            )
        ) as server:
            yield server


@contextmanager
def redis(host: str = LOOPBACK) -> Iterator[Server]:
    """A server without any keys."""
    program, port = need("redis-server", "apt-get install redis-server"), free_port()
    command = [program, "--port", str(port), "--bind", host, "--save", "", "--protected-mode", "no"]
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(
            Server(f"redis://{host}:{port}", command, folder, lambda: _listens(host, port))
        ) as server,
    ):
        yield server


@contextmanager
def s3(host: str = LOOPBACK) -> Iterator[Server]:
    """A server without any buckets, which AWS's variables name meanwhile."""
    if not find_spec("moto"):
        lack("moto is not installed: pip install 'moto[s3]' flask-cors")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", host, "-p", str(port)]
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(
            Server(f"http://{host}:{port}", command, folder, lambda: _listens(host, port))
        ) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AWS_ENDPOINT_URL", server.address)
        patch.setenv("AWS_ACCESS_KEY_ID", "any")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield server


def new_bucket(s3: str) -> str:
    """The name of a bucket without blobs on a server of S3."""
    name = f"b{uuid4().hex}"
    make_bucket(s3, name)
    return name


def make_bucket(s3: str, name: str) -> None:
    httpx.put(f"{s3}/{name}", trust_env=False, timeout=WAIT_SECONDS).raise_for_status()


@contextmanager
def nginx(authority: Authority, gateways: Sequence[str], host: str = LOOPBACK) -> Iterator[Server]:
    """Our configuration of it, in front of two gateways, each told as `ADDRESS:PORT`."""
    program, port = need("nginx", "apt-get install nginx-light"), free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # Its workers are another user's.
        authority.write(folder / "pixelgate.pem", x509.IPAddress(IPv4Address(host)))
        ours = "".join(file.read_text() for file in NGINX.iterdir())
        for said, here in {
            "127.0.0.1:8000": gateways[0],
            "127.0.0.1:8001": gateways[1],
            "listen 80;": f"listen {host}:{free_port()};",
            "listen 443 ssl;": f"listen {host}:{port} ssl;",
            "/etc/nginx/tls/pixelgate.crt": f"{folder}/pixelgate.pem",
            "/etc/nginx/tls/pixelgate.key": f"{folder}/pixelgate.pem",
        }.items():
            assert said in ours, said
            ours = ours.replace(said, here)
        (folder / "pixelgate.conf").write_text(ours)
        (folder / "nginx.conf").write_text(_NGINX_FRAME)
        command = [program, "-p", name, "-c", f"{folder}/nginx.conf", "-e", "stderr"]
        with _running(
            Server(f"https://{host}:{port}", command, name, lambda: _listens(host, port))
        ) as server:
            yield server


def dask_scheduler(host: str = LOOPBACK) -> AbstractContextManager[Server]:
    """A scheduler without workers."""
    return _python_module(host, "dask", "scheduler", "--no-dashboard")


def engine_worker(scheduler: str, host: str = LOOPBACK) -> AbstractContextManager[Server]:
    """A worker with one slot, which listens when that is warm."""
    return _python_module(host, "gateway", "worker", scheduler, "--slots", "1")


@contextmanager
def _python_module(host: str, *words: str) -> Iterator[Server]:
    """A module that runs as a server of Dask's protocol and is told where to listen."""
    port = free_port()
    command = [sys.executable, "-m", *words, "--host", host, "--port", str(port)]
    with (
        tempfile.TemporaryDirectory() as folder,
        _running(
            Server(f"tcp://{host}:{port}", command, folder, lambda: _listens(host, port))
        ) as server,
    ):
        yield server


def new_database(server: str) -> str:
    """The address of an empty database of a PostgreSQL server."""
    name = f"rows_{uuid4().hex}"
    engine = create_engine(
        server.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return f"{server.rpartition('/')[0]}/{name}"


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _listens(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
