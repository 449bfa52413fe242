"""A process that owns a pool with one idle, one busy and one hung slot, and waits to be killed."""

import asyncio
import sys

from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import SlotPool
from tests.gateway.pool.work import job, work


async def main(folder: str) -> None:
    pool = SlotPool(slots=4, queue_length=9, quarantine=MemoryQuarantine(), work=work, preload=())
    await pool.start()
    jobs = [
        pool.run(job(engine, path=f"{folder}/{engine}"), deadline_seconds=1000, owner="a")
        for engine in ("wait", "spin", "hang in c")
    ]
    await asyncio.gather(*jobs)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
