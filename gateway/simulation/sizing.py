"""The fewest slots that serve a load as well as is asked for."""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.simulation.service import Drawn, Layout, Load, Outcome, simulate

GATEWAY_LOAD = 0.6
"""Of a gateway process: above it requests wait for each other there."""
MOST_SLOTS = 4096


@dataclass(frozen=True, slots=True)
class Goal:
    """What is good enough.

    Args:
        p99_seconds: that 99 % of the answers take at most.
        refused: the share of requests that may be refused.
    """

    p99_seconds: float
    refused: float = 0.001

    def is_met(self, outcome: Outcome) -> bool:
        is_quick = bool(outcome.seconds) and outcome.percentile(0.99) <= self.p99_seconds
        return is_quick and outcome.refused <= self.refused


@dataclass(frozen=True, slots=True)
class Plan:
    """A layout for a load, and what comes of it."""

    load: Load
    layout: Layout
    outcome: Outcome
    is_met: bool


def tried(load: Load, goal: Goal, drawn: Drawn, layout: Layout) -> Plan:
    outcome = simulate(layout, load, drawn)
    return Plan(load, layout, outcome, goal.is_met(outcome))


def fewest_slots(
    load: Load, goal: Goal, drawn: Drawn, arrange: Callable[[int], Layout], busy_slots: int
) -> Plan:
    """The layout of the fewest slots that meets a goal; the largest that was tried if none does.

    Args:
        load: by its rate.
        goal: what is good enough.
        drawn: what the load asks for.
        arrange: the layout of so many slots.
        busy_slots: that the load keeps busy; fewer cannot serve it. Of four times as many and
            some more most stand idle, and even more do not help.
    """
    missed, slots, most = busy_slots - 1, busy_slots, min(MOST_SLOTS, 4 * busy_slots + 8)
    best = tried(load, goal, drawn, arrange(slots))
    while not best.is_met and slots < most:
        missed, slots = slots, min(most, slots + max(1, slots // 4))
        best = tried(load, goal, drawn, arrange(slots))
    while best.is_met and slots - missed > 1:
        middle = (missed + slots) // 2
        between = tried(load, goal, drawn, arrange(middle))
        if between.is_met:
            slots, best = middle, between
        else:
            missed = middle
    return best
