"""The gateway's hold on the process that engine processes are forked from."""

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from engines.process.slot import Setup

PRELOAD = ("numpy", "cv2", "engines.models.runtime:preload", "engines.core.registry:catalogue")
"""What every engine process needs; dialects add their presenters."""

EXIT_SECONDS = 2


class ForkServer:
    """Forks engine processes, which no process with threads could do safely.

    It is started when it is first needed, if not before, and again after it died. It dies, and
    with it all engine processes, when the thread that started it ends: by the kernel's hand.

    Args:
        environment: of all engine processes.
        preload: what it loads at once, while nobody has told it yet how engine processes are made.
    """

    def __init__(self, environment: Mapping[str, str], preload: Sequence[str] = ()) -> None:
        self._environment = environment
        self._preload = preload
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._is_set_up = False

    def fork(self, setup: Setup, connection: socket.socket, shared_memory_fd: int) -> None:
        """Ask for an engine process on the other end of a connection; it appears in a moment.

        Raises:
            OSError: the fork server cannot be started, or does not listen.
        """
        if self._process is None or self._process.poll() is not None:
            self.kill()
            self.start()
        assert self._control is not None
        if not self._is_set_up:
            self._control.send(pickle.dumps(setup))
            self._is_set_up = True
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

    def start(self) -> None:
        """Start it, and do not wait for what it loads.

        Raises:
            OSError: it cannot be started.
        """
        # One message is one read, and each carries its files.
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.setblocking(False)
        python_path = os.pathsep.join(path or os.getcwd() for path in sys.path)
        with theirs:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "engines.process.fork_server"),
                    *(str(theirs.fileno()), str(os.getpid()), *self._preload),
                ],
                env={**self._environment, "PYTHONPATH": python_path},
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._is_set_up = False


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
