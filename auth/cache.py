"""Answers kept for a moment, so that a burst of requests asks the database once."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from anyio import Lock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[T]):
    answer: T
    since: float
    until: float


class FreshCache(Generic[T]):
    """At most `capacity` answers, the least used given up first, none older than `seconds`."""

    def __init__(self, *, seconds: float, capacity: int, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._capacity = capacity
        self._clock = clock
        self._kept: OrderedDict[bytes, _Kept[T]] = OrderedDict()
        self._locks: WeakValueDictionary[bytes, Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._kept)

    async def get(
        self, key: bytes, load: Callable[[], Awaitable[T]], expiry: Callable[[T], float]
    ) -> T:
        """Answer from memory, or load once for all who wait; a failure is not kept."""
        kept = self._find(key)
        if kept is not None:
            return kept.answer
        lock = self._locks.setdefault(key, Lock())
        async with lock:
            kept = self._find(key)
            if kept is not None:
                return kept.answer
            since = self._clock()
            answer = await load()
            self._kept[key] = _Kept(answer, since, expiry(answer))
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
            return answer

    def _find(self, key: bytes) -> _Kept[T] | None:
        kept = self._kept.get(key)
        if kept is None:
            return None
        now = self._clock()
        if kept.since <= now < min(kept.since + self._seconds, kept.until):
            self._kept.move_to_end(key)
            return kept
        del self._kept[key]
        return None
