"""What goes on as long as the service does."""

import asyncio

import pytest

from gateway.tasks.from_settings import _until
from tests.serving import WAIT_SECONDS

pytestmark = pytest.mark.anyio


async def test_a_fault_begins_anew_and_does_not_hide_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.tasks.from_settings.RESTART_SECONDS", 0)
    ending, begun = asyncio.Event(), asyncio.Queue[None]()

    async def run() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fail())
            await begun.put(None)

    async def fail() -> None:
        raise ZeroDivisionError

    going_on = asyncio.create_task(_until(ending, run))
    for _ in range(3):
        await begun.get()
    ending.set()
    await asyncio.wait([going_on], timeout=WAIT_SECONDS)
    assert going_on.done()
