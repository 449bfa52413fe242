"""Pools and workers of a cluster as the settings want them."""

from distributed.security import Security

from gateway.limits.quarantine import Quarantine
from gateway.pool.cluster.messages import Card
from gateway.pool.cluster.pool import ClusterPool
from gateway.pool.cluster.scheduler import Scheduler
from gateway.settings import Settings


def security(settings: Settings) -> Security:
    """How connections are made: by TLS on both sides where there are certificates."""
    if settings.pool_tls_ca is None:
        return Security()
    names = {
        f"tls_{role}_{kind}": str(file)
        for role in ("client", "worker")
        for kind, file in (("cert", settings.pool_tls_cert), ("key", settings.pool_tls_key))
    }
    return Security(require_encryption=True, tls_ca_file=str(settings.pool_tls_ca), **names)


def address(settings: Settings) -> str:
    """The scheduler's, as Dask writes it."""
    return settings.pool.replace("dask", "tls" if settings.pool_tls_ca else "tcp", 1)


async def cards(settings: Settings) -> list[Card | None]:
    """What the workers say of themselves; None for one that is not ours.

    Raises:
        EnginesUnreachable: the scheduler does not answer.
    """
    async with Scheduler(address(settings), security(settings)) as scheduler:
        return list((await scheduler.cards()).values())


def cluster_pool(settings: Settings, quarantine: Quarantine) -> ClusterPool:
    """The slots of workers on other machines."""
    return ClusterPool(
        address(settings),
        queue_length=settings.queue_length,
        quarantine=quarantine,
        labels=settings.labels,
        security=security(settings),
    )
