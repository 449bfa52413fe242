"""Parts of files, and files that are as they were (RFC 9110 §13 and §14)."""

import asyncio
from typing import Any, cast

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from gateway.dialects.ranges import Servable, serve
from gateway.errors import NothingStored, RangeUnsatisfiable
from gateway.flow import Call
from gateway.limits.memory_budget import MemoryBudget, Share
from gateway.store.storage import PIECE_BYTES

BODY = bytes(range(100))

pytestmark = pytest.mark.anyio


async def read(start: int, end: int) -> bytes:
    return BODY[start:end]


def asking(method: str = "GET", **headers: str) -> Call:
    """A request with header fields, which are written with underscores here."""
    sent = [(name.replace("_", "-").encode(), one.encode()) for name, one in headers.items()]
    request: Request[Any] = Request({"type": "http", "method": method, "headers": sent})
    return Call(cast(Any, request), Share(MemoryBudget(10 * PIECE_BYTES)))


async def served(method: str = "GET", **headers: str) -> Response:
    return await serve(
        asking(method, **headers), Servable("a.png", "image/png", len(BODY), "one", read)
    )


async def test_a_whole_file_says_what_can_be_asked_of_it() -> None:
    answer = await served()
    assert (answer.status_code, answer.body) == (200, BODY)
    assert answer.media_type == "image/png"
    assert answer.headers["ETag"] == '"one"'
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("sent", [{}, {"range": "bytes=5-6"}, {"range": "bytes=500-"}])
async def test_the_head_of_a_file_is_that_of_the_whole(sent: dict[str, str]) -> None:
    whole, head = await served(), await served("HEAD", **sent)
    assert (head.status_code, head.body) == (200, b"")
    assert head.headers == whole.headers


async def test_the_head_of_what_is_not_there_is_refused() -> None:
    async def gone(start: int, end: int) -> bytes:
        raise NothingStored("It is gone.")

    with pytest.raises(NothingStored):
        await serve(asking("HEAD"), Servable("a.png", "image/png", 10**12, "one", gone))


@pytest.mark.parametrize(
    ("sent", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=90-", 90, 100),
        ("bytes=90-999999999", 90, 100),
        ("bytes=-1", 99, 100),
        ("bytes=-500", 0, 100),
        ("Bytes= 5-6 ", 5, 7),
    ],
)
async def test_a_range_is_answered_with_it(sent: str, start: int, end: int) -> None:
    answer = await served(range=sent)
    assert (answer.status_code, answer.body) == (206, BODY[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/100"
    assert answer.headers["Content-Length"] == str(end - start)


@pytest.mark.parametrize("sent", ["bytes=100-", "bytes=100-200", "bytes=-0"])
async def test_a_range_beyond_the_end_is_refused_with_the_length(sent: str) -> None:
    call = asking(range=sent)
    with pytest.raises(RangeUnsatisfiable, match="100 bytes"):
        await serve(call, Servable("a.png", "image/png", len(BODY), "one", read))
    assert call.fields == {"Content-Range": "bytes */100"}


@pytest.mark.parametrize(
    "sent", ["bytes=-", "bytes=9-5", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=٣-", ""]
)
async def test_what_is_no_single_range_counts_for_nothing(sent: str) -> None:
    answer = await served(range=sent.encode().decode("latin-1"))
    assert (answer.status_code, answer.body) == (200, BODY)


@pytest.mark.parametrize("sent", ['"one"', 'W/"one"', '"two", "one"', "*"])
async def test_a_file_that_is_known_is_not_sent_again(sent: str) -> None:
    answer = await served(if_none_match=sent, range="bytes=0-1")
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["ETag"] == '"one"'


async def test_another_tag_is_not_known() -> None:
    assert (await served(if_none_match='"on", "ones"')).status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [('"one"', 206), ('W/"one"', 200), ('"two"', 200), ("Sun, 29 Nov 2026 00:00:00 GMT", 200)],
)
async def test_a_range_counts_only_of_the_same_file(sent: str, status: int) -> None:
    assert (await served(if_range=sent, range="bytes=0-1")).status_code == status


async def test_the_name_that_is_offered_cannot_end_its_field() -> None:
    odd = Servable('a";\r\nx.png', "image/png", len(BODY), "one", read)
    disposition = (await serve(asking(), odd)).headers["Content-Disposition"]
    assert disposition == "inline; filename*=UTF-8''a%22%3B%0D%0Ax.png"


class Video:
    """A file that is too large for memory, and what is read of it; each byte is its piece's number.

    Args:
        there: how many bytes can be read before it is gone.
    """

    def __init__(self, there: int = 100 * PIECE_BYTES) -> None:
        self.there = there
        self.reads = list[tuple[int, int]]()
        self.servable = Servable("a.mp4", "video/mp4", 100 * PIECE_BYTES, "one", self.read)

    async def read(self, start: int, end: int) -> bytes:
        if end > self.there:
            raise NothingStored("It was deleted.")
        self.reads.append((start, end))
        return bytes([start // PIECE_BYTES]) * (end - start)


async def sent(answer: Response, messages: list[Message]) -> None:
    """Send an answer to a client that stays."""

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        messages.append(message)

    await answer({"type": "http"}, receive, send)


async def test_a_long_file_is_read_as_it_is_sent() -> None:
    video, messages = Video(), list[Message]()
    call = asking(range=f"bytes={PIECE_BYTES}-{3 * PIECE_BYTES}")
    answer = await serve(call, video.servable)
    assert video.reads == [(PIECE_BYTES, 2 * PIECE_BYTES)]
    assert call.share.bytes == 2 * PIECE_BYTES
    await sent(answer, messages)
    bodies = [one["body"] for one in messages[1:]]
    assert bodies == [b"\1" * PIECE_BYTES, b"\2" * PIECE_BYTES, b"\3", b""]
    assert answer.headers["Content-Range"] == "bytes 4194304-12582912/419430400"
    assert answer.headers["Content-Length"] == "8388609"


async def test_a_long_file_that_is_gone_is_refused() -> None:
    with pytest.raises(NothingStored):
        await serve(asking(), Video(there=0).servable)


async def test_an_answer_whose_file_goes_meanwhile_never_ends_as_if_whole() -> None:
    answer, messages = await serve(asking(), Video(2 * PIECE_BYTES).servable), list[Message]()
    with pytest.raises(NothingStored):
        await sent(answer, messages)
    assert [one.get("more_body") for one in messages] == [None, True, True]
