"""PostgreSQL, Redis and S3 for the tests that need them, each on a port and a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text

from tests.needs import lack, need
from tests.serving import WAIT_SECONDS, free_port, wait_until

_DEBIAN = ":".join(map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)))
"""Debian keeps PostgreSQL's programs off the path."""


@contextmanager
def postgresql() -> Iterator[str]:
    """A server without any rows; its address."""
    initdb, server, is_ready = (
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
        options = ("-p", str(port), "-h", "127.0.0.1", "-c", "unix_socket_directories=", "-F")
        with _running([server, "-D", "rows", *options], folder, user):
            asking = [is_ready, "-q", "-h", "127.0.0.1", "-p", str(port)]
            wait_until(lambda: subprocess.run(asking, check=False).returncode == 0)
            yield f"postgresql://ada@127.0.0.1:{port}/postgres"


@contextmanager
def redis() -> Iterator[str]:
    """A server without any keys; its address."""
    server, port = need("redis-server", "apt-get install redis-server"), free_port()
    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "")
    with tempfile.TemporaryDirectory() as folder, _running([server, *options], folder):
        wait_until(lambda: _listens(port))
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def s3() -> Iterator[str]:
    """A server without any buckets; its address."""
    if not find_spec("moto"):
        lack("moto is not installed: pip install 'moto[s3]' flask-cors")
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with tempfile.TemporaryDirectory() as folder, _running(command, folder):
        wait_until(lambda: _listens(port))
        yield f"http://127.0.0.1:{port}"


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
def _running(command: list[str], folder: str, user: str | None = None) -> Iterator[None]:
    process = subprocess.Popen(
        command, cwd=folder, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)  # At TERM, PostgreSQL waits until clients have gone.
        process.wait(WAIT_SECONDS)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
