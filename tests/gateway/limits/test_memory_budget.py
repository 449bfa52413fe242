"""The bytes that one gateway process holds for all its requests together."""

import asyncio

import pytest
from starlette.types import Message, Receive

from gateway.errors import QueueFull, TooManyRequests
from gateway.limits.memory_budget import MemoryBudget, Share

pytestmark = pytest.mark.anyio


def body(*chunks: bytes) -> Receive:
    messages = iter(chunks)

    async def receive() -> Message:
        return {"type": "http.request", "body": next(messages), "more_body": True}

    return receive


async def read(budget: MemoryBudget, *chunks: bytes) -> int:
    """Receive a body; how many bytes its request holds at its end."""
    with budget.share() as share:
        receive = share.counting(body(*chunks))
        for _ in chunks:
            await receive()
        return share.bytes


def share_of(budget: MemoryBudget, owner: str, *, held: int = 0) -> Share:
    """A caller's share, which holds something already."""
    share = Share(budget)
    share.belong_to(owner)
    share.hold(held)
    return share


async def test_a_body_is_counted_while_its_request_is_answered() -> None:
    budget = MemoryBudget(100)
    assert (await read(budget, b"123", b"45"), budget.held_bytes) == (5, 0)


async def test_what_others_hold_leaves_less_room() -> None:
    budget = MemoryBudget(10)
    Share(budget).hold(6)
    await read(budget, b"12", b"34")
    with pytest.raises(QueueFull) as raised:
        await read(budget, b"12", b"345")
    assert raised.value.retry_after_seconds
    assert budget.held_bytes == 6


async def test_a_request_alone_is_never_refused() -> None:
    await read(MemoryBudget(3), b"1234", b"5678")


async def test_less_may_always_be_held() -> None:
    budget = MemoryBudget(10)
    first, second = Share(budget), Share(budget)
    first.reserve(9)
    second.reserve(1)
    budget.max_bytes = 1
    first.reserve(8)
    assert budget.held_bytes == 9


async def test_an_answer_is_counted_but_not_refused() -> None:
    budget = MemoryBudget(10)
    share = share_of(budget, "ada")
    share_of(budget, "bob", held=9)
    share.hold(8)
    assert budget.held_bytes == 17


async def test_one_caller_holds_no_more_than_its_portion() -> None:
    budget = MemoryBudget(40)
    share_of(budget, "ada", held=26)
    share = share_of(budget, "ada")
    share.reserve(4)
    with pytest.raises(TooManyRequests, match="more than 30 bytes at once") as refusal:
        share.reserve(5)
    assert refusal.value.retry_after_seconds == 1
    assert budget.held_bytes == 30


async def test_what_one_caller_holds_leaves_room_to_others() -> None:
    budget = MemoryBudget(40)
    share_of(budget, "ada", held=30)
    share_of(budget, "bob").reserve(5)
    Share(budget).reserve(5)


async def test_one_body_may_be_larger_than_a_portion() -> None:
    budget = MemoryBudget(40)
    share_of(budget, "ada").reserve(35)


async def test_a_share_counts_for_its_caller_from_when_it_is_known() -> None:
    budget = MemoryBudget(40)
    share = Share(budget)
    share.reserve(7)
    share.belong_to("ada")
    assert (budget.held_bytes, budget.held_by) == (7, {"ada": 7})
    share.hold(0)
    assert (budget.held_bytes, budget.held_by) == (0, {})


async def test_a_request_that_is_cancelled_gives_its_room_back() -> None:
    budget, received = MemoryBudget(10), asyncio.Event()

    async def hang() -> None:
        with budget.share() as share:
            await share.counting(body(b"12"))()
            received.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await received.wait()
    assert budget.held_bytes == 2
    task.cancel()
    await asyncio.wait([task])
    assert budget.held_bytes == 0
