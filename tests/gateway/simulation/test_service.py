"""The service as a network of queues, beside what queueing theory knows of it."""

import random
from dataclasses import replace

import pytest

from gateway.simulation.service import Layout, Load, Outcome, simulate

ENGINE_SECONDS = 0.01
BARE = Layout(gateway_seconds=1e-9, picture_bytes=1e-3)
"""A slot alone."""


def always(_: random.Random) -> float:
    return ENGINE_SECONDS


def at_random(chance: random.Random) -> float:
    return chance.expovariate(1 / ENGINE_SECONDS)


def mean_ms(outcome: Outcome) -> float:
    return 1000 * sum(outcome.seconds) / len(outcome.seconds)


def test_one_client_sees_the_sum_of_all_parts() -> None:
    layout = Layout(slots=2, cores=2, gateway_seconds=0.002, link_bytes=1e8, picture_bytes=1e5)
    outcome = simulate(layout, Load(clients=1, requests=200), always)
    assert outcome.percentile(0.99) == pytest.approx(0.001 + 0.002 + ENGINE_SECONDS)
    assert outcome.rate == pytest.approx(1 / 0.013, rel=0.01)


@pytest.mark.parametrize("busy", [0.3, 0.5, 0.8])
def test_equal_jobs_at_random_moments_wait_as_pollaczek_and_khinchin_say(busy: float) -> None:
    outcome = simulate(BARE, Load(rate=busy / ENGINE_SECONDS, requests=20_000), always)
    assert mean_ms(outcome) == pytest.approx(10 * (1 + busy / (2 * (1 - busy))), rel=0.1)


def test_p99_of_one_slot_and_random_jobs_is_that_of_the_exponential_distribution() -> None:
    outcome = simulate(BARE, Load(rate=50, requests=20_000), at_random)
    assert outcome.percentile(0.5) == pytest.approx(0.0139, rel=0.05)  # 20 ms × ln 2
    assert outcome.percentile(0.99) == pytest.approx(0.0921, rel=0.1)  # 20 ms × ln 100


def test_many_clients_keep_all_cores_busy() -> None:
    layout = Layout(slots=2, cores=2, gateway_seconds=0.002, link_bytes=1e12)
    outcome = simulate(layout, Load(clients=16, requests=2000), always)
    assert outcome.rate == pytest.approx(2 / 0.012, rel=0.02)
    assert outcome.busiest == "cores"


def test_more_slots_than_cores_answer_no_more() -> None:
    two, four = (
        simulate(Layout(slots=slots, cores=2), Load(clients=32, requests=2000), always).rate
        for slots in (2, 4)
    )
    assert four == pytest.approx(two, rel=0.03)


def test_what_is_too_much_is_refused_and_the_rest_waits_for_a_full_queue() -> None:
    layout = Layout(slots=1, cores=4, queue_length=10)
    outcome = simulate(layout, Load(rate=200, requests=10_000), always)
    assert outcome.refused == pytest.approx(0.5, abs=0.03)
    assert outcome.percentile(0.99) == pytest.approx(12 * ENGINE_SECONDS, rel=0.1)


def test_nobody_waits_for_longer_than_the_deadline() -> None:
    layout = replace(BARE, queue_length=1000, deadline_seconds=0.1)
    outcome = simulate(layout, Load(rate=300, requests=5000), always)
    assert outcome.refused > 0.6
    assert outcome.percentile(1) < 0.1 + 3 * ENGINE_SECONDS


def test_a_computation_beyond_its_deadline_is_killed() -> None:
    layout = Layout(slots=1, deadline_seconds=0.005)
    outcome = simulate(layout, Load(rate=1, requests=100), always)
    assert outcome.refused == 1
    assert outcome.percentile(0.99) == 0


def test_a_job_behind_a_long_one_goes_to_the_slot_that_is_idle() -> None:
    seconds = iter([*[0.1] * 20, 3.0, *[0.1] * 100])
    layout = Layout(slots=2, cores=2)
    outcome = simulate(layout, Load(clients=3, requests=100), lambda _: next(seconds))
    assert [one > 1 for one in outcome.seconds].count(True) == 1


def test_a_cluster_hands_out_no_more_than_its_scheduler_can() -> None:
    layout = Layout(gateways=4, slots=16, cores=16, workers=8, dispatches=500, link_bytes=1e12)
    outcome = simulate(layout, Load(clients=400, requests=5000), always)
    assert outcome.rate == pytest.approx(500, rel=0.02)
    assert outcome.busiest == "scheduler"


def test_a_narrow_link_carries_no_more_pictures() -> None:
    layout = Layout(slots=8, cores=8, link_bytes=10e6, picture_bytes=200e3)
    outcome = simulate(layout, Load(clients=32, requests=1000), always)
    assert outcome.rate == pytest.approx(50, rel=0.02)
    assert outcome.busiest == "link"


def test_a_seed_gives_the_same_figures_again() -> None:
    load = Load(rate=80, requests=2000, seed=3)
    assert simulate(BARE, load, at_random) == simulate(BARE, load, at_random)
    other = Load(rate=80, requests=2000, seed=4)
    assert simulate(BARE, load, at_random) != simulate(BARE, other, at_random)
