"""What `ExecutorPool` makes of an executor that broke while nothing was computed."""

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import Any

import pytest

from gateway.errors import SlotCrashed
from gateway.pool import ExecutorPool
from tests.gateway.pool.running import give
from tests.gateway.pool.work import work

pytestmark = pytest.mark.anyio


class Brittle(ThreadPoolExecutor):
    """It takes nothing once it is broken."""

    is_broken = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        if self.is_broken:
            raise BrokenExecutor
        return super().submit(fn, *args, **kwargs)


async def broken_pool(renew: Callable[[], Executor] | None) -> ExecutorPool:
    executor = Brittle(1)
    pool = ExecutorPool(executor, slots=1, queue_length=1, work=work, renew=renew)
    await pool.start()
    executor.is_broken = True
    return pool


async def test_a_job_that_finds_its_executor_broken_goes_to_another() -> None:
    pool = await broken_pool(lambda: ThreadPoolExecutor(1))
    assert (await give(pool, "echo", b"well")).body == b"well"
    assert (pool.snapshot().crashes, pool.snapshot().retries) == (1, 0)
    await pool.stop(grace_seconds=0)


async def test_a_job_that_finds_no_executor_is_not_said_to_have_been_repeated() -> None:
    pool = await broken_pool(None)
    with pytest.raises(SlotCrashed, match=r"^The processes that compute broke down\.$"):
        await give(pool, "echo")
    await pool.stop(grace_seconds=0)
