"""How much one caller may ask."""

import asyncio
import time

import pytest
from limits.aio.storage import MemoryStorage

from gateway.errors import TooManyRequests
from gateway.limits.admission import Admission, Places, Rate

pytestmark = pytest.mark.anyio


NOW = 1000.0


@pytest.fixture(autouse=True)
def standing(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time passes, for the counters neither."""
    monkeypatch.setattr(time, "time", lambda: NOW)


def at_most(count: int) -> Admission:
    return Admission(Places(count))


def rated(limit: str) -> Admission:
    return Admission(Places(0), Rate(limit, MemoryStorage(), clock=lambda: NOW))


async def test_a_caller_holds_a_place_only_while_it_is_served() -> None:
    admission = at_most(1)
    for _ in range(3):
        async with admission.admit("ada", {}):
            pass


async def test_one_request_too_many_at_once_is_refused() -> None:
    admission = at_most(2)
    async with admission.admit("ada", {}), admission.admit("ada", {}):
        with pytest.raises(TooManyRequests, match="2 requests") as refusal:
            async with admission.admit("ada", {}):
                pass
    assert refusal.value.retry_after_seconds == 1


async def test_one_caller_takes_no_place_of_another() -> None:
    admission = at_most(1)
    async with admission.admit("ada", {}), admission.admit("bob", {}):
        pass


async def test_a_request_that_fails_or_is_given_up_frees_its_place() -> None:
    admission = at_most(1)
    with pytest.raises(ZeroDivisionError):
        async with admission.admit("ada", {}):
            raise ZeroDivisionError
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), admission.admit("ada", {}):
            await asyncio.Event().wait()
    async with admission.admit("ada", {}):
        pass


async def test_without_limits_nothing_is_refused_or_said() -> None:
    admission, fields = at_most(0), dict[str, str]()
    async with admission.admit("ada", fields), admission.admit("ada", fields):
        assert fields == {}


async def test_an_answer_tells_the_policy_and_what_is_left() -> None:
    admission, fields = rated("3/minute"), dict[str, str]()
    async with admission.admit("ada", fields):
        pass
    assert fields == {
        "RateLimit-Policy": '"caller";q=3;w=60',
        "RateLimit": '"caller";r=2;t=60',
    }


async def test_the_request_above_the_rate_is_told_when_to_come_again() -> None:
    admission, fields = rated("2/hour"), dict[str, str]()
    for _ in range(2):
        async with admission.admit("ada", fields):
            pass
    with pytest.raises(TooManyRequests, match="2 requests of 3600 s") as refusal:
        async with admission.admit("ada", fields):
            pass
    assert refusal.value.retry_after_seconds == 3600
    assert fields["RateLimit"].startswith('"caller";r=0;t=')


async def test_a_request_without_a_place_does_not_count() -> None:
    admission = Admission(Places(1), Rate("2/hour", MemoryStorage()))
    fields: dict[str, str] = {}
    async with admission.admit("ada", fields):
        with pytest.raises(TooManyRequests, match="being served"):
            async with admission.admit("ada", {}):
                pass
    async with admission.admit("ada", fields):
        assert fields["RateLimit"].startswith('"caller";r=0;')
