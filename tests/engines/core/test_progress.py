"""Progress: who hears of it, and how often."""

import pytest

from engines.core import progress
from engines.core.progress import INTERVAL_SECONDS, heard_by, report


def test_without_a_listener_nothing_happens() -> None:
    report(0.5)


def test_what_is_reported_too_often_is_heard_a_few_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, heard = [100.0], list[float]()
    monkeypatch.setattr(progress, "monotonic", lambda: now[0])
    with heard_by(heard.append):
        for percent in range(100):
            report(percent / 100)
            now[0] += INTERVAL_SECONDS / 10
    assert heard == [percent / 100 for percent in range(0, 100, 10)]


def test_each_computation_is_heard_from_its_first_report() -> None:
    heard = list[float]()
    for share in (0.1, 0.2):
        with heard_by(heard.append):
            report(share)
    report(0.3)
    assert heard == [0.1, 0.2]


@pytest.mark.parametrize(("share", "expected"), [(-1, 0), (1.0000001, 1), (float("inf"), 1)])
def test_a_share_is_from_0_to_1(share: float, expected: float) -> None:
    heard = list[float]()
    with heard_by(heard.append):
        report(share)
    assert heard == [expected]


def test_a_share_that_is_no_number_is_a_fault_even_if_nobody_hears() -> None:
    with pytest.raises(ValueError, match="no number"):
        report(float("nan"))
