"""The process that engine processes are forked from: it has imported everything and does nothing.

It is started by `python -m engines.process.fork_server SOCKET PARENT [NAME …]` and loads what is
named, see `Setup.preload`. It reads one pickled `Setup` and then, for each engine process wanted, a
byte with a socket and the file of a shared memory.
"""

import importlib
import os
import pickle
import signal
import socket
import sys
import traceback

from engines.process.loading import loading
from engines.process.parent import die_with_parent
from engines.process.shared_memory import SharedMemory
from engines.process.slot import Setup, serve

SETUP_BYTES = 64 * 1024


def main() -> None:
    """Fork a process for each message, until the gateway closes its end."""
    control = socket.socket(fileno=int(sys.argv[1]))
    die_with_parent(int(sys.argv[2]))
    _leave_signals_to_the_gateway()
    with loading():
        for name in sys.argv[3:]:
            _load(name)
        sent = control.recv(SETUP_BYTES)
        if not sent:
            return  # The gateway ended before it had started.
        setup: Setup = pickle.loads(sent)
        for name in setup.preload:
            _load(name)
    while (files := _next_order(control)) is not None:
        _fork(control, files, setup)


def _leave_signals_to_the_gateway() -> None:
    """A signal to the whole group must not end jobs that the gateway still waits for."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Thus the kernel itself clears away children that ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def _load(name: str) -> None:
    module, _, function = name.partition(":")
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        return
    if function:
        getattr(loaded, function)()


def _next_order(control: socket.socket) -> list[int] | None:
    message, files, _, _ = socket.recv_fds(control, 1, 2)
    return files if message else None


def _fork(control: socket.socket, files: list[int], setup: Setup) -> None:
    fork_server = os.getpid()
    try:
        is_child = os.fork() == 0
    except OSError:
        traceback.print_exc()
        is_child = False
    if is_child:
        control.close()
        _live(fork_server, files, setup)
    for file in files:
        os.close(file)


def _live(fork_server: int, files: list[int], setup: Setup) -> None:
    """The whole life of an engine process; nothing of the fork server runs after it."""
    try:
        die_with_parent(fork_server)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        connection, shared_memory = socket.socket(fileno=files[0]), SharedMemory(files[1])
        os.close(files[1])
        serve(connection, shared_memory, setup)
    except ConnectionError:
        pass  # The gateway took no more interest.
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
