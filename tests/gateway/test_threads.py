"""Long work beside the event loop."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from gateway.threads import run_in_thread
from tests.gateway.pool.running import until
from tests.serving import WAIT_SECONDS

pytestmark = pytest.mark.anyio


class Gate:
    """What threads wait at, and how many of them."""

    def __init__(self) -> None:
        self.waiting = 0
        self._is_open = threading.Event()
        self.open = self._is_open.set

    def wait(self) -> bool:
        self.waiting += 1
        return self._is_open.wait(WAIT_SECONDS)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate at which nothing waits after the test."""
    gate = Gate()
    yield gate
    gate.open()


async def goes_on(*tasks: asyncio.Task[object]) -> bool:
    """Whether tasks wait still, after some turns of the event loop."""
    for _ in range(3):
        await asyncio.sleep(0)
    return not any(task.done() for task in tasks)


async def test_a_function_answers_or_raises_as_if_it_were_called() -> None:
    assert await run_in_thread(int, "11", base=2) == 3
    with pytest.raises(ValueError, match="invalid literal"):
        await run_in_thread(int, "x")


async def test_who_is_cancelled_goes_when_the_thread_has_ended(gate: Gate) -> None:
    task = asyncio.create_task(run_in_thread(gate.wait))
    await until(lambda: gate.waiting == 1)
    for _ in range(2):
        task.cancel()
        assert await goes_on(task)
    gate.open()
    await asyncio.wait([task], timeout=WAIT_SECONDS)
    assert task.cancelled()


async def test_what_has_not_begun_is_given_up_at_once(gate: Gate) -> None:
    called = list[str]()
    running = [asyncio.create_task(run_in_thread(gate.wait)) for _ in range(2)]
    await until(lambda: gate.waiting == 2)
    waiting = asyncio.create_task(run_in_thread(called.append, "late"))
    assert await goes_on(*running, waiting)
    waiting.cancel()
    await asyncio.wait([waiting], timeout=WAIT_SECONDS)
    assert waiting.cancelled()
    gate.open()
    assert await asyncio.gather(*running) == [True, True]
    assert called == []
