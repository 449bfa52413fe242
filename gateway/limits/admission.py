"""How much one caller may ask: so many requests in a time, and so many at once."""

import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import Storage
from limits.errors import StorageError

from gateway.errors import StateUnreachable, TooManyRequests

log = structlog.get_logger()

POLICY = "caller"
AGAIN_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rate limit leaves a caller.

    Args:
        limit: so many requests in a window.
        count: how many were made in this one.
        reset_seconds: when the next one begins.
    """

    limit: RateLimitItem
    count: int
    reset_seconds: int

    @property
    def fields(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 writes it."""
        quota, window = self.limit.amount, self.limit.get_expiry()
        remaining = max(0, quota - self.count)
        return {
            "RateLimit-Policy": f'"{POLICY}";q={quota};w={window}',
            "RateLimit": f'"{POLICY}";r={remaining};t={self.reset_seconds}',
        }

    def refuse_excess(self) -> None:
        if self.count > self.limit.amount:
            raise TooManyRequests(
                f"The caller has made its {self.limit.amount} requests of "
                f"{self.limit.get_expiry()} s; the next are taken in {self.reset_seconds} s.",
                retry_after_seconds=self.reset_seconds,
            )


class Rate:
    """So many requests of each caller in a window of time, for example `100/minute`."""

    def __init__(
        self, limit: str, storage: Storage, clock: Callable[[], float] = time.time
    ) -> None:
        self._limit = parse(limit)
        self._storage = storage
        self._clock = clock

    async def count(self, owner: str) -> Standing:
        """Count this request; what `limits` calls the strategy of fixed windows.

        Raises:
            StateUnreachable: the counts do not answer.
        """
        key = self._limit.key_for(owner)
        try:
            count = await self._storage.incr(key, self._limit.get_expiry())
            left_seconds = math.ceil(await self._storage.get_expiry(key) - self._clock())
        except StorageError as error:
            log.error("the counts of requests do not answer", reason=type(error.__cause__).__name__)
            raise StateUnreachable.just_now() from error
        return Standing(self._limit, count, max(1, left_seconds))


class Places:
    """How many requests of each caller this process is serving."""

    def __init__(self, at_most: int) -> None:
        self._at_most = at_most
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken_by(self, owner: str) -> Iterator[None]:
        if self._at_most and self._taken[owner] >= self._at_most:
            raise TooManyRequests(
                f"{self._at_most} requests of the caller are being served; no more are taken.",
                retry_after_seconds=AGAIN_SECONDS,
            )
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]


class Admission:
    """Lets callers in, each by the same measure; without a rate nothing is counted."""

    def __init__(self, places: Places, rate: Rate | None = None) -> None:
        self._places = places
        self._rate = rate

    @asynccontextmanager
    async def admit(self, owner: str, fields: dict[str, str]) -> AsyncIterator[None]:
        """Hold a place while a request is served; what its answer says of the rate is added."""
        with self._places.taken_by(owner):
            if self._rate:
                standing = await self._rate.count(owner)
                fields.update(standing.fields)
                standing.refuse_excess()
            yield
