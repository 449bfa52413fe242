"""The gateway's hold on the process that engine processes are forked from."""

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

from engines.process.slot import Setup

PRELOAD = ("numpy", "cv2", "onnxruntime", "engines.core.registry:catalogue")
"""What every engine process needs; dialects add their presenters."""

EXIT_SECONDS = 2


class ForkServer:
    """Forks engine processes, which no process with threads could do safely.

    It is started when it is first needed and again after it died. It dies, and with it all
    engine processes, when the thread that started it ends: by the kernel's hand.
    """

    def __init__(self, setup: Setup, environment: Mapping[str, str]) -> None:
        self._setup = pickle.dumps(setup)
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def fork(self, connection: socket.socket, shared_memory_fd: int) -> None:
        """Ask for an engine process on the other end of a connection; it appears in a moment.

        Raises:
            OSError: the fork server cannot be started, or does not listen.
        """
        if self._process is None or self._process.poll() is not None:
            self.kill()
            self._open()
        assert self._control is not None
        socket.send_fds(self._control, [b"+"], [connection.fileno(), shared_memory_fd])

    def kill(self) -> None:
        """End it and every engine process, without waiting for them."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.kill()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(EXIT_SECONDS)
        self._control = self._process = None

    def _open(self) -> None:
        # One message is one read, and each carries its files.
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        python_path = os.pathsep.join(path or os.getcwd() for path in sys.path)
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "engines.process.fork_server"),
                    *(str(theirs.fileno()), str(os.getpid())),
                ],
                env={**self._environment, "PYTHONPATH": python_path},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._control.send(self._setup)


def slot_environment(max_pixels: int) -> dict[str, str]:
    """The gateway's environment with what the libraries read when they are loaded."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "OMP_THREAD_LIMIT": "1",
        "MALLOC_ARENA_MAX": "2",
        "OPENCV_IO_MAX_IMAGE_PIXELS": str(max_pixels),
        "OPENCV_IO_ENABLE_OPENEXR": "0",
    }
    # It would turn off malloc's growing threshold: 0.8 ms a job.
    environment.pop("MALLOC_TRIM_THRESHOLD_", None)
    return environment
