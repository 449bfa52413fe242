"""The service's processes: a master that keeps gateway workers alive and ends them in order."""

import contextlib
import ctypes
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, Protocol

import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from prometheus_client.multiprocess import mark_process_dead
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn_worker import UvicornWorker

from engines.process.parent import die_with_parent
from gateway.dialects.dialect import Refusal
from gateway.http import logs
from gateway.http.accepting import ConnectionCounts
from gateway.http.draining import BACKLOG, FAREWELL_SECONDS, DrainingServer, Finishing
from gateway.http.lifecycle import Lifecycle
from gateway.http.protocol import Connection
from gateway.metrics import count_together
from gateway.pool.model_check import check_models
from gateway.settings import Settings, misspelt, read_settings

log = structlog.get_logger()

HEARTBEAT_SECONDS = 60
"""A worker whose event loop stands still for so long is killed and replaced."""
REAP_SECONDS = 5
KEPT_BYTES = 1024 * 1024
"""Freed memory of larger blocks goes back to the system at once."""
_M_MMAP_THRESHOLD = -3
_ENDING = {signal.SIGTERM, signal.SIGINT}


class DrainingApp(Protocol):
    """An application that can be told to take no new requests, and how it refuses any."""

    lifecycle: Lifecycle

    def render(self, path: str, refusal: Refusal) -> Response: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


Build = Callable[[Settings], DrainingApp]


def serve(
    settings: Settings, build: Build, when_listening: Callable[[], None] | None = None
) -> None:
    """Run the service until it is told to end; the process ends with it.

    Args:
        settings: of the service.
        build: makes the application in each worker.
        when_listening: called once all ports are this service's own.
    """
    logs.configure(settings.log_level, settings.log_format)
    _allow_open_files(2 * settings.max_connections + 512)
    check_models(settings)
    listeners = [_listen(settings.host, port) for port in settings.ports]
    ports = ",".join(map(str, settings.ports))
    log.info("service starts", host=settings.host, ports=ports, workers=settings.workers)
    if when_listening:
        when_listening()
    GunicornApp(settings, [one.detach() for one in listeners], build).run()


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket; or a sentence, and the end."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, _, _, address = found[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        sys.exit(f"Port {port} of {host} cannot be listened on: {error.strerror}.")
    return listener


def _give_memory_back() -> None:
    """Have freed bodies leave the process: malloc would raise this limit to 32 MB, and keep them.

    Twelve uploads of 25 MB as base64 left 600 MB otherwise.
    """
    with contextlib.suppress(AttributeError):  # Another C library than glibc.
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, KEPT_BYTES)


def _let_engines_go_on() -> None:
    """Have the kernel not interrupt an engine process whenever something arrives for this one.

    Each change costs both their caches. Where every core computes, more has arrived by the time
    that this process has its turn, and is handled in one go; on an idle core nothing waits.
    """
    with contextlib.suppress(OSError):  # Some sandboxes forbid it.
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _allow_open_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, limit), hard))


