"""Traces by OpenTelemetry, sent where its own variables say (`OTEL_EXPORTER_OTLP_ENDPOINT`, …).

Not by its instrumentation of ASGI: that writes down paths as they were sent, which may be secrets.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from itertools import pairwise

from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, format_trace_id
from starlette.types import Scope

from gateway.pool.contract import Timing
from gateway.tracing import Tracing
from gateway.version import VERSION

_NAMED = {"service.name": "pixelgate", "service.version": VERSION}
_STEPS = ("decode", "compute", "present")
_FAULT = 500


def by_otlp() -> "OpenTelemetry":
    """Send spans to a collector by OTLP over HTTP, from a thread of this process."""
    return OpenTelemetry(BatchSpanProcessor(OTLPSpanExporter()))


class OpenTelemetry(Tracing):
    """A span for each request and each task, and below it what they waited for.

    Engine processes trace nothing themselves: they only tell when they came how far.
    """

    def __init__(self, processor: SpanProcessor) -> None:
        resource = Resource(_NAMED).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("pixelgate", VERSION)

    @contextmanager
    def request(self, scope: Scope) -> Iterator[None]:
        # Load balancers ask every second, and would bury all else.
        if scope["path"].startswith("/health/"):
            yield
            return
        sent = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
        span = self._tracer.start_span(scope["method"], propagate.extract(sent), SpanKind.SERVER)
        with _entered(span):
            yield

    @contextmanager
    def task(self, work: str, name: str) -> Iterator[None]:
        told = {"pixelgate.task": name, "pixelgate.work": work}
        with _entered(self._tracer.start_span("task", attributes=told)):
            yield

    def passed(self, name: str, seconds: float) -> None:
        now = time.time_ns()
        self._past(name, now - _ns(seconds), now)

    def computed(self, engine: str, timing: Timing) -> None:
        now = time.time_ns()
        epoch = now - time.monotonic_ns()
        begun = now - _ns(timing.engine_seconds or 0)
        queued = begun - _ns(timing.queue_seconds)
        if timing.steps:  # It may be a while since it ended: this process waits for its turn too.
            begun = min(begun, epoch + timing.steps.begun)
        self._past("queue", min(queued, begun), begun)
        if timing.engine_seconds is None:
            return
        whole = self._past("engine", begun, now, attributes={"pixelgate.engine": engine})
        within = trace.set_span_in_context(whole)
        for name, (since, until) in zip(_STEPS, pairwise(timing.steps or ()), strict=False):
            self._past(name, epoch + since, epoch + until, within)

    def answered(self, method: str, route: str, status: int, reason: str) -> str:
        span = trace.get_current_span()
        span.update_name(f"{method} {route}")
        span.set_attributes({"http.request.method": method, "http.route": route})
        if status:
            span.set_attribute("http.response.status_code", status)
        if reason:
            span.set_attribute("error.type", reason)
        if status >= _FAULT:
            span.set_status(StatusCode.ERROR)
        known = span.get_span_context()
        return format_trace_id(known.trace_id) if known.is_valid else ""

    def end(self) -> None:
        self._provider.shutdown()

    def _past(
        self,
        name: str,
        since: int,
        until: int,
        within: Context | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> Span:
        """A span that is over already; moments are ns since the epoch."""
        span = self._tracer.start_span(name, within, start_time=since, attributes=attributes)
        span.end(until)
        return span


def _entered(span: Span) -> AbstractContextManager[Span]:
    # An error's text may quote a picture or a password.
    return trace.use_span(
        span, end_on_exit=True, record_exception=False, set_status_on_exception=False
    )


def _ns(seconds: float) -> int:
    return round(1e9 * seconds)
