"""Two gateways with PostgreSQL, Redis and S3, and nginx in front of them with TLS."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TypeVar

import httpx

from tests.auth.workers import EDGES, log_in
from tests.certificates import Authority
from tests.pictures import encoded
from tests.servers import new_bucket, new_database, nginx, s3
from tests.serving import WAIT_SECONDS, Served, free_port, running, serving, wait_until

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Site:
    """What callers see, and what stands behind it."""

    url: str
    database: str
    gateways: tuple[Served, Served]
    authority: Authority

    def client(self) -> httpx.Client:
        tls = self.authority.trusted()
        return httpx.Client(base_url=self.url, verify=tls, trust_env=False, timeout=WAIT_SECONDS)

    def log_in(self, client: httpx.Client) -> dict[str, str]:
        token = log_in(client, self.gateways[0].user, self.gateways[0].password)["access_token"]
        return {"Authorization": f"Bearer {token}"}

    def of_both(self, path: str, ask: Callable[[], T]) -> list[T]:
        """What is answered when one asks until both gateways have answered something at a path."""
        before = [gateway.logged_path(path) for gateway in self.gateways]
        answers = list[T]()

        def have_answered() -> bool:
            answers.append(ask())
            now = [gateway.logged_path(path) for gateway in self.gateways]
            return all(one > other for one, other in zip(now, before, strict=True))

        wait_until(have_answered)
        return answers

    def restart_under_load(self, *, callers: int, at_least: int) -> Counter[int]:
        """Restart one gateway after the other while callers ask; how often each status came."""
        statuses, is_over = Counter[int](), Event()
        with self.client() as client:
            headers = self.log_in(client)

        def keep_asking() -> None:
            with self.client() as client:
                while not is_over.is_set() or statuses.total() < at_least:
                    sent = {"image": encoded("PNG")}
                    statuses[client.post(EDGES, files=sent, headers=headers).status_code] += 1

        with ThreadPoolExecutor(callers) as threads:
            asking = [threads.submit(keep_asking) for _ in range(callers)]
            try:
                for gateway in self.gateways:
                    before = statuses.total()
                    assert gateway.end() == 0
                    gateway.start()
                    wait_until(lambda: statuses.total() > before)  # noqa: B023
            finally:
                is_over.set()
        for one in asking:
            one.result()
        return statuses


@contextmanager
def opened_site(folder: Path, authority: Authority, postgresql: str, redis: str) -> Iterator[Site]:
    """Such a site, its gateways each with a folder of its own."""
    first, second = folder / "first", folder / "second"
    first.mkdir()
    second.mkdir()
    (second / "keys").symlink_to(first / "keys")
    ports = free_port(), free_port()
    database = new_database(postgresql)
    with nginx(authority, [f"127.0.0.1:{port}" for port in ports]) as front, s3() as store:
        told = {
            "database": database,
            "limits": redis,
            "rate_limit": "1000000/hour",
            "storage": f"s3://{new_bucket(store.address)}",
            "public_url": front.address,
            "trusted_proxies": "127.0.0.1",
            "require_https": True,
            "access_seconds": 3600,
            "slots": 1,
        }
        with (
            serving(first, port=ports[0], **told) as one,
            running(second, "gateway", "serve", port=ports[1], **told) as other,
        ):
            yield Site(front.address, database, (one, other), authority)
