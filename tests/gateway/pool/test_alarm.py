"""The alarm: it rings at its time, wherever that was moved."""

import asyncio
from collections.abc import Callable
from math import inf

import pytest

from gateway.pool.alarm import Alarm
from tests.gateway.pool.running import LoopClock

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


class Rung:
    """An alarm set relative to now, and how often it rang."""

    def __init__(self) -> None:
        self.count = 0
        self.alarm = Alarm(self._ring)

    def _ring(self) -> None:
        self.count += 1

    def set_in(self, seconds: float) -> None:
        self.alarm.set(asyncio.get_running_loop().time() + seconds)


async def test_it_rings_once_and_not_before_its_time(clock: LoopClock) -> None:
    rung = Rung()
    rung.set_in(1000)
    await clock.forward(900)
    assert rung.count == 0
    for _ in range(2):
        await clock.forward(1000)
        assert rung.count == 1


async def test_moved_to_later_it_rings_then(clock: LoopClock) -> None:
    rung = Rung()
    rung.set_in(1000)
    rung.set_in(3000)
    await clock.forward(2000)
    assert rung.count == 0
    await clock.forward(1000)
    assert rung.count == 1


async def test_moved_to_earlier_it_does_not_wait_for_the_first_time(clock: LoopClock) -> None:
    rung = Rung()
    rung.set_in(3000)
    rung.set_in(1000)
    await clock.forward(1000)
    assert rung.count == 1


async def test_set_off_it_does_not_ring_and_can_be_set_again(clock: LoopClock) -> None:
    rung = Rung()
    rung.set_in(1000)
    rung.alarm.set(inf)
    await clock.forward(2000)
    assert rung.count == 0
    rung.set_in(1000)
    await clock.forward(1000)
    assert rung.count == 1


async def test_stopped_it_holds_no_timer(timers: list[asyncio.TimerHandle]) -> None:
    rung = Rung()
    rung.set_in(3600)
    rung.alarm.stop()
    assert [timer.cancelled() for timer in timers] == [True]


async def test_many_moves_to_later_make_one_timer(timers: list[asyncio.TimerHandle]) -> None:
    rung = Rung()
    for seconds in range(100, 200):
        rung.set_in(seconds)
    rung.alarm.stop()
    assert len(timers) == 1
