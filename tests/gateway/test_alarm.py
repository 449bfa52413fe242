"""The alarm: it rings at its time, wherever that was moved."""

import asyncio
from collections.abc import Callable
from math import inf

import pytest

from gateway.pool.alarm import Alarm
from tests.gateway.running import until

pytestmark = pytest.mark.anyio


@pytest.fixture
async def timers(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.TimerHandle]:
    """Every timer that the event loop makes from now on."""
    made: list[asyncio.TimerHandle] = []
    loop = asyncio.get_running_loop()
    call_at = loop.call_at

    def noted(time: float, ring: Callable[[], None]) -> asyncio.TimerHandle:
        made.append(call_at(time, ring))
        return made[-1]

    monkeypatch.setattr(loop, "call_at", noted)
    return made


class Clock:
    """An alarm set relative to now, and when it rang."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.rings: list[float] = []
        self.alarm = Alarm(lambda: self.rings.append(self.loop.time()))

    def set_in(self, seconds: float) -> float:
        self.alarm.set(self.loop.time() + seconds)
        return self.alarm.time


async def test_it_rings_once_and_not_before_its_time() -> None:
    clock = Clock()
    time = clock.set_in(0.02)
    await until(lambda: clock.rings)
    await asyncio.sleep(0.03)
    assert [ring >= time for ring in clock.rings] == [True]


async def test_moved_to_later_it_rings_then() -> None:
    clock = Clock()
    clock.set_in(0.01)
    time = clock.set_in(0.05)
    await until(lambda: clock.rings)
    assert [ring >= time for ring in clock.rings] == [True]


async def test_moved_to_earlier_it_does_not_wait_for_the_first_time() -> None:
    clock = Clock()
    clock.set_in(3600)
    clock.set_in(0.01)
    await until(lambda: clock.rings)


async def test_set_off_it_does_not_ring_and_can_be_set_again() -> None:
    clock = Clock()
    clock.set_in(0.01)
    clock.alarm.set(inf)
    await asyncio.sleep(0.03)
    assert clock.rings == []
    clock.set_in(0.01)
    await until(lambda: clock.rings)


async def test_stopped_it_holds_no_timer(timers: list[asyncio.TimerHandle]) -> None:
    clock = Clock()
    clock.set_in(3600)
    clock.alarm.stop()
    assert [timer.cancelled() for timer in timers] == [True]


async def test_many_moves_to_later_make_one_timer(timers: list[asyncio.TimerHandle]) -> None:
    clock = Clock()
    for seconds in range(100, 200):
        clock.set_in(seconds)
    clock.alarm.stop()
    assert len(timers) == 1
