"""Answers kept for a moment: fresh, bounded, asked for once."""

import anyio
import pytest

from auth.cache import FreshCache
from tests.auth.conftest import Clock

pytestmark = pytest.mark.anyio


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False

    async def load(self) -> int:
        self.asked += 1
        await anyio.lowlevel.checkpoint()
        if self.fails:
            raise LookupError("nothing")
        return self.asked


def make(clock: Clock, capacity: int = 10) -> FreshCache[int]:
    return FreshCache(seconds=1, capacity=capacity, clock=clock)


async def ask(cache: FreshCache[int], source: Source, key: bytes = b"a", until: float = 9e9) -> int:
    return await cache.get(key, source.load, lambda _: until)


async def test_an_answer_is_kept_for_its_time(clock: Clock) -> None:
    cache, source = make(clock), Source()
    assert [await ask(cache, source), await ask(cache, source)] == [1, 1]
    clock.turn(1)
    assert await ask(cache, source) == 2


async def test_an_answer_is_never_kept_past_its_expiry(clock: Clock) -> None:
    cache, source = make(clock), Source()
    await ask(cache, source, until=clock() + 0.5)
    clock.turn(0.5)
    assert await ask(cache, source) == 2


async def test_a_clock_set_back_makes_no_answer_last(clock: Clock) -> None:
    cache, source = make(clock), Source()
    await ask(cache, source)
    clock.turn(-100)
    assert await ask(cache, source) == 2


async def test_a_burst_asks_once(clock: Clock) -> None:
    cache, source = make(clock), Source()
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(ask, cache, source)
    assert source.asked == 1


async def test_a_failure_is_not_kept(clock: Clock) -> None:
    cache, source = make(clock), Source()
    source.fails = True
    with pytest.raises(LookupError):
        await ask(cache, source)
    source.fails = False
    assert await ask(cache, source) == 2


async def test_the_least_used_answer_is_given_up(clock: Clock) -> None:
    cache, source = make(clock, capacity=2), Source()
    await ask(cache, source, b"a")
    await ask(cache, source, b"b")
    await ask(cache, source, b"a")
    await ask(cache, source, b"c")
    assert len(cache) == 2
    assert await ask(cache, source, b"a") == 1
    assert await ask(cache, source, b"b") == 4


async def test_who_gives_up_waiting_leaves_the_others_their_answer(clock: Clock) -> None:
    cache, source = make(clock), Source()
    answers: list[int] = []

    async def follow() -> None:
        answers.append(await ask(cache, source))

    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await ask(cache, source)
        group.start_soon(follow)
    assert len(answers) == 1
