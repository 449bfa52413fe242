"""Answers in memory, within bytes and seconds."""

import pytest

from gateway.cache.memory import MemoryAnswers
from tests.auth.conftest import Clock
from tests.gateway.cache.answers import answer, pictured

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(clock: Clock) -> MemoryAnswers:
    return MemoryAnswers(most_bytes=100, seconds=60, clock=clock)


async def test_an_answer_is_found_with_its_files(kept: MemoryAnswers) -> None:
    await kept.put("one", pictured())
    assert await kept.get("one") == pictured()
    assert await kept.get("other") is None


async def test_the_oldest_make_room_and_no_more_than_must(kept: MemoryAnswers) -> None:
    for name in ("first", "second", "third"):
        await kept.put(name, answer(40))
    assert [await kept.get(name) is None for name in ("first", "second", "third")] == [
        True,
        False,
        False,
    ]
    assert kept.held_bytes == 80


async def test_an_answer_put_again_takes_its_room_once(kept: MemoryAnswers) -> None:
    await kept.put("one", answer(70))
    await kept.put("one", answer(60))
    assert kept.held_bytes == 60
    assert await kept.get("one") == answer(60)


async def test_an_answer_larger_than_all_the_room_leaves_nothing(kept: MemoryAnswers) -> None:
    await kept.put("one", answer(101))
    assert (await kept.get("one"), kept.held_bytes) == (None, 0)


async def test_an_answer_is_gone_after_its_time(kept: MemoryAnswers, clock: Clock) -> None:
    await kept.put("one", answer())
    clock.turn(59)
    await kept.put("two", answer())
    assert await kept.get("one")
    clock.turn(1)
    assert await kept.get("one") is None
    assert kept.held_bytes == len(answer().body)


async def test_what_nobody_asks_for_leaves_the_memory_too(
    kept: MemoryAnswers, clock: Clock
) -> None:
    await kept.put("one", answer())
    clock.turn(60)
    assert await kept.get("other") is None
    assert kept.held_bytes == 0
