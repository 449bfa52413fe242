"""The metrics that Prometheus reads, as one answer for people."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import pairwise

from prometheus_client.samples import Sample

from gateway.dialects.admin.models import Latency, MetricsAnswer, RefusalCount, RequestCount
from gateway.metrics import BOUNDS_SECONDS
from gateway.settings import Settings

_NAMED = {"request": "dialect", "queue": "engine", "engine": "engine"}
"""By which label seconds of a kind are told apart here; routes are added up."""


def figures(samples: Iterable[Sample], settings: Settings) -> MetricsAnswer:
    """Add up what a caller of the admin API is told."""
    by_name = defaultdict[str, list[Sample]](list)
    for one in samples:
        by_name[one.name.removeprefix("pixelgate_")].append(one)

    def total(name: str) -> int:
        return round(sum(one.value for one in by_name[name]))

    gateways = total("build_info")
    return MetricsAnswer(
        at=datetime.now(UTC),
        gateways=gateways,
        slots=total("slots"),
        slots_busy=total("slots_busy"),
        queue_length=total("queue_length"),
        queue_limit=gateways * settings.queue_length,
        held_bytes=total("held_bytes"),
        held_limit=gateways * settings.max_held_bytes,
        jobs=total("jobs_total"),
        job_retries=total("job_retries_total"),
        slot_kills=total("slot_kills_total"),
        slot_crashes=total("slot_crashes_total"),
        slot_retirements=total("slot_retirements_total"),
        requests=[
            RequestCount(**one.labels, count=round(one.value)) for one in by_name["requests_total"]
        ],
        refusals=[
            RefusalCount(**one.labels, count=round(one.value)) for one in by_name["refusals_total"]
        ],
        bounds_seconds=[*BOUNDS_SECONDS],
        latencies=[
            one
            for kind, label in _NAMED.items()
            for one in _latencies(
                kind, label, by_name[f"{kind}_seconds_bucket"], by_name[f"{kind}_seconds_sum"]
            )
        ],
    )


def _latencies(
    kind: str, label: str, buckets: Iterable[Sample], sums: Iterable[Sample]
) -> Iterable[Latency]:
    """Prometheus' buckets hold all that was quicker too; ours do not."""
    below, seconds = defaultdict[str, Counter[float]](Counter), defaultdict[str, float](float)
    for one in buckets:
        below[one.labels[label]][float(one.labels["le"])] += round(one.value)
    for one in sums:
        seconds[one.labels[label]] += one.value
    for name, counted in sorted(below.items()):
        cumulated = [0, *(counted[bound] for bound in sorted(counted))]
        counts = [after - before for before, after in pairwise(cumulated)]
        yield Latency(of=kind, name=name, seconds=seconds[name], counts=counts)
