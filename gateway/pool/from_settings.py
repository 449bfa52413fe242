"""Pools as the settings want them, for the service and for commands."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from engines.process.preparation import prepare
from gateway.limits.quarantine import Quarantine
from gateway.pool.fork_server import PRELOAD, ForkServer, slot_environment
from gateway.pool.slots import SlotPool
from gateway.settings import Settings


def preparation(settings: Settings) -> Callable[[], None]:
    """What each engine process does before it takes jobs."""
    return partial(
        prepare,
        max_pixels=settings.max_pixels,
        models=settings.models,
        preload=settings.preload,
        device=settings.device,
    )


def loading_fork_server(settings: Settings) -> ForkServer | None:
    """What loads the engines while the application is being made; None where no pool forks."""
    if settings.pool != "local":
        return None
    fork_server = ForkServer(slot_environment(settings.max_pixels), PRELOAD)
    with suppress(OSError):  # The pool tries it again, and says so.
        fork_server.start()
    return fork_server


def slot_pool(
    settings: Settings,
    *,
    queue_length: int,
    quarantine: Quarantine,
    preload: Sequence[str] = PRELOAD,
    fork_server: ForkServer | None = None,
) -> SlotPool:
    """Own engine processes."""
    return SlotPool(
        slots=settings.slot_count,
        queue_length=queue_length,
        quarantine=quarantine,
        preload=preload,
        prepare=preparation(settings),
        max_jobs=settings.slot_max_jobs,
        max_rss_bytes=settings.slot_max_rss_bytes,
        memory_limit_bytes=settings.slot_memory_bytes,
        max_pixels=settings.max_pixels,
        fork_server=fork_server,
    )
