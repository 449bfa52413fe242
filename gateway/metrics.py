"""Figures for Prometheus: what each gateway process counts, and the sum over all of them."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TypeAlias

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.samples import Sample

from gateway.errors import GatewayError, reason_of
from gateway.limits.memory_budget import MemoryBudget
from gateway.pool.contract import Pool, Snapshot, Timing
from gateway.version import VERSION

Fetch: TypeAlias = Callable[[str, str], Awaitable[bytes]]
"""What a URL names, for an owner."""

SAMPLE_SECONDS = 1.0
BOUNDS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


def count_together() -> str:
    """Have processes that are forked from now on count in files of one folder, which is returned.

    Not in the data folder: several services may share that, and the files tell nothing once this
    one has ended.
    """
    folder = tempfile.mkdtemp(prefix="pixelgate-metrics-")
    # The library cannot be told in another way; its values it chose already, when imported.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    values.ValueClass = values.MultiProcessValue()
    return folder


class Metrics:
    """What one gateway process counts.

    No label takes what a caller has sent: each is the name of a dialect or an engine, a route's
    template, a status, or the word for an error.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        counter = partial(Counter, namespace="pixelgate", registry=self._registry)
        histogram = partial(
            Histogram, namespace="pixelgate", registry=self._registry, buckets=BOUNDS_SECONDS
        )
        gauge = partial(
            Gauge, namespace="pixelgate", registry=self._registry, multiprocess_mode="livesum"
        )
        self._requests = counter(
            "requests", "Requests, by what answered.", ("dialect", "route", "status")
        )
        self._request_seconds = histogram(
            "request_seconds", "From a request's head to its answer's end.", ("dialect", "route")
        )
        self._refusals = counter("refusals", "Refused requests, by the word for why.", ("reason",))
        self._queue_seconds = histogram(
            "queue_seconds", "What computations waited for their turn.", ("engine",)
        )
        self._engine_seconds = histogram(
            "engine_seconds", "What computations took in their engine process.", ("engine",)
        )
        self._fetches = counter(
            "fetches", "Pictures fetched from URLs; or the word for why not.", ("outcome",)
        )
        self._lookups = counter(
            "cache_lookups", "Computations looked up in the result cache.", ("outcome",)
        )
        self._found_bytes = counter("cache_found_bytes", "Bytes of answers found there.")
        self._kept_bytes = gauge("cache_bytes", "Answers that it keeps in memory.")
        self._tasks = counter("tasks", "Tasks that ended.", ("work", "status"))
        self._deliveries = counter(
            "deliveries", "Attempts to tell a webhook, by the status it answered.", ("status",)
        )
        self._now = {
            "slots": gauge("slots", "Engine processes that take jobs."),
            "busy": gauge("slots_busy", "Engine processes that compute."),
            "queued": gauge("queue_length", "Jobs that no engine process has yet."),
        }
        self._held_bytes = gauge("held_bytes", "Bodies, pictures and answers in memory.")
        self._since_start = {
            "done": counter("jobs", "Jobs that ended with an answer or a refusal."),
            "retries": counter("job_retries", "Jobs begun again, for their process died."),
            "kills": counter(
                "slot_kills",
                "Engine processes killed at a deadline, or because nobody waited any more.",
            ),
            "crashes": counter("slot_crashes", "Engine processes that died."),
            "retired": counter(
                "slot_retirements", "Engine processes replaced, for they were worn."
            ),
        }
        self._sampled = Snapshot()
        gauge("build_info", "1, by the version of the service.", ("version",)).labels(VERSION).set(
            1
        )

    def answered(self, dialect: str, route: str, status: int, seconds: float) -> None:
        """Count a request whose answer has been sent; one without a status was abandoned."""
        self._requests.labels(dialect, route, status or "abandoned").inc()
        self._request_seconds.labels(dialect, route).observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a refusal, by the word for its error."""
        self._refusals.labels(reason).inc()

    def computed(self, engine: str, timing: Timing) -> None:
        """Count a computation that ended, however it did."""
        self._queue_seconds.labels(engine).observe(timing.queue_seconds)
        if timing.engine_seconds is not None:
            self._engine_seconds.labels(engine).observe(timing.engine_seconds)

    def looked_up(self, found_bytes: int | None, kept_bytes: int) -> None:
        """Count a look into the result cache; None where nothing was found."""
        self._lookups.labels("miss" if found_bytes is None else "hit").inc()
        self._found_bytes.inc(found_bytes or 0)
        self._kept_bytes.set(kept_bytes)

    def counting(self, fetch: Fetch) -> Fetch:
        """The same, each call of which is counted."""

        async def counted(url: str, owner: str) -> bytes:
            try:
                fetched = await fetch(url, owner)
            except GatewayError as error:
                self._fetches.labels(reason_of(type(error))).inc()
                raise
            self._fetches.labels("fetched").inc()
            return fetched

        return counted

    def task_ended(self, work: str, status: str) -> None:
        self._tasks.labels(work, status).inc()

    def delivered(self, status: int | None) -> None:
        """Count an attempt; None where nobody answered."""
        self._deliveries.labels(f"{status // 100}xx" if status else "none").inc()

    async def keep_sampling(self, pool: Pool, budget: MemoryBudget) -> None:
        """Sample until cancelled; Prometheus asks far more rarely."""
        while True:
            self.sample(pool.snapshot(), budget.held_bytes)
            await asyncio.sleep(SAMPLE_SECONDS)

    def sample(self, pool: Snapshot, held_bytes: int) -> None:
        """Note how things stand now, and what came to pass since the last time."""
        for name, gauge in self._now.items():
            gauge.set(getattr(pool, name))
        for name, counter in self._since_start.items():
            counter.inc(getattr(pool, name) - getattr(self._sampled, name))
        self._held_bytes.set(held_bytes)
        self._sampled = pool

    def exposition(self) -> bytes:
        """Prometheus' text format, of all processes that count together."""
        return generate_latest(self._of_all_processes())

    def samples(self) -> Iterator[Sample]:
        """The same, one by one."""
        for metric in self._of_all_processes().collect():
            yield from metric.samples

    def _of_all_processes(self) -> CollectorRegistry:
        if values.ValueClass is values.MutexValue:
            return self._registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)
        return registry
