"""A Dask scheduler and engine workers on the loopback, as processes that a test can kill."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool.cluster.from_settings import cluster_pool
from gateway.pool.cluster.pool import ClusterPool
from gateway.settings import Settings
from tests.serving import REPOSITORY, free_port

END_SECONDS = 30


class Cluster:
    """What runs of it; each process is one that can be killed, and the scheduler started again.

    Args:
        folder: for the logs.
        tls: settings of the certificates, for all that it starts.
    """

    def __init__(self, folder: Path, tls: Mapping[str, Path]) -> None:
        self.port = free_port()
        self.log = folder / "cluster.log"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._tls = tls
        self.scheduler = self.start_scheduler()

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        words = ("-m", "dask", "scheduler", "--host", "127.0.0.1", "--port", str(self.port))
        self.scheduler = self._start(*words, "--no-dashboard", *_dask_options(self._tls))
        return self.scheduler

    def add_worker(self, slots: int = 1, *words: str) -> subprocess.Popen[bytes]:
        """Start another worker, which computes what the tests of pools have computed."""
        address = f"{'tls' if self._tls else 'tcp'}://127.0.0.1:{self.port}"
        told = ("-m", "tests.gateway.pool.engine_worker", address, "--slots", str(slots), *words)
        self.workers.append(self._start(*told))
        return self.workers[-1]

    def pool(self, queue_length: int = 100, **settings: Any) -> ClusterPool:
        """A gateway's pool that is not started yet."""
        told = Settings(
            pool=f"dask://127.0.0.1:{self.port}",
            queue_length=queue_length,
            **{**self._tls, **settings},
        )
        return cluster_pool(told, MemoryQuarantine())

    def end(self) -> None:
        processes = [self.scheduler, *self.workers]
        for process in processes:
            process.kill()
        for process in processes:
            process.wait(END_SECONDS)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
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


@contextmanager
def running_cluster(
    folder: Path, *, slots: Sequence[int] = (1,), tls: Mapping[str, Path] | None = None
) -> Iterator[Cluster]:
    """A scheduler, and a worker for each number of slots."""
    cluster = Cluster(folder, tls or {})
    try:
        for count in slots:
            cluster.add_worker(count)
        yield cluster
    finally:
        cluster.end()


def _dask_options(tls: Mapping[str, Path]) -> list[str]:
    if not tls:
        return []
    names = {
        "pool_tls_ca": "--tls-ca-file",
        "pool_tls_cert": "--tls-cert",
        "pool_tls_key": "--tls-key",
    }
    return [word for name, file in tls.items() for word in (names[name], str(file))]
