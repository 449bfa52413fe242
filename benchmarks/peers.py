"""Other servers that do the same job: each is asked as its own users ask it, in its own best form.

`make bench PEERS=mosec` installs one into an environment of its own. It sees the packages of the
service's environment behind its own, so that both compute with the same libraries.
"""

import os
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gateway.pool.fork_server import slot_environment
from tests.serving import REPOSITORY, WAIT_SECONDS, free_port, wait_until

MODULES = {"mosec": "benchmarks.mosec_peer"}
"""The module of each peer, which serves the engine `edges` at `/edges`."""


@dataclass(frozen=True)
class Peer:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int


def _python(name: str) -> Path:
    return Path(sys.prefix) / "peers" / name / "bin" / "python"


def why_not(name: str) -> str:
    """Why a peer cannot take part; empty where it can."""
    if not _python(name).exists():
        return f"it is not installed; `make bench PEERS={name}` does that"
    trial = subprocess.run(
        [_python(name), "-c", f"import {name}"], capture_output=True, text=True, check=False
    )
    return trial.stderr.strip().rpartition("\n")[2]


@contextmanager
def peer_serving(name: str) -> Iterator[Peer]:
    """Start a peer, and end it."""
    port = free_port()
    paths = (str(REPOSITORY), sysconfig.get_path("purelib"))
    process = subprocess.Popen(
        [_python(name), "-m", MODULES[name], "--port", str(port)],
        cwd=REPOSITORY,
        env={**slot_environment(100_000_000), "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # As our service: on a busy machine Linux deals the cores out by session.
        start_new_session=True,
    )
    try:
        wait_until(lambda: _listens(process, port))
        yield Peer(process, port)
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    assert process.poll() is None, "it ended at its start"
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def peer_request(peer: Peer, picture: bytes) -> bytes:
    """A picture as its users send it."""
    head = f"POST /edges HTTP/1.1\r\nHost: 127.0.0.1:{peer.port}\r\nContent-Length: {len(picture)}"
    return head.encode() + b"\r\n\r\n" + picture
