"""Simulated time, and cores that processes share."""

from functools import partial

import pytest

from gateway.simulation.stations import Agenda, Cores, Process


def ends(works: dict[str, tuple[float, float]], cores: float) -> dict[str, float]:
    """When works end that come at some time and take so many seconds of a core."""
    agenda = Agenda()
    shared, ended = Cores(agenda, cores), dict[str, float]()
    for name, (time, seconds) in works.items():

        def note(name: str = name) -> None:
            ended[name] = agenda.now

        agenda.at(time, partial(shared.compute, seconds, note))
    agenda.run()
    return ended


def test_what_is_alone_has_a_core_and_no_more() -> None:
    assert ends({"a": (1, 2)}, cores=4) == {"a": 3}


def test_two_share_one_core_evenly() -> None:
    # a is alone for 1 s, then both halve the core: a needs 2 s for its last one, b another 1.
    assert ends({"a": (0, 2), "b": (1, 2)}, cores=1) == pytest.approx({"a": 3, "b": 4})


def test_three_on_two_cores_go_at_two_thirds() -> None:
    works = dict.fromkeys("abc", (0.0, 2.0))
    assert ends(works, cores=2) == pytest.approx(dict.fromkeys("abc", 3))


def test_a_newcomer_that_is_shorter_overtakes() -> None:
    assert ends({"long": (0, 10), "short": (1, 1)}, cores=1) == pytest.approx(
        {"short": 3, "long": 11}
    )


def test_what_is_dropped_gives_its_share_back() -> None:
    agenda, ended = Agenda(), list[float]()
    cores = Cores(agenda, 1)
    dropped = cores.compute(5, lambda: ended.append(-1))
    cores.compute(2, lambda: ended.append(agenda.now))
    agenda.at(2, lambda: cores.drop(dropped))
    agenda.run()
    assert ended == [3]
    assert cores.busy_seconds == 3


def test_a_process_does_one_thing_after_another() -> None:
    agenda, ended = Agenda(), list[float]()
    process = Process(agenda, Cores(agenda, 8))
    for seconds in (2, 1, 3):
        process.do(seconds, lambda: ended.append(agenda.now))
    agenda.run()
    assert ended == [2, 3, 6]
    assert process.busy_seconds == 6
