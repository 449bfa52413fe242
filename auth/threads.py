"""The one way from the event loop to work that blocks."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """At most `count` threads for one kind of work, so that no kind starves another."""

    def __init__(self, count: int) -> None:
        self._limiter = CapacityLimiter(count)

    @property
    def waiting(self) -> int:
        return self._limiter.statistics().tasks_waiting

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self._limiter)
