"""Traces: what a collector is told, and what it never is."""

import time
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from engines.core.run import Steps
from gateway.pool import Timing
from gateway.tracing.opentelemetry import OpenTelemetry
from tests.serving import serving
from tests.sources import Quiet, source

EDGES = "/v2/services/image/edges"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
LATER = 10**18
"""ns of a clock that starts with the machine."""
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
"""The example of W3C Trace Context."""


@pytest.fixture
def finished() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(finished: InMemorySpanExporter) -> OpenTelemetry:
    return OpenTelemetry(SimpleSpanProcessor(finished))


def scope(path: str = EDGES) -> dict[str, object]:
    return {"method": "POST", "path": path, "headers": [(b"traceparent", TRACEPARENT.encode())]}


def test_a_request_goes_on_with_the_trace_of_its_caller(
    tracing: OpenTelemetry, finished: InMemorySpanExporter
) -> None:
    with tracing.request(scope()):
        assert tracing.answered("POST", EDGES, 422, "undecodable_picture") == TRACE
    (span,) = finished.get_finished_spans()
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == CALLER
    assert span.name == f"POST {EDGES}"
    assert span.attributes == {
        "http.request.method": "POST",
        "http.route": EDGES,
        "http.response.status_code": 422,
        "error.type": "undecodable_picture",
    }


def test_no_span_quotes_an_error(tracing: OpenTelemetry, finished: InMemorySpanExporter) -> None:
    def fail() -> None:
        with tracing.request(scope("/hush")):
            raise ValueError("hush")

    with pytest.raises(ValueError, match="hush"):
        fail()
    (span,) = finished.get_finished_spans()
    assert "hush" not in span.to_json()


def test_who_asks_whether_the_service_is_well_is_not_traced(
    tracing: OpenTelemetry, finished: InMemorySpanExporter
) -> None:
    with tracing.request(scope("/health/ready")):
        assert tracing.answered("GET", "/health/ready", 200, "") == ""
    assert finished.get_finished_spans() == ()


@pytest.mark.parametrize(
    ("timing", "names"),
    [
        (Timing(2.0), ["queue"]),
        (Timing(2.0, 3.0), ["queue", "engine"]),
        (
            Timing(2.0, 3.0, Steps(*range(LATER, LATER + 4))),
            ["queue", "engine", "decode", "compute", "present"],
        ),
    ],
)
def test_a_computation_is_told_as_far_as_it_came(
    tracing: OpenTelemetry, finished: InMemorySpanExporter, timing: Timing, names: list[str]
) -> None:
    tracing.computed("edges", timing)
    spans = finished.get_finished_spans()
    assert [span.name for span in spans] == names
    lasted = [(span.end_time or 0) - (span.start_time or 0) for span in spans]
    assert lasted == [2_000_000_000, 3_000_000_000, 1, 1, 1][: len(names)]


def test_a_job_that_began_before_this_process_knew_did_not_wait_the_longer(
    tracing: OpenTelemetry, finished: InMemorySpanExporter
) -> None:
    began = time.monotonic_ns() - 4_000_000_000
    tracing.computed("edges", Timing(2.0, 1.0, Steps(*range(began, began + 4))))
    queue, engine, *_ = finished.get_finished_spans()
    assert queue.start_time == queue.end_time == engine.start_time


class Collector(Quiet, BaseHTTPRequestHandler):
    """Keeps the spans that it is sent."""

    def __init__(self, spans: list[Span], *others: object) -> None:
        self._spans = spans
        super().__init__(*others)  # type: ignore[arg-type]  # a socket, an address, a server

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest.FromString(
            self.rfile.read(int(self.headers["Content-Length"]))
        )
        for resource in sent.resource_spans:
            self._spans += [span for scoped in resource.scope_spans for span in scoped.spans]
        self.send_response(200)
        self.end_headers()


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Span]]:
    """What a collector has, to which services started meanwhile send."""
    had: list[Span] = []
    with source(partial(Collector, had)) as address:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        yield had


def test_a_collector_gets_a_request_and_what_its_engine_process_did(
    spans: list[Span], tmp_path: Path, photograph: Path
) -> None:
    with serving(tmp_path, traces=True, workers=1, slots=1) as served:
        with served.client() as client:
            sent = {"image": photograph.read_bytes()}
            client.post(EDGES, files=sent, headers={"traceparent": TRACEPARENT}).raise_for_status()
        # What is there is sent before the end, not at the next of its times.
        assert served.end() == 0
        assert f'"trace_id":"{TRACE}"' in served.log.read_text()
    of_trace = {span.name: span for span in spans if span.trace_id.hex() == TRACE}
    names = {span.span_id: name for name, span in of_trace.items()}
    assert {name: names.get(span.parent_span_id) for name, span in of_trace.items()} == {
        f"POST {EDGES}": None,
        **dict.fromkeys(("intake", "queue", "engine"), f"POST {EDGES}"),
        **dict.fromkeys(("decode", "compute", "present"), "engine"),
    }
    for span in of_trace.values():
        if parent := of_trace.get(names.get(span.parent_span_id, "")):
            assert parent.start_time_unix_nano <= span.start_time_unix_nano
            assert span.end_time_unix_nano <= parent.end_time_unix_nano


def test_an_attempt_at_a_task_is_a_trace_of_its_own(
    tracing: OpenTelemetry, finished: InMemorySpanExporter
) -> None:
    with tracing.task("single", "1234"):
        tracing.passed("fetch", 1)
    part, whole = finished.get_finished_spans()
    assert whole.parent is None
    assert whole.attributes == {"pixelgate.task": "1234", "pixelgate.work": "single"}
    assert part.parent == whole.context
