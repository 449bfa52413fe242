"""Answers in the memory of one gateway process."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from engines.core.run import Answer


def size_of(answer: Answer) -> int:
    """Bytes of its body and its files."""
    return len(answer.body) + sum(len(file.data) for file in answer.files)


class _Kept(NamedTuple):
    answer: Answer
    until: float


class MemoryAnswers:
    """Gives up the oldest where they would be more than `most_bytes`, and none is older.

    Args:
        seconds: that each is kept.
    """

    def __init__(self, *, most_bytes: int, seconds: float, clock: Callable[[], float]) -> None:
        self.held_bytes = 0
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def get(self, key: str) -> Answer | None:
        self._drop_old()
        kept = self._kept.get(key)
        return kept.answer if kept else None

    async def put(self, key: str, answer: Answer) -> None:
        if key in self._kept:
            self._drop(key)
        self._kept[key] = _Kept(answer, self._clock() + self._seconds)
        self.held_bytes += size_of(answer)
        while self.held_bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    async def close(self) -> None:
        self._kept.clear()
        self.held_bytes = 0

    def _drop_old(self) -> None:
        """All are kept for the same time, so the first put are the first to go."""
        now = self._clock()
        while self._kept and next(iter(self._kept.values())).until <= now:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: str) -> None:
        self.held_bytes -= size_of(self._kept.pop(key).answer)
