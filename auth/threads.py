"""The one way from the event loop to work that blocks."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """At most `count` threads for one kind of work, so that no kind starves another.

    Args:
        abandons: who is cancelled goes at once and leaves the thread to itself, which keeps its
            place until it ends. Otherwise who is cancelled goes when the thread has ended, so
            that a request is counted as long as it costs. What has not begun never does.
    """

    def __init__(self, count: int, *, abandons: bool = False) -> None:
        # Neither asyncio's threads nor anyio's: the former are few and shared by all kinds, the
        # latter give a cancelled task's place away while its thread still runs.
        self._executor = ThreadPoolExecutor(count)
        self._count = count
        self._abandons = abandons
        self._unended = set[Future[Any]]()

    @property
    def waiting(self) -> int:
        """Calls that have no thread yet."""
        return max(0, len(self._unended) - self._count)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        work = self._executor.submit(function, *args, **kwargs)
        self._unended.add(work)
        work.add_done_callback(self._unended.discard)
        future, cancelled = asyncio.wrap_future(work), None
        try:
            while not future.done():
                try:
                    await asyncio.wait([future])
                except asyncio.CancelledError as error:
                    cancelled = error
                    (future if self._abandons else work).cancel()
            if cancelled is None:
                return future.result()
            if not future.cancelled():
                future.exception()  # or asyncio complains that nobody asked for it
            raise cancelled
        finally:
            del work, future, cancelled  # The error holds this frame: arguments would linger.
