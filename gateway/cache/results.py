"""The result cache: what was computed once is not computed again for a while."""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import orjson

from auth.threads import Threads
from engines.core.registry import catalogue
from engines.core.run import Answer, Job
from engines.models import weights
from engines.models.weights import ModelFiles
from gateway.cache.memory import MemoryAnswers, size_of
from gateway.limits.quarantine import digest
from gateway.settings import Settings
from gateway.version import VERSION

LARGEST_SHARE = 10
"""An answer that would take more than a tenth of the room is not kept."""
SHORT_BYTES = 256_000
"""Inputs that are digested on the event loop: it takes less than to have a thread do it."""
DIGEST_THREADS = 2


class Answers(Protocol):
    """Keeps answers for a while, within bounds."""

    @property
    def held_bytes(self) -> int:
        """In the memory of this process."""

    async def get(self, key: str) -> Answer | None: ...

    async def put(self, key: str, answer: Answer) -> None: ...

    async def close(self) -> None: ...


class ResultCache:
    """Answers by what they depend on, and by who asked.

    Args:
        generation: all of this installation that answers depend on, see `generation_of`.
        is_shared: whether an answer is for everybody who may ask.
        largest_bytes: of an answer that is kept.
    """

    def __init__(
        self, answers: Answers, *, generation: str, is_shared: bool, largest_bytes: int
    ) -> None:
        self._answers = answers
        self._generation = generation
        self._is_shared = is_shared
        self._largest_bytes = largest_bytes
        self._threads = Threads(DIGEST_THREADS)

    async def key(self, job: Job, owner: str) -> str | None:
        """What its answer is found by; None for a file, which is no sooner read than computed."""
        if any(isinstance(one, Path) for one in job.inputs):
            return None
        sent = sum(len(one) for one in job.inputs if isinstance(one, bytes))
        asked = digest(job) if sent <= SHORT_BYTES else await self._threads.run(digest, job)
        for_whom = None if self._is_shared else owner
        told = orjson.dumps([self._generation, for_whom, job.present, job.names, asked])
        return hashlib.sha256(told).hexdigest()

    @property
    def held_bytes(self) -> int:
        """In the memory of this process."""
        return self._answers.held_bytes

    async def get(self, key: str) -> Answer | None:
        """What is kept."""
        return await self._answers.get(key)

    async def put(self, key: str, answer: Answer) -> None:
        """Keep it, if it is not too large."""
        if size_of(answer) <= self._largest_bytes:
            await self._answers.put(key, answer)

    async def close(self) -> None:
        """Keep nothing more in this process."""
        await self._answers.close()


def open_result_cache(settings: Settings) -> ResultCache | None:
    """The cache that the settings want, if they want one."""
    if not settings.cache:
        return None
    return ResultCache(
        _answers(settings),
        generation=generation_of(settings.models),
        is_shared=settings.cache_shared,
        largest_bytes=settings.cache_bytes // LARGEST_SHARE,
    )


def _answers(settings: Settings) -> Answers:
    if settings.cache.startswith("memory:"):
        return MemoryAnswers(
            most_bytes=settings.cache_bytes, seconds=settings.cache_seconds, clock=time.monotonic
        )
    # Not at the top: it is of an extra.
    from gateway.cache.in_redis import RedisAnswers

    return RedisAnswers(settings.cache, seconds=settings.cache_seconds, clock=time.monotonic)


def generation_of(models: Mapping[str, ModelFiles]) -> str:
    """Differs where the package, the version of any engine or the file of any model does.

    Of all of them, for one engine may call others, and use several models.
    """
    told = {
        "package": VERSION,
        "engines": {name: one.version for name, one in catalogue().items()},
        "models": {
            one.name: _files(one.sha256, models.get(one.name)) for one in weights.listed(models)
        },
    }
    return hashlib.sha256(orjson.dumps(told)).hexdigest()


def _files(sha256: str, own: ModelFiles | None) -> list[str]:
    """The digests of a model's file, its labels and its description."""
    beside = (own.labels, own.file.with_suffix(".toml")) if own else ()
    return [sha256, *(_digest(one) for one in beside if one is not None)]


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""
