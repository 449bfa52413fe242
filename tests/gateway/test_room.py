"""The bytes that one gateway process holds for all its requests together."""

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from gateway.errors import QueueFull
from gateway.room import Room, Share

pytestmark = pytest.mark.anyio


async def nowhere(message: Message) -> None:
    raise AssertionError(message)


def body(*chunks: bytes) -> Receive:
    messages = iter(chunks)

    async def receive() -> Message:
        return {"type": "http.request", "body": next(messages), "more_body": True}

    return receive


async def read_two(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await receive()


async def test_a_body_is_counted_while_its_request_is_answered() -> None:
    held = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_two(scope, receive, send)
        held.append(room.held_bytes)

    room = Room(app, 100)
    await room({"type": "http"}, body(b"123", b"45"), nowhere)
    assert (held, room.held_bytes) == ([5], 0)


async def test_what_others_hold_leaves_less_room() -> None:
    room = Room(read_two, 10)
    Share(room).hold(6)
    await room({"type": "http"}, body(b"12", b"34"), nowhere)
    with pytest.raises(QueueFull) as raised:
        await room({"type": "http"}, body(b"12", b"345"), nowhere)
    assert raised.value.retry_after_seconds
    assert room.held_bytes == 6


async def test_a_request_alone_is_never_refused() -> None:
    room = Room(read_two, 3)
    await room({"type": "http"}, body(b"1234", b"5678"), nowhere)


async def test_less_may_always_be_held() -> None:
    room = Room(read_two, 10)
    first, second = Share(room), Share(room)
    first.hold(9)
    second.hold(1)
    room.max_bytes = 1
    first.hold(8)
    assert room.held_bytes == 9


async def test_a_request_that_is_cancelled_gives_its_room_back() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.get_running_loop().create_future()

    room = Room(app, 10)
    task = asyncio.create_task(room({"type": "http"}, body(b"12"), nowhere))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert room.held_bytes == 2
    task.cancel()
    await asyncio.wait([task])
    assert room.held_bytes == 0
