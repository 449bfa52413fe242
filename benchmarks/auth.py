"""What authentication costs in a request, as a ratio to the same request of an open dialect.

One service with the dialect open, one closed, and one with a rate limit too are asked in turns in
one run; the ratio is the median of the turns' ratios. Beside it: what the guard needs for a token.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from auth.api_keys import ApiKeys
from auth.config import IssuerConfig
from auth.issuer import Issuer
from auth.keys import KeyRing
from auth.sessions import Sessions
from auth.tokens import TokenMint
from auth.users import Users
from benchmarks.load import keep_asking
from benchmarks.picture import jpeg
from gateway.errors import status_of
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.serving import Served, serving

LIMIT = "900000000/day"


@dataclass
class Way:
    """A service, a request to it with credentials of one kind, and what was measured."""

    name: str
    served: Served
    request: bytes
    rates: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def measure(self, clients: int, seconds: float) -> None:
        """Take one turn."""
        before = self._gateway_seconds()
        load = keep_asking(
            "127.0.0.1", self.served.port, self.request, clients=clients, seconds=seconds
        )
        assert set(load.statuses) == {200}, load.statuses
        self.rates.append(load.rate)
        spent = self._gateway_seconds() - before
        self.cpu_ms.append(1000 * spent / load.statuses[200])

    def _gateway_seconds(self) -> float:
        """CPU of the gateway workers alone, for the engines cost the same on every way."""
        times = [worker.cpu_times() for worker in self.served.workers()]
        return sum(one.user + one.system for one in times)


@contextmanager
def every_way(service: str, picture: bytes) -> Iterator[list[Way]]:
    """Nothing, a token, an API key, and a token whose requests are counted."""
    with ExitStack() as stack:

        def start(**settings: object) -> Served:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            return stack.enter_context(serving(folder, access_seconds=86_400, **settings))

        opened, closed, counted = start(open_dialects="ltu"), start(), start(rate_limit=LIMIT)
        yield [
            Way("open", opened, upload(opened, service, picture, {})),
            Way("token", closed, upload(closed, service, picture, token_of(closed))),
            Way("API key", closed, upload(closed, service, picture, api_key_of(closed))),
            Way("token, counted", counted, upload(counted, service, picture, token_of(counted))),
        ]


def upload(served: Served, service: str, picture: bytes, credentials: dict[str, str]) -> bytes:
    """A request as it goes over the wire."""
    url = f"{served.url}/v2/services/image/{service}"
    request = httpx.Request("POST", url, headers=credentials, files={"image": picture})
    head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    return f"POST {request.url.path} HTTP/1.1\r\n{head}\r\n".encode() + request.read()


def token_of(served: Served) -> dict[str, str]:
    return {"Authorization": f"Bearer {served.token()}"}


def api_key_of(served: Served) -> dict[str, str]:
    database = open_database(Settings(data=served.log.parent).database_url)
    try:
        return {"X-API-Key": ApiKeys(database).add(served.user)}
    finally:
        database.dispose()


def compare(service: str, clients: int, turns: int, seconds: float) -> None:
    """Print a line for each way."""
    with every_way(service, jpeg()) as ways:
        for way in ways:
            way.measure(clients, 1.0)
            way.rates.clear()
            way.cpu_ms.clear()
        for _ in range(turns):
            for way in ways:
                way.measure(clients, seconds)
    print(f"{service}, {clients} clients, medians of {turns} turns of {seconds:g} s")
    print(f"{'':<16}{'answers/s':>10}{'of open':>9}{'gateway CPU, ms':>17}{'of open':>9}")
    for way in ways:
        rate, cpu = statistics.median(way.rates), statistics.median(way.cpu_ms)
        of_open = ratio(way.rates, ways[0].rates), ratio(way.cpu_ms, ways[0].cpu_ms)
        print(f"{way.name:<16}{rate:10.1f}{of_open[0]:9.3f}{cpu:17.3f}{of_open[1]:9.3f}")


def ratio(measured: list[float], compared: list[float]) -> float:
    """The median over turns, whose halves were measured in the same moment of a busy machine."""
    return statistics.median(a / b for a, b in zip(measured, compared, strict=True))


def verify(count: int) -> None:
    """Print how long the guard takes for a token that it has seen."""
    config = IssuerConfig("http://127.0.0.1:8000")
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/rows.db")
        issuer = Issuer(database, config, Path(folder) / "keys", status_of=status_of)
        user = Users(database).add("ada", "correct horse")
        session = Sessions(database, config).start(user.id, "ltu-api", "openid")
        keys = KeyRing(Path(folder) / "keys", lifetime_seconds=config.access_seconds)
        token = str(TokenMint(config, keys).answer(session, user, "openid")["access_token"])
        microseconds = 1e6 * asyncio.run(_seconds_each(issuer, token, count))
        database.dispose()
    print(f"one verification: {microseconds:.1f} us, mean of {count} within a run")


async def _seconds_each(issuer: Issuer, token: str, count: int) -> float:
    await issuer.guard.authenticate_token(token)
    start = time.perf_counter()
    for _ in range(count):
        await issuer.guard.authenticate_token(token)
    return (time.perf_counter() - start) / count


def main() -> None:
    """Print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", default=["edges"])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--turns", type=int, default=5, help="measurements of each way")
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one measurement")
    chosen = parser.parse_args()
    verify(50_000)
    for service in chosen.services:
        compare(service, chosen.clients, chosen.turns, chosen.seconds)


if __name__ == "__main__":
    main()
