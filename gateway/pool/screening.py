"""Which jobs are not computed because they killed engine processes before."""

import asyncio
from collections import OrderedDict
from math import inf

from auth.threads import Threads
from engines.core.run import Job
from gateway.errors import PictureRefused
from gateway.limits.quarantine import Quarantine, digest

REFUSE_SECONDS = 600
SUSPECT_SECONDS = 60
"""Two processes that die over a job of nobody within this time are laid to its pictures."""
KEPT_SUSPECTS = 1000
DIGEST_THREADS = 2


class Screening:
    """What one pool asks the quarantine, and tells it."""

    def __init__(self, quarantine: Quarantine) -> None:
        self._quarantine = quarantine
        self._digests = Threads(DIGEST_THREADS)
        self._suspects: OrderedDict[str, float] = OrderedDict()

    async def check(self, job: Job) -> None:
        """Return if a job may be computed.

        Raises:
            PictureRefused: it killed two processes shortly before.
        """
        # The digest of a picture costs time, and almost always nothing is refused.
        if not await self._quarantine.has_any():
            return
        if await self._quarantine.is_refused(await self._digests.run(digest, job)):
            raise PictureRefused(
                "The computation of this picture broke down before; it is not tried again "
                "for some minutes."
            )

    async def refuse(self, job: Job) -> None:
        """Have a job that killed two processes refused."""
        await self._quarantine.refuse(await self._digests.run(digest, job), REFUSE_SECONDS)

    async def blame(self, job: Job) -> None:
        """Note a crash under a job that nobody waits for, so that it is not tried again.

        Whoever leaves at once could otherwise kill one process after another with one picture.
        """
        name, now = await self._digests.run(digest, job), asyncio.get_running_loop().time()
        if now - self._suspects.pop(name, -inf) < SUSPECT_SECONDS:
            await self._quarantine.refuse(name, REFUSE_SECONDS)
        self._suspects[name] = now
        if len(self._suspects) > KEPT_SUSPECTS:
            self._suspects.popitem(last=False)
