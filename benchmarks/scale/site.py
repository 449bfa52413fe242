"""The whole service scaled out: each part on a host of its own, and callers on another."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from tests import servers
from tests.auth.workers import log_in
from tests.certificates import Authority
from tests.hosts import NETWORK, Host, hosts
from tests.needs import ROOT
from tests.serving import WAIT_SECONDS, Served, running, serving

GATEWAY_PORT = 8000
GATEWAYS = ("gateway-1", "gateway-2")
WORKERS = ("worker-1", "worker-2", "worker-3")
HOSTS = ("callers", "nginx", *GATEWAYS, "postgresql", "redis", "s3", "scheduler", *WORKERS)
BUCKET = "kept"
SYSCTL = ROOT / "deploy" / "sysctl" / "pixelgate.conf"

T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """What stands where.

    Args:
        url: of nginx.
        gateways: by the name of their host.
        servers: by the name of their host.
    """

    url: str
    hosts: dict[str, Host]
    gateways: dict[str, Served]
    servers: dict[str, servers.Server]
    authority: Authority

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """A caller with a token of the demo account; for who has entered the callers' host."""
        tls, demo = self.authority.trusted(), self.gateways["gateway-1"]
        with httpx.Client(
            base_url=self.url, verify=tls, trust_env=False, timeout=WAIT_SECONDS
        ) as client:
            token = log_in(client, demo.user, demo.password)["access_token"]
            client.headers["Authorization"] = f"Bearer {token}"
            yield client


@contextmanager
def opened_site(folder: Path) -> Iterator[Site]:
    """Such a site; what its parts write lies in the folder."""
    authority, stack = Authority(), ExitStack()
    with stack:
        network = stack.enter_context(hosts(*HOSTS))

        def on(name: str, part: AbstractContextManager[T]) -> T:
            with network[name].entered():
                return stack.enter_context(part)

        with network["nginx"].entered():
            subprocess.run(["sysctl", "-q", "-p", SYSCTL], check=True)
        at = {name: host.address for name, host in network.items()}
        upstream = [f"{at[name]}:{GATEWAY_PORT}" for name in GATEWAYS]
        parts = {
            "nginx": on("nginx", servers.nginx(authority, upstream, at["nginx"])),
            "postgresql": on("postgresql", servers.postgresql(at["postgresql"])),
            "redis": on("redis", servers.redis(at["redis"])),
            "s3": on("s3", servers.s3(at["s3"])),
            "scheduler": on("scheduler", servers.dask_scheduler(at["scheduler"])),
        }
        scheduler = parts["scheduler"].address
        with ThreadPoolExecutor(len(WORKERS)) as at_once:
            workers = at_once.map(
                lambda name: on(name, servers.engine_worker(scheduler, at[name])), WORKERS
            )
        parts |= zip(WORKERS, workers, strict=True)
        with network["s3"].entered():
            servers.make_bucket(parts["s3"].address, BUCKET)
        settings = {
            "pool": scheduler.replace("tcp", "dask"),
            "database": parts["postgresql"].address,
            "limits": parts["redis"].address,
            "storage": f"s3://{BUCKET}",
            "public_url": parts["nginx"].address,
            "trusted_proxies": at["nginx"],
            "fetch_allow": f"{NETWORK}.0/24",
            "rate_limit": "1000000/hour",
            "access_seconds": 86_400,
            "port": GATEWAY_PORT,
            "require_https": True,
            "workers": 1,
        }
        first, second = (folder / name for name in GATEWAYS)
        first.mkdir()
        second.mkdir()
        (second / "keys").symlink_to(first / "keys")
        one = on("gateway-1", serving(first, host=at["gateway-1"], **settings))
        other = running(second, "gateway", "serve", host=at["gateway-2"], **settings)
        gateways = {"gateway-1": one, "gateway-2": on("gateway-2", other)}
        yield Site(parts["nginx"].address, network, gateways, parts, authority)
