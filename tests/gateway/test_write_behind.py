"""Counts and log lines come a little later, in their order, and none is lost."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from gateway.write_behind import WriteBehind
from tests.serving import serving, wait_until

pytestmark = pytest.mark.anyio


async def until(condition: asyncio.Event) -> None:
    await asyncio.wait_for(condition.wait(), 60)


async def test_what_was_added_is_done_later_in_its_order() -> None:
    write_behind, done, end = WriteBehind(), list[int](), asyncio.Event()
    for number in range(3):
        write_behind.add(lambda number=number: done.append(number))  # type: ignore[misc]
    write_behind.add(end.set)
    assert done == []
    await until(end)
    assert done == [0, 1, 2]


async def test_what_comes_later_is_done_as_well() -> None:
    write_behind = WriteBehind()
    for _ in range(2):
        end = asyncio.Event()
        write_behind.add(end.set)
        await until(end)


async def test_what_fails_does_not_keep_the_others_from_being_done() -> None:
    write_behind, told, end = WriteBehind(), list[object](), asyncio.Event()

    def fail() -> None:
        write_behind.add(end.set)
        raise ZeroDivisionError

    asyncio.get_running_loop().set_exception_handler(
        lambda loop, context: told.append(context["exception"])
    )
    after = asyncio.Event()
    write_behind.add(fail)
    write_behind.add(after.set)
    await until(end)
    await until(after)
    assert [type(one) for one in told] == [ZeroDivisionError]


def test_a_service_that_ends_has_written_a_line_for_each_request(tmp_path: Path) -> None:
    with serving(tmp_path, workers=1) as served:
        for _ in range(20):
            served.get("/v2/nowhere")
        os.kill(served.process.pid, signal.SIGTERM)
        wait_until(lambda: served.process.poll() is not None)
        assert served.logged("request answered") == 20
