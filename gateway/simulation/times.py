"""How long engines compute: measured here, written down before, or told by a running service."""

import bisect
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import isfinite
from pathlib import Path
from typing import Any, TypeAlias

import orjson
from prometheus_client.parser import text_string_to_metric_families

from gateway.simulation.service import Drawn

BUILT_IN = Path(__file__).parent / "times.json"
"""Of one core of the machine that docs/performance.md speaks of, 1280 × 960 px."""
_METRIC = "pixelgate_engine_seconds"
_SHORTEST_SECONDS = 1e-6


class NoTimes(ValueError):
    """A source has no times that can be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Times:
    """The distribution of one engine's seconds: its quantiles, linear between them.

    Args:
        shares: ascending from 0 to 1.
        seconds: what as large a share of the computations takes at most.
        count: of the computations that it was learned from.
    """

    shares: tuple[float, ...]
    seconds: tuple[float, ...]
    count: int

    @classmethod
    def of_samples(cls, samples: Iterable[float]) -> "Times":
        """What was measured so often; once at least."""
        seconds = sorted(samples)
        ends = seconds if len(seconds) > 1 else 2 * seconds
        shares = (number / (len(ends) - 1) for number in range(len(ends)))
        return cls(tuple(shares), tuple(ends), len(seconds))

    @property
    def mean(self) -> float:
        points = zip(pairwise(self.shares), pairwise(self.seconds), strict=True)
        return sum((right - left) * (low + high) / 2 for (left, right), (low, high) in points)

    def drawn(self, chance: random.Random) -> float:
        return self.quantile(chance.random())

    def quantile(self, share: float) -> float:
        place = min(bisect.bisect_right(self.shares, share), len(self.shares) - 1)
        left, right = self.shares[place - 1], self.shares[place]
        low, high = self.seconds[place - 1], self.seconds[place]
        return low + (high - low) * (share - left) / (right - left)

    def times(self, factor: float) -> "Times":
        return Times(self.shares, tuple(factor * one for one in self.seconds), self.count)


Measured: TypeAlias = Mapping[str, Times]
"""By an engine's public name."""


def measure(compute: Callable[[], object], runs: int, most_seconds: float) -> Times:
    """CPU seconds of so many computations, after one that warms up; of fewer if they take long."""
    compute()
    samples = list[float]()
    while len(samples) < runs and sum(samples) < most_seconds:
        begun = time.process_time()
        compute()
        samples.append(max(_SHORTEST_SECONDS, time.process_time() - begun))
    return Times.of_samples(samples)


def as_json(measured: Measured) -> bytes:
    """The form that `from_json` reads."""
    lines = ",\n".join(
        f'  "{name}": {orjson.dumps({"count": one.count, "milliseconds": _deciles(one)}).decode()}'
        for name, one in sorted(measured.items())
    )
    return f"{{\n{lines}\n}}\n".encode()


def _deciles(times: Times) -> list[float]:
    return [round(1000 * times.quantile(tenth / 10), 3) for tenth in range(11)]


def from_json(data: bytes) -> Measured:
    """What `as_json` wrote: for each service its quantiles in ms, evenly spaced.

    Raises:
        NoTimes: it is something else.
    """
    try:
        told: dict[str, Any] = orjson.loads(data)
        return {name: _read(one["milliseconds"], one["count"]) for name, one in told.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise NoTimes(
            'the times are no JSON of the form {"edges": {"count": 30, "milliseconds": [9.1, 11]}}'
        ) from None


def _read(milliseconds: Sequence[float], count: int) -> Times:
    is_right = all(isfinite(one) and one > 0 for one in milliseconds)
    if (
        not milliseconds
        or not is_right
        or list(milliseconds) != sorted(milliseconds)
        or int(count) < 1
    ):
        raise ValueError
    times = Times.of_samples(one / 1000 for one in milliseconds)
    return Times(times.shares, times.seconds, int(count))


def from_metrics(text: str, services: Mapping[str, str]) -> Measured:
    """The histograms that the service shows at /metrics.

    Between two bounds times are taken as spread evenly, then all are scaled to their true mean.

    Args:
        text: Prometheus' text format.
        services: the public names of engines, by their own.

    Raises:
        NoTimes: it tells of no engine.
    """
    buckets: dict[str, dict[float, float]] = {}
    sums: dict[str, float] = {}
    try:
        families = [one for one in text_string_to_metric_families(text) if one.name == _METRIC]
    except ValueError:
        raise NoTimes("the metrics are not in Prometheus' text format") from None
    for sample in (sample for family in families for sample in family.samples):
        name = services.get(sample.labels.get("engine", ""), "")
        if sample.name == f"{_METRIC}_bucket":
            buckets.setdefault(name, {})[float(sample.labels["le"])] = sample.value
        elif sample.name == f"{_METRIC}_sum":
            sums[name] = sample.value
    known = {name: found for name, found in buckets.items() if name and max(found.values()) >= 1}
    if not known:
        raise NoTimes("the metrics tell of no computation (pixelgate_engine_seconds)")
    return {name: _of_buckets(found, sums.get(name, 0)) for name, found in known.items()}


def _of_buckets(buckets: Mapping[float, float], total_seconds: float) -> Times:
    count = max(buckets.values())
    bounds = sorted(bound for bound in buckets if isfinite(bound))
    points = [(0.0, 0.0)]
    for bound in bounds:
        share = buckets[bound] / count
        points.append((share, bound))
        if share == 1:
            break
    else:
        points.append((1.0, 2 * bounds[-1]))  # Beyond the last bound, nobody knows how far.
    shares, seconds = zip(*points, strict=True)
    times = Times(shares, seconds, int(count))
    return times.times(total_seconds / count / times.mean) if total_seconds else times


def mix_of(measured: Measured) -> dict[str, float]:
    """The share of each service in what was computed."""
    total = sum(one.count for one in measured.values())
    return {name: one.count / total for name, one in measured.items()}


def mixture(measured: Measured, mix: Mapping[str, float]) -> Drawn:
    """Draws the seconds of a request out of the services' in their shares."""
    names = list(mix)
    ends = list(accumulate(mix.values()))

    def drawn(chance: random.Random) -> float:
        place = bisect.bisect_right(ends, chance.random() * ends[-1])
        return measured[names[min(place, len(names) - 1)]].drawn(chance)

    return drawn
