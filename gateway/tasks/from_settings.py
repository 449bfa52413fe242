"""The parts of the tasks' room, put together as the settings say."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial

import structlog

from gateway.intake.addresses import AddressGuard
from gateway.intake.fetch import GuardedTransport
from gateway.metrics import Metrics
from gateway.pool import Pool
from gateway.settings import Settings
from gateway.store.database import Database
from gateway.store.scratch import Scratch
from gateway.store.secret_box import SecretBox
from gateway.store.storage import Storage
from gateway.tasks.bell import Bell
from gateway.tasks.deliverer import Deliverer
from gateway.tasks.notices import can_notify, listen
from gateway.tasks.queue import Quota, TaskQueue
from gateway.tasks.runner import Runner
from gateway.tasks.sweeper import Sweeper
from gateway.tasks.tasks import Tasks
from gateway.tasks.watch import Watch
from gateway.tasks.webhooks import Webhooks
from gateway.tasks.work import Work
from gateway.tracing import Tracing
from gateway.version import VERSION

log = structlog.get_logger()

POLL_SECONDS = 1.0
"""What this gateway queues, and what PostgreSQL tells of others, it does not have to look for."""
RESTART_SECONDS = 1.0


@asynccontextmanager
async def tasks_at_work(
    settings: Settings,
    database: Database,
    storage: Storage,
    scratch: Scratch,
    pool: Pool,
    works: Mapping[str, Work],
    metrics: Metrics,
    tracing: Tracing,
    is_ending: Callable[[], bool],
) -> AsyncIterator[tuple[Tasks, Webhooks]]:
    """Tasks that are performed, and told of, as long as the context lasts."""
    quota = Quota(settings.max_tasks_per_caller, settings.max_task_bytes_per_caller)
    queue = TaskQueue(database, quota=quota, works=works)
    bell, outbox = Bell(), Bell()
    runner = Runner(
        queue,
        storage,
        scratch,
        pool,
        works,
        bell,
        outbox,
        places=settings.slot_count,
        poll_seconds=POLL_SECONDS,
        deadline_seconds=settings.deadline_seconds,
        metrics=metrics,
        tracing=tracing,
    )
    sweeper = Sweeper(queue, storage, keep_seconds=settings.task_seconds)
    box, guard = SecretBox(settings.data / "keys"), AddressGuard(settings.fetch_allow)
    transport = GuardedTransport(guard)
    deliverer = Deliverer(database, box, transport, outbox, metrics, version=VERSION)
    going_on = [runner.run, sweeper.run, deliverer.run]
    if can_notify(database):
        going_on.append(partial(listen, database, bell))
    ending = asyncio.Event()
    at_work = [asyncio.create_task(_until(ending, one)) for one in going_on]
    try:
        yield (
            Tasks(queue, storage, bell, Watch(queue, bell, is_ending)),
            Webhooks(database, box, guard),
        )
    finally:
        ending.set()
        for one in at_work:
            one.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)
        await transport.aclose()


async def _until(ending: asyncio.Event, run: Callable[[], Awaitable[None]]) -> None:
    """Run until cancelled, be it that something unforeseen ends it."""
    # A task group that is cancelled just as one of its tasks fails raises that failure alone.
    while not ending.is_set():
        try:
            await run()
        except Exception as error:
            log.error("fault", exc_info=error)
        await asyncio.sleep(RESTART_SECONDS)
