"""What fails, one after the other, and how it comes back."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeAlias

import boto3

from benchmarks.scale.site import BUCKET, WORKERS, Site
from tests.serving import wait_until

Failure: TypeAlias = Callable[[Site, float], None]
"""Has a part fail for so many seconds; when it returns, nobody has to mend anything by hand."""


def gateway_killed(site: Site, seconds: float) -> None:
    """All its processes at once, by a signal that none of them notices."""
    gateway = site.gateways["gateway-1"]
    gateway.kill()
    wait_until(lambda: not gateway.processes())
    time.sleep(seconds)
    with site.hosts["gateway-1"].entered():
        gateway.start()


def worker_killed(site: Site, seconds: float) -> None:
    worker = site.servers["worker-1"]
    worker.kill()
    time.sleep(seconds)
    with site.hosts["worker-1"].entered():
        worker.start()


def worker_silent(site: Site, seconds: float) -> None:
    """To one of two gateways."""
    _silence(site, "gateway-1", "worker-1", seconds)


def workers_unplugged(site: Site, seconds: float) -> None:
    """All of them."""
    with ExitStack() as unplugged:
        for name in WORKERS:
            unplugged.enter_context(site.hosts[name].unplugged())
        time.sleep(seconds)


def gateway_unplugged(site: Site, seconds: float) -> None:
    """What it has begun is done by others, and it is told so when it is back."""
    with site.hosts["gateway-1"].unplugged():
        time.sleep(seconds)


def scheduler_restarted(site: Site, seconds: float) -> None:
    _restart(site, "scheduler", seconds)


def postgresql_restarted(site: Site, seconds: float) -> None:
    _restart(site, "postgresql", seconds)


def redis_restarted(site: Site, seconds: float) -> None:
    _restart(site, "redis", seconds)


def s3_restarted(site: Site, seconds: float) -> None:
    """It forgets when it ends, so what it had is put back before others reach it again."""
    server, host = site.servers["s3"], site.hosts["s3"]
    bucket = boto3.resource("s3").Bucket(BUCKET)
    with host.entered():
        with host.unplugged():
            blobs = {one.key: one.get()["Body"].read() for one in bucket.objects.all()}
            server.stop()
        time.sleep(seconds)
        with host.unplugged():
            server.start()
            bucket.create()
            for name, blob in blobs.items():
                bucket.put_object(Key=name, Body=blob)


def postgresql_unplugged(site: Site, seconds: float) -> None:
    with site.hosts["postgresql"].unplugged():
        time.sleep(seconds)


def postgresql_silent(site: Site, seconds: float) -> None:
    """To one of two gateways."""
    _silence(site, "gateway-1", "postgresql", seconds)


def redis_silent(site: Site, seconds: float) -> None:
    _silence(site, "gateway-1", "redis", seconds)


def s3_silent(site: Site, seconds: float) -> None:
    _silence(site, "gateway-1", "s3", seconds)


def gateway_silent(site: Site, seconds: float) -> None:
    """To nginx; it goes on with its tasks."""
    _silence(site, "nginx", "gateway-1", seconds)


def _restart(site: Site, name: str, seconds: float) -> None:
    site.servers[name].stop()
    time.sleep(seconds)
    with site.hosts[name].entered():
        site.servers[name].start()


def _silence(site: Site, one: str, other: str, seconds: float) -> None:
    with site.hosts[one].silent_to(site.hosts[other]):
        time.sleep(seconds)


FAILURES: tuple[Failure, ...] = (
    s3_restarted,  # first, while it has little that is to be put back
    s3_silent,
    worker_killed,
    worker_silent,
    workers_unplugged,
    gateway_killed,
    gateway_unplugged,
    gateway_silent,
    scheduler_restarted,
    postgresql_restarted,
    postgresql_unplugged,
    postgresql_silent,
    redis_restarted,
    redis_silent,
)

BRIEFLY: tuple[Failure, ...] = (
    s3_restarted,
    worker_killed,
    gateway_killed,
    gateway_silent,
    scheduler_restarted,
    postgresql_restarted,
    postgresql_silent,
    redis_restarted,
)
"""Each part once, and the network between two hosts, in front and behind."""
