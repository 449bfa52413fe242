"""Answers in Redis, for all gateway processes; while it is away, none are kept or found."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import orjson
import structlog
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from engines.core.run import Answer
from engines.core.shapes import File

log = structlog.get_logger()

PREFIX = "pixelgate:answer:"
PATIENCE_SECONDS = 0.5
AWAY_SECONDS = 5.0
"""Redis is left alone for so long once it has failed: requests would wait for it one by one."""
_HEAD_LENGTH_BYTES = 4

T = TypeVar("T")


class RedisAnswers:
    """How many bytes they are together is bounded by Redis's own `maxmemory`.

    Args:
        seconds: that each is kept.
    """

    held_bytes = 0

    def __init__(self, url: str, *, seconds: float, clock: Callable[[], float]) -> None:
        self._redis: Redis = Redis.from_url(
            url,
            socket_timeout=PATIENCE_SECONDS,
            socket_connect_timeout=PATIENCE_SECONDS,
            retry=Retry(NoBackoff(), 0),  # It would try for many seconds.
        )
        self._milliseconds = round(1000 * seconds)
        self._clock = clock
        self._is_away = False
        self._tried_at = 0.0

    async def get(self, key: str) -> Answer | None:
        data = await self._asked(lambda: self._redis.get(PREFIX + key))
        return unpacked(key, data) if data else None

    async def put(self, key: str, answer: Answer) -> None:
        data = packed(key, answer)
        await self._asked(lambda: self._redis.set(PREFIX + key, data, px=self._milliseconds))

    async def close(self) -> None:
        await self._redis.aclose()

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """What Redis answers; nothing while it is away."""
        if self._is_away and abs(self._clock() - self._tried_at) < AWAY_SECONDS:
            return None
        self._tried_at = self._clock()
        try:
            answer = await ask()
        except (RedisError, OSError) as error:
            if not self._is_away:
                log.warning("result cache does not answer", reason=type(error).__name__)
            self._is_away = True
            return None
        if self._is_away:
            log.info("result cache answers again")
        self._is_away = False
        return answer


def packed(key: str, answer: Answer) -> bytes:
    """An answer with its key; Redis may be written to by others, so nothing is pickled."""
    told = {
        "key": key,
        "media_type": answer.media_type,
        "bytes": len(answer.body),
        "files": [(one.name, one.media_type, len(one.data)) for one in answer.files],
    }
    head = orjson.dumps(told)
    length = len(head).to_bytes(_HEAD_LENGTH_BYTES, "big")
    return b"".join((length, head, answer.body, *(one.data for one in answer.files)))


def unpacked(key: str, data: bytes) -> Answer | None:
    """The answer of this key; None where it is another's, or none."""
    start = _HEAD_LENGTH_BYTES + int.from_bytes(data[:_HEAD_LENGTH_BYTES], "big")
    try:
        told = orjson.loads(data[_HEAD_LENGTH_BYTES:start])
        # A client that mixes up its connections must not hand one caller's answer to another.
        if told["key"] != key:
            return None
        files = []
        end = start + told["bytes"]
        body = data[start:end]
        for name, media_type, size in told["files"]:
            files.append(File(name, media_type, data[end : end + size]))
            end += size
    except (ValueError, LookupError, TypeError):
        return None
    return Answer(body, told["media_type"], tuple(files)) if end == len(data) else None
