"""How an answer leaves: in how many writes, and what of it is held back."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send

from gateway.http.request_cycle import PIECE_BYTES, RequestCycle
from tests.gateway.http.wire import GET, echo, read_all, reply, wire
from tests.gateway.pool.running import until

POST = b"POST" + GET.removeprefix(b"GET")[:-2]

pytestmark = pytest.mark.anyio


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What every connection of the process writes from now on."""
    seen: list[bytes] = []
    transport = asyncio.selector_events._SelectorSocketTransport  # type: ignore[attr-defined]
    write = transport.write

    def noted(self: asyncio.Transport, data: bytes) -> None:
        seen.append(data)
        write(self, data)

    monkeypatch.setattr(transport, "write", noted)
    return seen


def answers(written: list[bytes]) -> list[bytes]:
    return [data for data in written if not data.startswith((b"GET", b"POST", b"HEAD"))]


async def head_in_vain(scope: Scope, receive: Receive, send: Send) -> None:
    """Begin an answer and give it up."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise ValueError


async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
    """Send the first of an answer, and the rest when the client has sent all."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    await send({"type": "http.response.body", "body": await read_all(receive)})


async def test_head_and_body_leave_by_one_write(written: list[bytes]) -> None:
    async with wire(echo) as served:
        client = await served.connect()
        for _ in range(2):
            await client.send(GET)
            assert (await client.answer()).status == 200
    assert [data.count(b"HTTP/1.1 200 OK\r\n") for data in answers(written)] == [1, 1]


async def test_the_first_piece_of_an_answer_does_not_wait_for_the_next() -> None:
    async with wire(slowly) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 4\r\n\r\n")
        head = await client.answer()
        assert (head.status, await client.line(), await client.line()) == (
            200,
            b"5\r\n",
            b"first\r\n",
        )
        await client.send(b"rest")
        assert await client.line() == b"4\r\n"


async def test_an_answer_without_a_body_leaves_too() -> None:
    async def empty(scope: Scope, receive: Receive, send: Send) -> None:
        await reply(send, b"", 204)

    async with wire(empty) as served:
        client = await served.connect()
        await client.send(GET)
        assert (await client.answer()).status == 204


@pytest.mark.parametrize("ending", [b"", b"Connection: close\r\n"])
async def test_the_head_alone_is_sent_to_head(ending: bytes) -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(b"HEAD" + GET.removeprefix(b"GET")[:-2] + ending + b"\r\n")
        assert await client.line() == b"HTTP/1.1 200 OK\r\n"
        client.end_sending()
        assert (await client.rest()).endswith(b"\r\n\r\n")


async def test_an_answer_given_up_after_its_head_ends_the_connection() -> None:
    async with wire(head_in_vain) as served:
        client = await served.connect()
        await client.send(GET)
        assert await client.rest() == b""


async def large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with more than the kernel takes at once."""
    await reply(send, bytes(range(256)) * 80_000)


async def test_a_large_answer_leaves_in_pieces_without_a_copy_beside_its_head(
    written: list[bytes],
) -> None:
    async with wire(large) as served:
        client = await served.connect()
        await client.send(GET)
        assert (await client.answer()).body == bytes(range(256)) * 80_000
    head, *pieces = answers(written)
    assert head.endswith(b"\r\n\r\n")
    assert {len(piece) for piece in pieces[:-1]} == {PIECE_BYTES}


async def test_a_request_is_not_over_before_its_answer_is_read() -> None:
    async with wire(large) as served:
        client = await served.connect()
        await client.send(GET + GET)
        await until(lambda: served.connections[0].flow.write_paused)
        unsent = served.connections[0].transport.get_write_buffer_size()
        assert (len(served.state.tasks), unsent < 2 * PIECE_BYTES) == (1, True)
        assert [(await client.answer()).status for _ in range(2)] == [200, 200]
        await until(lambda: not served.state.tasks)


async def test_a_client_that_leaves_while_it_is_answered_ends_its_request() -> None:
    async with wire(large) as served:
        client = await served.connect()
        await client.send(GET)
        await until(lambda: served.connections[0].flow.write_paused)
        await client.reset()
        await until(lambda: not served.state.tasks)


@pytest.mark.parametrize("pieces", [[b"one"], [b"one", b"two", b"three"]])
async def test_a_lone_piece_of_a_body_is_handed_on_uncopied(
    monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]
) -> None:
    parsed, received = [], []
    take = RequestCycle.take

    def noted(self: RequestCycle, piece: bytes) -> None:
        parsed.append(piece)
        take(self, piece)

    async def listen(scope: Scope, receive: Receive, send: Send) -> None:
        received.append((await receive())["body"])
        await reply(send, b"")

    monkeypatch.setattr(RequestCycle, "take", noted)
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    async with wire(listen) as served:
        client = await served.connect()
        await client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert (await client.answer()).status == 200
    assert received == [b"".join(pieces)]
    assert isinstance(received[0], bytes)
    assert (received[0] is parsed[0]) == (len(pieces) == 1)
