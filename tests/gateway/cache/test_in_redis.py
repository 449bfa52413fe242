"""Answers in Redis, which may be away, and may hold what we did not write."""

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from gateway.cache.in_redis import AWAY_SECONDS, PREFIX, RedisAnswers, packed, unpacked
from tests import servers
from tests.auth.conftest import Clock
from tests.gateway.cache.answers import answer, pictured
from tests.serving import free_port

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def kept(redis: str, clock: Clock) -> AsyncIterator[RedisAnswers]:
    answers = RedisAnswers(redis, seconds=60, clock=clock)
    yield answers
    await answers.close()


@pytest.fixture
async def client(redis: str) -> AsyncIterator[Redis]:
    """What others do there."""
    async with Redis.from_url(redis) as client:
        yield client


async def test_another_process_finds_an_answer_with_its_files(
    kept: RedisAnswers, redis: str, clock: Clock
) -> None:
    await kept.put("one", pictured())
    other = RedisAnswers(redis, seconds=60, clock=clock)
    assert await other.get("one") == pictured()
    assert await other.get("two") is None
    await other.close()


async def test_redis_forgets_an_answer_after_its_time(kept: RedisAnswers, client: Redis) -> None:
    await kept.put("timed", answer())
    assert 0 < await client.pttl(PREFIX + "timed") <= 60_000


async def test_the_answer_of_another_key_is_none(kept: RedisAnswers, client: Redis) -> None:
    await client.set(PREFIX + "mine", packed("others", answer()))
    assert await kept.get("mine") is None


@pytest.mark.parametrize("cut", [0, 3, 4, 20, -1])
def test_what_was_cut_is_no_answer(cut: int) -> None:
    assert unpacked("one", packed("one", pictured())[:cut]) is None


@pytest.mark.parametrize(
    "head", [b"[]", b"null", b"{}", b'{"key":"one"}', b'{"key":"one","bytes":"a"}', b"\xff"]
)
def test_what_others_wrote_is_no_answer(head: bytes) -> None:
    assert unpacked("one", len(head).to_bytes(4, "big") + head) is None
    assert unpacked("one", head) is None


async def test_without_redis_nothing_is_found_and_it_is_said_once(clock: Clock) -> None:
    away = RedisAnswers(f"redis://:secret@127.0.0.1:{free_port()}", seconds=60, clock=clock)
    with capture_logs() as logged:
        for _ in range(3):
            assert await away.get("one") is None
            await away.put("one", answer())
            clock.turn(AWAY_SECONDS)
    assert [one["event"] for one in logged] == ["result cache does not answer"]
    assert "secret" not in str(logged)


async def test_redis_is_left_alone_for_a_while_once_it_has_failed(clock: Clock) -> None:
    with servers.redis() as server, capture_logs() as logged:
        kept = RedisAnswers(server.address, seconds=60, clock=clock)
        await kept.put("one", answer())
        server.stop()
        assert await kept.get("one") is None
        server.start()
        await kept.put("one", answer())
        assert await kept.get("one") is None
        clock.turn(AWAY_SECONDS)
        await kept.put("one", answer())
        assert await kept.get("one") == answer()
        await kept.close()
    assert [one["event"] for one in logged] == [
        "result cache does not answer",
        "result cache answers again",
    ]
