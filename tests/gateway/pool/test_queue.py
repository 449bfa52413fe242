"""The order in which jobs wait, and the limits of waiting."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.process.wire_format import pack_job
from gateway.errors import QueueFull, WaitedTooLong
from gateway.pool.fair_queue import FairQueue
from gateway.pool.job_queue import GRACE_SECONDS, JobQueue
from gateway.pool.pending_job import PendingJob
from tests.gateway.pool.running import LoopClock
from tests.gateway.pool.work import job


def drain(queue: FairQueue[str]) -> list[str]:
    return [queue.pop() for _ in range(len(queue))]


def filled(*names: str) -> FairQueue[str]:
    queue: FairQueue[str] = FairQueue()
    for name in names:
        queue.put(name[0], name)
    return queue


def pending(deadline_seconds: float = 60) -> PendingJob:
    told = job("echo")
    return PendingJob(told, pack_job(told), "somebody", deadline_seconds)


def test_owners_take_turns() -> None:
    assert drain(filled("a1", "a2", "a3", "b1", "c1", "c2")) == [
        *("a1", "b1", "c1"),
        *("a2", "c2", "a3"),
    ]


def test_an_owner_who_was_served_waits_behind_one_who_came_since() -> None:
    queue = filled("a1", "a2")
    queue.pop()
    queue.put("b", "b1")
    assert drain(queue) == ["a2", "b1"]


def test_what_is_put_back_comes_first() -> None:
    queue = filled("a1", "b1")
    taken = [queue.pop(), queue.pop()]
    queue.put("c", "c1")
    for name in reversed(taken):
        queue.put_back(name)
    assert queue.first() == "a1"
    assert drain(queue) == ["a1", "b1", "c1"]


def test_what_is_discarded_is_gone_once() -> None:
    queue = filled("a1", "a2", "b1")
    queue.put_back("x1")
    assert queue.discard("a", "a1")
    assert queue.discard("x", "x1")
    assert not queue.discard("a", "a1")
    assert drain(queue) == ["a2", "b1"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=30))
def test_each_owners_things_keep_their_order(pairs: list[tuple[str, int]]) -> None:
    names = [f"{owner}{i}{place}" for place, (owner, i) in enumerate(pairs)]
    drained = drain(filled(*names))
    for owner in "abc":
        assert [name for name in drained if name[0] == owner] == [
            name for name in names if name[0] == owner
        ]


@given(st.lists(st.sampled_from("abc"), max_size=30))
def test_nobody_is_served_twice_while_another_waits(owners: list[str]) -> None:
    drained = drain(filled(*(f"{owner}{place}" for place, owner in enumerate(owners))))
    for place, (one, two) in enumerate(pairwise(drained)):
        others = {name[0] for name in drained[place + 1 :]} - {one[0]}
        assert one[0] != two[0] or not others


@pytest.mark.anyio
async def test_a_line_takes_no_more_than_its_length() -> None:
    line = JobQueue(2)
    pending_jobs = [pending() for _ in range(3)]
    line.join(pending_jobs[0])
    line.join(pending_jobs[1])
    with pytest.raises(QueueFull) as raised:
        line.join(pending_jobs[2])
    assert (raised.value.retry_after_seconds or 0) >= 1
    assert [line.pop(), line.pop()] == pending_jobs[:2]


@pytest.mark.anyio
async def test_what_is_put_back_is_never_refused() -> None:
    line = JobQueue(1)
    first, second = pending(), pending()
    line.join(first)
    line.put_back(second)
    assert [line.pop(), line.pop()] == [second, first]


@pytest.mark.anyio
async def test_a_ticket_waits_no_longer_than_its_deadline() -> None:
    line, waiting = JobQueue(2), pending(deadline_seconds=0.01)
    line.join(waiting)
    with pytest.raises(WaitedTooLong):
        await waiting.future
    assert not line


@pytest.mark.anyio
async def test_a_ticket_that_was_taken_does_not_expire(clock: LoopClock) -> None:
    line, waiting = JobQueue(2), pending(deadline_seconds=60)
    line.join(waiting)
    line.pop()
    await clock.forward(100)
    assert not waiting.is_done


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("placed_at", "expires_at"), [(12, 20), (19, 19 + GRACE_SECONDS), (90, 90 + GRACE_SECONDS)]
)
async def test_what_is_put_back_waits_on_instead_of_anew(
    placed_at: float, expires_at: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, line, waiting = [0.0], JobQueue(2), pending(deadline_seconds=20)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
    line.join(waiting)
    line.pop()
    now[0] = placed_at
    line.put_back(waiting)
    for seconds, is_done in ((expires_at - 0.5, False), (expires_at + 0.5, True)):
        now[0] = seconds
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert waiting.is_done is is_done
    assert isinstance(waiting.future.exception(), WaitedTooLong)


@pytest.mark.anyio
async def test_quiet_times_say_nothing_about_how_long_a_line_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, line = [1000.0], JobQueue(1)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
    for _ in range(30):
        now[0] += 100
        line.join(pending())
        line.pop()
    line.join(pending())
    with pytest.raises(QueueFull) as raised:
        line.join(pending())
    assert raised.value.retry_after_seconds == 1


@pytest.mark.anyio
async def test_nobody_is_told_to_wait_longer_than_a_job_may_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, line = [1000.0], JobQueue(1)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now[0])
    line.join(pending())
    now[0] += 1000
    line.pop()
    line.join(pending())
    with pytest.raises(QueueFull) as raised:
        line.join(pending(deadline_seconds=20))
    assert raised.value.retry_after_seconds == 20
