"""The fewest slots that serve a load."""

import random
from dataclasses import replace

from gateway.simulation.service import Layout, Load, simulate
from gateway.simulation.sizing import Goal, Plan, fewest_slots

LOAD = Load(rate=250, requests=4000)


def engine(chance: random.Random) -> float:
    return chance.uniform(0.01, 0.03)


def arrange(slots: int) -> Layout:
    return Layout(slots=slots, cores=slots, gateway_seconds=0.0001, link_bytes=1e12)


def found(p99_seconds: float) -> Plan:
    return fewest_slots(LOAD, Goal(p99_seconds), engine, arrange, busy_slots=5)


def test_one_slot_fewer_would_miss_the_goal() -> None:
    load, goal = Load(rate=1000, requests=4000), Goal(0.045)
    best = fewest_slots(load, goal, engine, arrange, busy_slots=13)  # By threes, then by ones.
    assert goal.is_met(best.outcome)
    assert not goal.is_met(simulate(arrange(best.layout.slots - 1), load, engine))


def test_a_stricter_goal_needs_more_slots() -> None:
    assert found(0.035).layout.slots > found(0.2).layout.slots


def test_a_goal_below_what_an_engine_takes_is_missed_however_many_slots_there_are() -> None:
    hopeless = found(0.02)
    assert not hopeless.is_met
    assert hopeless.layout.slots == 4 * 5 + 8


def test_refusals_miss_a_goal_that_the_answers_meet() -> None:
    short = replace(arrange(4), queue_length=1)
    outcome = simulate(short, LOAD, engine)
    assert outcome.percentile(0.99) < 1
    assert not Goal(1, refused=0.001).is_met(outcome)
    assert Goal(1, refused=0.9).is_met(outcome)
