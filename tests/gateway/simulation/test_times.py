"""Where the engines' times come from."""

import random

import pytest

from gateway.metrics import Metrics
from gateway.pool.contract import Timing
from gateway.simulation.times import (
    BUILT_IN,
    NoTimes,
    Times,
    as_json,
    from_json,
    from_metrics,
    measure,
    mix_of,
    mixture,
)

SERVICES = {"edges": "edges", "color_palette": "colorPalette"}


def counted(**engines: list[float]) -> str:
    """What the service shows at /metrics of such computations."""
    metrics = Metrics()
    for engine, samples in engines.items():
        for seconds in samples:
            metrics.computed(engine, Timing(0.0, seconds))
    return metrics.exposition().decode()


def test_times_are_drawn_as_they_were_measured() -> None:
    times = Times.of_samples([0.1, 0.2, 0.2, 0.7])
    drawn = [times.drawn(random.Random(seed)) for seed in range(2000)]
    assert min(drawn) >= 0.1
    assert max(drawn) <= 0.7
    assert sum(drawn) / len(drawn) == pytest.approx(times.mean, rel=0.05)


def test_one_sample_is_always_drawn() -> None:
    times = Times.of_samples([0.25])
    assert {times.quantile(share / 7) for share in range(8)} == {0.25}


def test_times_survive_being_written_down() -> None:
    written = as_json({"edges": Times.of_samples(range(1, 12))})
    read = from_json(written)["edges"]
    assert read.seconds == tuple(range(1, 12))
    assert read.count == 11


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b'{"edges": 3}', b'{"edges": {"count": 0, "milliseconds": [1]}}',
        b'{"edges": {"count": 2, "milliseconds": [2, 1]}}',
        b'{"edges": {"count": 2, "milliseconds": []}}',
        b'{"edges": {"count": 2, "milliseconds": [0, 1]}}',
        b'{"edges": {"count": 2, "milliseconds": ["1"]}}',
    ],
)  # fmt: skip
def test_what_is_no_list_of_times_is_refused(data: bytes) -> None:
    with pytest.raises(NoTimes, match="of the form"):
        from_json(data)


def test_a_running_service_tells_its_times_and_their_shares() -> None:
    text = counted(edges=[0.012] * 30, color_palette=[0.03] * 10)
    measured = from_metrics(text, SERVICES)
    assert measured["edges"].mean == pytest.approx(0.012)
    assert measured["colorPalette"].mean == pytest.approx(0.03)
    assert mix_of(measured) == {"edges": 0.75, "colorPalette": 0.25}


def test_no_time_is_drawn_from_between_two_heaps() -> None:
    times = from_metrics(counted(edges=[0.02] * 50 + [0.8] * 50), SERVICES)["edges"]
    between = [share for share in range(1, 100) if 0.04 < times.quantile(share / 100) < 0.3]
    assert not between


def test_times_beyond_the_last_bound_are_guessed_beyond_it() -> None:
    times = from_metrics(counted(edges=[0.02] * 9 + [300.0]), SERVICES)["edges"]
    assert times.quantile(0.99) > 60
    assert times.mean == pytest.approx(30.018)


@pytest.mark.parametrize("text", ["", "pixelgate_slots 2.0\n", "not { metrics", counted()])
def test_metrics_without_computations_are_refused(text: str) -> None:
    with pytest.raises(NoTimes):
        from_metrics(text, SERVICES)


def test_a_mixture_asks_for_each_service_in_its_share() -> None:
    measured = {"edges": Times.of_samples([1.0]), "colorPalette": Times.of_samples([2.0])}
    draw, chance = mixture(measured, {"edges": 3, "colorPalette": 1}), random.Random(5)
    drawn = [draw(chance) for _ in range(4000)]
    assert drawn.count(1.0) / len(drawn) == pytest.approx(0.75, abs=0.03)


def test_a_computation_is_run_once_more_than_it_is_counted() -> None:
    runs = list[int]()
    assert measure(lambda: runs.append(1), 5, most_seconds=60).count == 5
    assert len(runs) == 6


def test_a_slow_computation_is_measured_less_often() -> None:
    assert measure(lambda: sum(range(200_000)), 1000, most_seconds=0.001).count < 10


def test_the_times_that_come_with_it_can_be_read() -> None:
    assert {"edges", "colorPalette", "objectDetection"} <= from_json(BUILT_IN.read_bytes()).keys()
