"""A Dask scheduler and engine workers on the loopback, as processes that a test can kill."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import psutil
from cryptography import x509

from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool.cluster.from_settings import cluster_pool
from gateway.pool.cluster.pool import ClusterPool
from gateway.settings import Settings
from tests.certificates import Authority
from tests.serving import REPOSITORY, free_port

END_SECONDS = 30


class KnownQuarantine(MemoryQuarantine):
    """One of which a test knows what it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: list[str] = []

    async def refuse(self, digest: str, seconds: float) -> None:
        await super().refuse(digest, seconds)
        self.refused.append(digest)


class Cluster:
    """What runs of it; each process is one that can be killed, and the scheduler started again.

    Args:
        folder: for the log and what workers put on the disk.
        tls: settings of the certificates, for all that it starts.
    """

    def __init__(self, folder: Path, tls: Mapping[str, Path]) -> None:
        self.port = free_port()
        self.log = folder / "cluster.log"
        self.scratch = folder / "scratch"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._tls = tls
        self.scheduler = self.start_scheduler()

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        words = ("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(self.port))
        self.scheduler = self.start(*words, "--no-dashboard", *_dask_options(self._tls))
        return self.scheduler

    def add_worker(self, *labels: str) -> subprocess.Popen[bytes]:
        """Start another worker, with one slot; it comes in a moment."""
        address = f"{'tls' if self._tls else 'tcp'}://127.0.0.1:{self.port}"
        words = ("-m", "tests.gateway.pool.engine_worker", address, str(self.scratch), *labels)
        self.workers.append(self.start(*words))
        return self.workers[-1]

    def keep_one(self) -> None:
        """Have one worker again, whatever a test did to them."""
        alive = [worker for worker in self.workers if worker.poll() is None]
        for worker in alive[1:]:
            kill(worker)
        self.workers = alive[:1]
        if not self.workers:
            self.add_worker()

    def pool(self, queue_length: int = 100, **settings: Any) -> ClusterPool:
        """A gateway's pool that is not started yet."""
        told = Settings(
            pool=f"dask://127.0.0.1:{self.port}",
            queue_length=queue_length,
            **{**self._tls, **settings},
        )
        self.quarantine = KnownQuarantine()
        return cluster_pool(told, self.quarantine)

    def end(self) -> None:
        for process in (self.scheduler, *self.workers):
            kill(process)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        told = {f"PIXELGATE_{name.upper()}": str(file) for name, file in self._tls.items()}
        with self.log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *words],
                cwd=REPOSITORY,
                env={**os.environ, **told},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process, and return when it and all that it has started are gone."""
    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        psutil.wait_procs(started, END_SECONDS)
    process.wait(END_SECONDS)


@contextmanager
def running_cluster(
    folder: Path, *, workers: int = 1, tls: Mapping[str, Path] | None = None
) -> Iterator[Cluster]:
    """A scheduler and workers of one slot each."""
    cluster = Cluster(folder, tls or {})
    try:
        for _ in range(workers):
            cluster.add_worker()
        yield cluster
    finally:
        cluster.end()


def certificates(folder: Path) -> dict[str, Path]:
    """Settings for TLS, and the files that they name."""
    authority = Authority()
    (folder / "ca.pem").write_text(authority.pem())
    authority.write(folder / "own.pem", x509.IPAddress(IPv4Address("127.0.0.1")))
    own = folder / "own.pem"
    return {"pool_tls_ca": folder / "ca.pem", "pool_tls_cert": own, "pool_tls_key": own}


def _dask_options(tls: Mapping[str, Path]) -> list[str]:
    if not tls:
        return []
    names = {
        "pool_tls_ca": "--tls-ca-file",
        "pool_tls_cert": "--tls-cert",
        "pool_tls_key": "--tls-key",
    }
    return [word for name, file in tls.items() for word in (names[name], str(file))]
