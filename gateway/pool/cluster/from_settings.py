"""Pools and workers of a cluster as the settings want them."""

from distributed.security import Security

from gateway.limits.quarantine import Quarantine
from gateway.pool.cluster.pool import ClusterPool
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


def cluster_pool(settings: Settings, quarantine: Quarantine) -> ClusterPool:
    """The slots of workers on other machines."""
    scheme = "tls" if settings.pool_tls_ca else "tcp"
    return ClusterPool(
        settings.pool.replace("dask", scheme, 1),
        queue_length=settings.queue_length,
        quarantine=quarantine,
        labels=dict(one.split(":") for one in settings.worker_labels),
        security=security(settings),
    )
