"""The fork server, as a process of its own."""

import os
import socket
import subprocess
import sys

from tests.needs import ROOT


def test_without_a_gateway_it_ends_and_says_nothing() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        fd = theirs.fileno()
        ended = subprocess.run(
            [sys.executable, "-m", "engines.process.fork_server", str(fd), str(os.getpid())],
            cwd=ROOT,
            pass_fds=[fd],
            capture_output=True,
            text=True,
            check=False,
        )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
