"""An engine worker for what the tests of the pools compute: ADDRESS FOLDER LABEL …."""

import asyncio
import signal
import sys
from pathlib import Path

from gateway.pool import SlotPool
from gateway.pool.cluster.files import ReceivedFiles
from gateway.pool.cluster.from_settings import security
from gateway.pool.cluster.worker import EngineWorker, ReportedQuarantine
from gateway.settings import Settings
from gateway.store.scratch import open_scratch
from tests.gateway.pool.work import work

DRAIN_SECONDS = 60


async def main(scheduler: str, folder: str, *labels: str) -> None:
    ending = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ending.set)
    quarantine = ReportedQuarantine()
    pool = SlotPool(slots=1, queue_length=100, quarantine=quarantine, work=work, preload=())
    with open_scratch(Path(folder)) as scratch:
        worker = EngineWorker(
            scheduler,
            pool,
            quarantine,
            slots=1,
            labels=labels,
            files=ReceivedFiles(scratch),
            security=security(Settings()),
        )
        await worker.run(ending, drain_seconds=DRAIN_SECONDS)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