class GunicornApp(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """The service as gunicorn sees it: configured from settings alone."""

    def __init__(self, settings: Settings, listeners: list[int], build: Build) -> None:
        self.settings = settings
        self._listeners = listeners
        self._build = build
        self.finishing = Finishing()
        self.connection_counts = ConnectionCounts(settings.workers)
        self._counts = count_together()
        super().__init__(prog="pixelgate")

    def load_config(self) -> None:
        for name, value in self._configuration().items():
            self.cfg.set(name, value)

    def _configuration(self) -> dict[str, Any]:
        settings = self.settings
        return {
            "bind": [f"fd://{listener}" for listener in self._listeners],
            "backlog": BACKLOG,
            "workers": settings.workers,
            "worker_class": Worker,
            "worker_tmp_dir": "/dev/shm" if os.path.isdir("/dev/shm") else None,
            "logger_class": logs.GunicornLogger,
            "timeout": HEARTBEAT_SECONDS,
            "graceful_timeout": round(settings.drain_seconds + 2 * FAREWELL_SECONDS + 5),
            "control_socket_disable": True,
            "forwarded_allow_ips": ",".join(settings.trusted_proxies),
            "preload_app": False,
            "pre_fork": _number,
            "child_exit": lambda master, worker: self._forget(worker),
            "on_exit": lambda master: self._end(),
        }

    def _forget(self, worker: "Worker") -> None:
        # What it counted stays; it is left out of what is so now.
        mark_process_dead(worker.pid)
        self.connection_counts.leave(worker.number)

    def _end(self) -> None:
        shutil.rmtree(self._counts, ignore_errors=True)
        log.info("service ended")

    def load(self) -> DrainingApp:
        """Make the application; called in each worker."""
        try:
            return self._build(self.settings)
        except Exception as error:
            log.error("service cannot start", reason=str(error)[:500], exc_info=error)
            sys.exit(Arbiter.APP_LOAD_ERROR)

    def reload(self) -> None:
        """Take over the log level as it is set now; everything else is read at a start."""
        try:
            told, unknown = read_settings(), misspelt()
        except (OSError, ValueError) as error:
            log.error("configuration refused", reason=str(error))
            return
        for name, meant in unknown.items():
            log.warning("no such setting", setting=name, meant=meant)
        logs.set_level(told.log_level)
        log.info("configuration reloaded", log_level=told.log_level)
        before = self.settings.model_copy(update={"log_level": told.log_level})
        if differing := [name for name, value in told if getattr(before, name) != value]:
            log.warning("restart needed", settings=",".join(differing))

    def run(self) -> None:
        # They would make gunicorn take over the sockets of another master.
        for name in ("GUNICORN_PID", "GUNICORN_FD"):
            os.environ.pop(name, None)
        Master(self).run()


class Master(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's master, for which every signal to end is the same, and a second one hurries.

    SIGHUP has it read its configuration anew, unless the terminal hangs up that it was started on.
    """

    def __init__(self, app: GunicornApp) -> None:
        self._is_ending = False
        self._had_terminal = _has_terminal()
        super().__init__(app)

    def init_signals(self) -> None:
        is_detached = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        super().init_signals()
        # Gunicorn would change the number of workers, or run itself anew, at these.
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGTTIN, signal.SIGTTOU):
            signal.signal(number, signal.SIG_IGN)
        if is_detached:  # By `nohup`.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def signal(self, sig: int, frame: object) -> None:
        if sig == signal.SIGHUP and self._had_terminal and not _has_terminal():
            sig = signal.SIGTERM
        if sig in _ENDING:
            # Gunicorn takes TERM for a graceful end, and INT during that end for haste.
            sig = signal.SIGINT if self._is_ending else signal.SIGTERM
            self._is_ending = True
        super().signal(sig, frame)

    def reload(self) -> None:
        # Gunicorn would replace the workers, and with them every engine process and running task.
        self.app.reload()

    def stop(self, graceful: bool = True) -> None:
        self.app.finishing.announce()
        self.app.finishing.leave()
        super().stop(graceful)
        # Gunicorn kills who is left, and would not wait until they are gone.
        end = time.monotonic() + REAP_SECONDS
        while self.WORKERS and time.monotonic() < end:
            self.reap_workers()
            time.sleep(0.01)


def _number(master: Master, worker: "Worker") -> None:
    """Give a worker that is about to be forked the lowest number that none has."""
    taken = {one.number for one in master.WORKERS.values()}
    worker.number = next(number for number in count() if number not in taken)


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY))
    except OSError:
        return False
    return True


class Worker(UvicornWorker):  # type: ignore[misc]  # uvicorn-worker has no types
    """A process that serves connections; of all that run, each has another number."""

    number: int

    CONFIG_KWARGS = {  # noqa: RUF012  # uvicorn-worker declares it so
        "loop": "asyncio",
        "ws": "none",
        "lifespan": "on",
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
    }

    def init_process(self) -> None:
        die_with_parent(self.ppid)
        _give_memory_back()
        _let_engines_go_on()
        super().init_process()

    def init_signals(self) -> None:
        super().init_signals()
        # Ctrl-C reaches the whole process group; the master alone says what follows from it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def run(self) -> None:
        super().run()
        # The interpreter would wait for its threads, and a resolver keeps one as long as it likes.
        os._exit(0)

    async def _serve(self) -> None:
        settings: Settings = self.app.settings
        config: Config = self.config
        config.app = self.wsgi
        config.http = partial(  # type: ignore[assignment]
            Connection,
            settings=settings,
            lifecycle=self.wsgi.lifecycle,
            render=self.wsgi.render,
        )
        config.proxy_headers = bool(settings.trusted_proxies)
        server = DrainingServer(
            config,
            settings,
            self.wsgi.lifecycle,
            self.app.finishing,
            self.app.connection_counts,
            self.number,
            beat=self.notify,
        )
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
