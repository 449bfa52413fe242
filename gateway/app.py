"""The wiring: settings in, application out; the only place that asks which mode it is."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from anyio import move_on_after, to_thread
from starlette.routing import Router

from gateway import console
from gateway.cache.results import open_result_cache
from gateway.dialects.dialect import Dialect
from gateway.dialects.table import DIALECTS, DialectTable
from gateway.gateways import gateways_of
from gateway.http.lifecycle import Lifecycle
from gateway.http.metrics_route import metrics_routes
from gateway.http.middleware import RequestMiddleware
from gateway.intake.fetch import Fetcher
from gateway.intake.pictures import Intake
from gateway.issuer import IssuerWiring, in_embedded, in_outside
from gateway.limits.admission import Admission, Places, Rate
from gateway.limits.memory_budget import MemoryBudget
from gateway.limits.quarantine import DatabaseQuarantine
from gateway.limits.rate_limit_storage import open_rate_limit_storage
from gateway.metrics import Metrics
from gateway.pool import PRELOAD, Pool, process_pool
from gateway.pool.fork_server import ForkServer
from gateway.pool.from_settings import preparation, slot_pool
from gateway.receipts import signer
from gateway.settings import Settings
from gateway.store.database import Database, open_database
from gateway.store.last_images import LastImages
from gateway.store.scratch import open_scratch
from gateway.store.storage import Storage
from gateway.store.tool_settings import ToolSettings
from gateway.tasks.from_settings import tasks_at_work
from gateway.tracing import Tracing
from gateway.version import VERSION
from gateway.write_behind import WriteBehind

DATABASE_SECONDS = 45
"""A worker waits so long for a database that is restarted; it would end the whole service else.
Its master kills it when it is silent for a minute."""
TRACES_SECONDS = 2


def create_app(
    settings: Settings,
    dialects: Sequence[Dialect] = DIALECTS,
    fork_server: ForkServer | None = None,
) -> RequestMiddleware:
    """The whole service as an ASGI application; keys and database are opened here.

    Args:
        settings: of the service.
        dialects: that it speaks.
        fork_server: of the embedded pool, if one loads already.
    """
    lifecycle, table, metrics = Lifecycle(), DialectTable(dialects), Metrics()
    tracing, write_behind = _tracing(settings), WriteBehind()
    database = open_database(settings.database_url, patience_seconds=DATABASE_SECONDS)
    issuer = in_outside if settings.issuer else in_embedded
    service = _Service(
        settings=settings,
        table=table,
        parts={one.name: one.parts(settings, database) for one in dialects},
        database=database,
        storage=Storage(settings.storage_url),
        pool=_pool(settings, table, database, fork_server),
        wiring=issuer(settings, database, table.scopes()),
        lifecycle=lifecycle,
        metrics=metrics,
        tracing=tracing,
        write_behind=write_behind,
    )
    router = Router(
        # They are tried in this order, and most requests are for a service.
        routes=[
            *table.routes,
            *service.wiring.routes,
            *lifecycle.routes,
            *metrics_routes(metrics, settings.metrics_token),
            *console.routes(table),
        ],
        lifespan=service.run,
        # A redirect would build its address from the Host header.
        redirect_slashes=False,
    )
    return RequestMiddleware(
        router, lifecycle, table, metrics, tracing, write_behind, settings.allowed_origins
    )


def _tracing(settings: Settings) -> Tracing:
    if not settings.traces:
        return Tracing()
    # Not at the top: it is of an extra.
    from gateway.tracing.opentelemetry import by_otlp

    return by_otlp()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Service:
    """What an application is made of before its event loop runs."""

    settings: Settings
    table: DialectTable
    parts: Mapping[str, object]
    database: Database
    storage: Storage
    pool: Pool
    wiring: IssuerWiring
    lifecycle: Lifecycle
    metrics: Metrics
    tracing: Tracing
    write_behind: WriteBehind

    @asynccontextmanager
    async def run(self, app: object) -> AsyncIterator[Mapping[str, Any]]:
        """Start all, give what requests find in their `State`, and end all."""
        settings, database, storage, pool = self.settings, self.database, self.storage, self.pool
        budget = MemoryBudget(settings.max_held_bytes)
        async with AsyncExitStack() as ending:
            ending.callback(self.write_behind.catch_up)
            ending.callback(database.dispose)
            ending.push_async_callback(_send_traces, self.tracing)
            scratch = ending.enter_context(open_scratch(settings.data / "scratch"))
            if database.dialect.name != "sqlite":  # With a file the others are on this machine.
                await ending.enter_async_context(gateways_of(settings, database, storage).joined())
            fetcher = await ending.enter_async_context(_fetcher(settings))
            cache = open_result_cache(settings)
            if cache:
                ending.push_async_callback(cache.close)
            await pool.start()
            # The server has let the running requests end before it comes to this.
            ending.push_async_callback(pool.stop, grace_seconds=0)
            sampling = asyncio.create_task(self.metrics.keep_sampling(pool, budget))
            ending.callback(sampling.cancel)
            tasks, webhooks = await ending.enter_async_context(
                tasks_at_work(
                    settings,
                    database,
                    storage,
                    scratch,
                    pool,
                    self.table.works(),
                    self.metrics,
                    self.tracing,
                    lambda: self.lifecycle.is_draining,
                )
            )
            fetch = self.metrics.counting(fetcher.fetch)
            yield {
                "settings": settings,
                "metrics": self.metrics,
                "tracing": self.tracing,
                "write_behind": self.write_behind,
                "guard": self.wiring.guard,
                "token_url": self.wiring.token_url,
                "scopes": self.table.scopes(),
                "budget": budget,
                "admission": _admission(settings, database),
                "intake": Intake(fetch, max_bytes=settings.max_upload_bytes),
                "pool": pool,
                "cache": cache,
                "scratch": scratch,
                "tasks": tasks,
                "webhooks": webhooks,
                "tool_settings": ToolSettings(database),
                "last_images": LastImages(storage, most=settings.last_images),
                "signer": signer(settings),
                "parts": self.parts,
            }


async def _send_traces(tracing: Tracing) -> None:
    """Send what is left of them; a collector that does not answer is not waited for."""
    with move_on_after(TRACES_SECONDS):
        await to_thread.run_sync(tracing.end, abandon_on_cancel=True)


def _fetcher(settings: Settings) -> Fetcher:
    return Fetcher(
        version=VERSION,
        max_bytes=settings.max_upload_bytes,
        allow=settings.fetch_allow,
        deadline_seconds=settings.fetch_seconds,
    )


def _admission(settings: Settings, database: Database) -> Admission:
    places = Places(settings.max_jobs_per_caller)
    if not settings.rate_limit:
        return Admission(places)
    return Admission(
        places, Rate(settings.rate_limit, open_rate_limit_storage(settings.limits, database))
    )


def _pool(
    settings: Settings, table: DialectTable, database: Database, fork_server: ForkServer | None
) -> Pool:
    preload = (*PRELOAD, *table.preload)
    if settings.pool == "processes":
        return process_pool(
            slots=settings.slot_count,
            queue_length=settings.queue_length,
            memory_limit_bytes=settings.slot_memory_bytes,
            preload=preload,
            prepare=preparation(settings),
        )
    if settings.pool.startswith("dask:"):
        # Not at the top: it is of an extra.
        from gateway.pool.cluster.from_settings import cluster_pool

        return cluster_pool(settings, DatabaseQuarantine(database))
    return slot_pool(
        settings,
        queue_length=settings.queue_length,
        quarantine=DatabaseQuarantine(database),
        preload=preload,
        fork_server=fork_server,
    )
