"""The one way from the event loop to long work on texts: few threads, and who asked waits."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_threads = ThreadPoolExecutor(2, thread_name_prefix="texts")
"""More would be no faster, for they share one interpreter, but hold more memory at once."""


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function beside the event loop.

    Who is cancelled goes only when the thread has ended, so that its request is counted as long
    as it costs; what has not begun by then never does.
    """
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    work = _threads.submit(function, *args, **kwargs)
    work.add_done_callback(lambda _: loop.call_soon_threadsafe(ended.set))
    cancelled: asyncio.CancelledError | None = None
    while not ended.is_set():
        try:
            await ended.wait()
        except asyncio.CancelledError as error:
            work.cancel()
            cancelled = error
    if cancelled is not None:
        raise cancelled
    return work.result()
