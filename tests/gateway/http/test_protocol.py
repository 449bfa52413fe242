"""The protocol: what it refuses, how long it waits, and how it closes."""

import asyncio
import gc
import json

import pytest
from starlette.types import Receive, Scope, Send

from gateway.dialects.failure import Failure
from gateway.http import early_answers as early
from gateway.http.protocol import MAX_READING_SECONDS, Stage
from gateway.http.request_cycle import RequestCycle
from tests.gateway.http.wire import GET, Stuck, deny, echo, read_all, reply, wire
from tests.gateway.pool.running import until

pytestmark = pytest.mark.anyio

HOST = b"Host: pixelgate.test\r\n"
POST = b"POST / HTTP/1.1\r\n" + HOST


async def test_a_request_is_answered_and_the_connection_kept() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        for body in (b"one", b"two"):
            await client.send(POST + b"Content-Length: 3\r\n\r\n" + body)
            answer = await client.answer()
            assert (answer.status, answer.body) == (200, body)
            assert "connection" not in answer.fields


@pytest.mark.parametrize(
    "head",
    [
        POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        POST + b"Content-Length: 3, 3\r\n\r\nabc",
        POST + b"Content-Length: +3\r\n\r\nabc",
        POST + b"Content-Length: -1\r\n\r\n",
        POST + b"Content-Length: 99999999999999999999\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: 1\r\n 2\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X : 1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\x00b\r\n\r\n",
        b"GET / HTTP/1.1\n" + HOST + b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
        b"CONNECT pixelgate.test:80 HTTP/1.1\r\n" + HOST + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_can_be_read_in_two_ways_is_refused_and_ends_the_connection(head: bytes) -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(head)
        answer = await client.answer()
        assert (answer.status, answer.fields["connection"]) == (400, "close")
        assert await client.rest() == b""


async def test_a_refusal_has_the_native_form_and_the_usual_fields() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(b"nonsense\r\n\r\n")
        answer = await client.answer()
        body = json.loads(answer.body)
        assert set(body) == set(Failure.model_fields)
        assert (body["code"], body["error"]) == (400, "malformed_request")
        assert answer.fields["x-request-id"] == body["request_id"]
        assert answer.fields["cache-control"] == "no-store"
        assert answer.fields["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"a" * early.MAX_URL_BYTES + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: y\r\n" * early.MAX_FIELDS + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"y" * early.MAX_HEAD_BYTES + b"\r\n\r\n", 431),
        (POST + b"Expect: 200-ok\r\nContent-Length: 3\r\n\r\n", 417),
        (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    ],
)
async def test_a_head_beyond_the_limits_is_refused(head: bytes, status: int) -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(head)
        assert (await client.answer()).status == status
        assert await client.rest() == b""


async def test_a_field_that_never_ends_is_refused_while_it_arrives() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(b"GET / HTTP/1.1\r\n" + HOST + b"X: ")
        for _ in range(40):
            await client.send(b"y" * 8192)
            await asyncio.sleep(0)
        assert (await client.answer()).word == "head_too_large"


async def test_as_many_fields_as_are_allowed_are_answered() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        fields = b"X: y\r\n" * (early.MAX_FIELDS - 1)
        await client.send(b"GET / HTTP/1.1\r\n" + HOST + fields + b"\r\n")
        assert (await client.answer()).status == 200


async def test_a_head_that_does_not_arrive_in_time_is_answered_408() -> None:
    async with wire(echo, head_seconds=30) as served:
        client = await served.connect()
        await client.send(GET[:-2])
        await until(lambda: served.connections[0].stage is Stage.HEAD)
        served.sweep(seconds_later=29)
        assert len(served.connections) == 1
        served.sweep(seconds_later=31)
        assert (await client.answer()).status == 408
        assert await client.rest() == b""


async def test_bytes_that_trickle_in_do_not_prolong_the_head() -> None:
    async with wire(echo, head_seconds=30) as served:
        client = await served.connect()
        await client.send(b"G")
        await until(lambda: served.connections[0].stage is Stage.HEAD)
        for count, byte in enumerate((b"E", b"T", b" "), 1):
            await client.send(byte)
            await until(lambda: served.connections[0]._head_bytes == count)  # noqa: B023
            served.sweep(seconds_later=29)
        served.sweep(seconds_later=31)
        assert (await client.answer()).status == 408


async def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    async with wire(echo, head_seconds=30) as served:
        client = await served.connect()
        served.sweep(seconds_later=31)
        assert await client.rest() == b""


async def test_an_idle_connection_is_closed_after_its_own_time() -> None:
    async with wire(echo, idle_seconds=20) as served:
        client = await served.connect()
        await client.send(GET)
        await client.answer()
        served.sweep(seconds_later=19)
        await client.send(GET)
        await client.answer()
        served.sweep(seconds_later=21)
        assert await client.rest() == b""


async def test_a_body_that_does_not_arrive_in_time_is_answered_408_and_stops_the_application() -> (
    None
):
    async with wire(echo, body_seconds=60, lowest_bytes_per_second=1) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 1000\r\n\r\n" + b"x" * 900)
        await until(lambda: bool(served.state.tasks))
        served.sweep(seconds_later=59)
        assert served.state.tasks
        served.sweep(seconds_later=61)
        assert (await client.answer()).word == "request_timeout"
        await until(lambda: not served.state.tasks)


async def test_a_body_below_the_lowest_rate_is_answered_408_before_its_time_is_up() -> None:
    async with wire(echo, body_seconds=60, lowest_bytes_per_second=1000) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 100000\r\n\r\n" + b"x" * 9000)
        await until(lambda: bool(served.state.tasks))
        served.sweep(seconds_later=8)
        assert served.state.tasks
        served.sweep(seconds_later=10)
        assert (await client.answer()).word == "request_timeout"


async def test_a_larger_body_than_a_pictures_has_as_much_time_again() -> None:
    limits = {"body_seconds": 60, "max_upload_bytes": 6000, "lowest_bytes_per_second": 1}
    async with wire(echo, **limits) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 100000\r\n\r\n" + b"x" * 12_000)
        await until(lambda: bool(served.state.tasks))
        served.sweep(seconds_later=61)
        served.sweep(seconds_later=118)
        assert served.state.tasks
        served.sweep(seconds_later=121)
        assert (await client.answer()).word == "request_timeout"


async def test_a_running_request_has_no_deadline_of_the_protocol() -> None:
    app = Stuck()
    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET)
        await until(lambda: app.is_running)
        served.sweep(seconds_later=3600)
        app.may_answer.set()
        assert (await client.answer()).status == 200


async def test_a_body_in_crumbs_is_refused() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 6000)
        assert (await client.answer()).status == 400


@pytest.mark.parametrize("size", [1, 100])
async def test_a_body_in_many_small_chunks_is_read(size: int) -> None:
    chunks = (b"%x\r\n" % size + bytes(size) + b"\r\n") * (5000 if size == 1 else 20_000)
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        assert (await client.answer()).status == 200


@pytest.mark.parametrize(
    ("beginning", "more"),
    [
        (b"0\r\nX: ", b"y" * 8192),
        (b"0\r\n", b"X: y\r\n" * 1000),
        (b"1;", b"y" * 8192),
        (b"", b"1;" + b"y" * 8192 + b"\r\nx\r\n"),
    ],
)
async def test_framing_that_never_ends_is_refused_while_it_arrives(
    beginning: bytes, more: bytes
) -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        await until(lambda: bool(served.state.tasks))
        await client.send(beginning)
        for _ in range(40):
            await client.send(more)
            await asyncio.sleep(0)
        answer = await client.answer()
        assert (answer.status, answer.word) == (400, "unreadable_body")
        await until(lambda: not served.state.tasks)


async def test_requests_in_one_read_do_not_count_as_framing_of_one_another() -> None:
    request = POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
    large = POST + b"Content-Length: 200000\r\n\r\n" + bytes(200_000)
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(request[:-2])
        await until(lambda: bool(served.state.tasks))
        await client.send(request[-2:] + large + request)
        assert [len((await client.answer()).body) for _ in range(3)] == [1, 200_000, 1]


async def test_trailers_do_not_reach_the_application() -> None:
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await read_all(receive)
        seen.append(scope)
        await reply(send)

    async with wire(app) as served:
        client = await served.connect()
        chunks = b"1\r\nx\r\n0\r\nAuthorization: Bearer x\r\n\r\n"
        await client.send(POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        await client.answer()
    assert b"authorization" not in dict(seen[0]["headers"])


async def test_a_client_that_ended_its_sending_gets_its_answer() -> None:
    app = Stuck()
    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET)
        client.end_sending()
        await until(lambda: app.is_running)
        app.may_answer.set()
        answer = await client.answer()
        assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert await client.rest() == b""


async def test_a_client_that_ended_its_sending_and_waits_is_not_taken_for_gone() -> None:
    app = Stuck()
    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET)
        client.end_sending()
        await until(lambda: app.is_running)
        for later in range(0, 20, 2):
            served.sweep(seconds_later=later)
            await asyncio.sleep(0.01)
        app.may_answer.set()
        assert await client.line() == b"HTTP/1.1 100 Continue\r\n"
        assert await client.line() == b"\r\n"
        assert (await client.answer()).status == 200


async def test_a_client_that_left_takes_its_request_with_it() -> None:
    app = Stuck()
    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET)
        await until(lambda: app.is_running)
        client.leave()
        await served.sweep_until(lambda: app.was_cancelled)
        assert not served.connections


@pytest.mark.parametrize("has_body", [True, False])
@pytest.mark.parametrize("is_reset", [True, False])
async def test_a_client_that_left_is_noticed_behind_its_pipelined_requests(
    is_reset: bool, has_body: bool
) -> None:
    app = Stuck()
    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET + (POST + b"Content-Length: 9\r\n\r\n" if has_body else GET))
        await until(lambda: app.is_running and served.connections[0].flow.read_paused)
        if is_reset:
            await client.reset()
        client.leave()
        await served.sweep_until(lambda: app.was_cancelled)
        assert not served.connections


async def test_a_reset_that_no_read_has_shown_yet_does_not_disturb_a_sweep() -> None:
    async with wire(echo, idle_seconds=20) as served:
        client = await served.connect()
        await client.send(GET)
        await client.answer()
        await client.reset()
        served.sweep(seconds_later=21)
        await until(lambda: not served.connections)


async def test_a_body_cut_off_is_answered_400() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 1000\r\n\r\nabc")
        client.end_sending()
        assert (await client.answer()).word == "unreadable_body"
        await until(lambda: not served.state.tasks)


async def test_an_early_refusal_can_be_read_by_a_client_that_sends_everything_first() -> None:
    async with wire(deny) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 30000000\r\n\r\n")
        for _ in range(30):
            await client.send(bytes(1_000_000))
        answer = await client.answer()
        assert (answer.status, answer.fields["connection"]) == (401, "close")
        assert await client.rest() == b""


@pytest.mark.parametrize("announced", [b"30000000", b"200000"])
async def test_nothing_is_kept_of_a_refused_request_while_its_connection_lasts(
    announced: bytes,
) -> None:
    async with wire(deny) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: " + announced + b"\r\n\r\n" + bytes(200_000))
        assert (await client.answer()).status == 401
        await until(lambda: not served.state.tasks)
        assert served.connections
        connection = served.connections[0]
        kept = [one for one in gc.get_objects() if isinstance(one, RequestCycle)]
        assert not [one for one in kept if one.connection is connection]


async def test_a_client_that_goes_on_sending_after_its_refusal_is_cut_off() -> None:
    async with wire(deny, max_upload_bytes=10_000) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 30000000\r\n\r\n")
        with pytest.raises(ConnectionError):
            await client.send(bytes(30_000_000))
        await until(lambda: not served.connections)


async def test_a_client_that_does_not_close_is_left_after_a_while() -> None:
    async with wire(deny) as served:
        client = await served.connect()
        await client.send(POST + b"Content-Length: 30000000\r\n\r\n")
        await client.answer()
        served.sweep(seconds_later=3)
        await until(lambda: not served.connections)


async def test_continue_is_sent_when_the_application_reads() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert await client.line() == b"HTTP/1.1 100 Continue\r\n"
        assert await client.line() == b"\r\n"
        await client.send(b"abc")
        assert (await client.answer()).body == b"abc"


async def test_continue_is_not_sent_when_the_application_refuses() -> None:
    async with wire(deny) as served:
        client = await served.connect()
        await client.send(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        answer = await client.answer()
        assert (answer.status, answer.fields["connection"]) == (401, "close")


async def test_too_many_connections_are_told_so_at_once_and_others_not() -> None:
    app = Stuck()
    async with wire(app, max_connections=2) as served:
        clients = [await served.connect() for _ in range(2)]
        for client in clients:
            await client.send(GET)
        await until(lambda: len(served.state.tasks) == 2)
        third = await served.connect()
        await third.send(GET)
        refused = await third.answer()
        assert (refused.word, refused.fields["retry-after"]) == ("too_many_connections", "5")
        app.may_answer.set()
        assert [(await client.answer()).status for client in clients] == [200, 200]


async def test_the_connection_that_is_idle_longest_makes_room_for_a_newcomer() -> None:
    async with wire(echo, max_connections=3) as served:
        begun, silent, used = [await served.connect() for _ in range(3)]
        await begun.send(GET[:-2])
        for client in (used, await served.connect()):
            await client.send(GET)
            assert (await client.answer()).status == 200
        assert await silent.rest() == b""
        await begun.send(GET[-2:])
        assert (await begun.answer()).status == 200


@pytest.mark.parametrize(
    ("sent", "stage"), [(GET[:-2], Stage.HEAD), (b"nonsense\r\n\r\n", Stage.CLOSING)]
)
async def test_connections_without_a_request_lock_nobody_out(sent: bytes, stage: Stage) -> None:
    async with wire(echo, max_connections=2) as served:
        for _ in range(2):
            client = await served.connect()
            await client.send(sent)
        await until(lambda: {one.stage for one in served.connections} == {stage})
        for _ in range(5):
            newcomer = await served.connect()
            await newcomer.send(GET)
            assert (await newcomer.answer()).status == 200
        assert len(served.connections) == 2


async def test_a_connection_is_free_again_when_another_ends() -> None:
    async with wire(echo, max_connections=1) as served:
        first = await served.connect()
        first.leave()
        await until(lambda: not served.connections)
        second = await served.connect()
        await second.send(GET)
        assert (await second.answer()).status == 200


async def test_pipelined_requests_are_answered_in_their_order() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(
            b"".join(POST + b"Content-Length: 1\r\n\r\n" + b"%d" % number for number in range(5))
        )
        assert [(await client.answer()).body for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]


async def test_garbage_after_a_request_does_not_cost_its_answer() -> None:
    app = Stuck()
    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET + b"nonsense\r\n\r\n")
        await until(lambda: app.is_running)
        app.may_answer.set()
        answer = await client.answer()
        assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert await client.rest() == b""


async def test_a_flood_of_pipelined_requests_is_cut_off() -> None:
    app = Stuck()
    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET * 1000)
        await until(lambda: app.is_running)
        app.may_answer.set()
        assert (await client.answer()).status == 200
        assert await client.rest() == b""


@pytest.mark.parametrize("protocol", [b"websocket", b"h2c"])
async def test_an_offered_upgrade_is_ignored(protocol: bytes) -> None:
    upgrade = b"Connection: Upgrade\r\nUpgrade: " + protocol + b"\r\n"
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(b"GET / HTTP/1.1\r\n" + HOST + upgrade + b"\r\n" + GET)
        assert [(await client.answer()).status for _ in range(2)] == [200, 200]


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ],
)
async def test_a_body_with_an_offered_upgrade_is_read(body: bytes) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    async with wire(echo) as served:
        client = await served.connect()
        await client.send(POST + upgrade + body)
        answer = await client.answer()
        assert (answer.body, answer.fields["connection"]) == (b"hello", "close")


async def test_a_draining_worker_answers_and_closes() -> None:
    async with wire(echo) as served:
        client = await served.connect()
        served.lifecycle.drain()
        await client.send(GET)
        answer = await client.answer()
        assert (answer.status, answer.fields["connection"]) == (200, "close")
        assert await client.rest() == b""


async def test_an_interrupted_request_is_answered_503() -> None:
    app = Stuck()
    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET)
        await until(lambda: app.is_running)
        served.connections[0].interrupt()
        answer = await client.answer()
        assert (answer.word, answer.fields["retry-after"]) == ("shutting_down", "5")
        await until(lambda: app.was_cancelled)


async def test_an_answer_that_nobody_reads_is_given_up() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await reply(send, bytes(20_000_000))

    async with wire(app, body_seconds=60, lowest_bytes_per_second=1_000_000) as served:
        client = await served.connect()
        await client.send(GET)
        await until(lambda: served.connections[0].flow.write_paused)
        served.sweep(seconds_later=60)
        assert served.connections
        served.sweep(seconds_later=81)
        await until(lambda: not served.connections)


async def test_a_large_answer_is_given_up_after_a_bounded_time() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await reply(send, bytes(20_000_000))

    async with wire(app, lowest_bytes_per_second=1000) as served:
        client = await served.connect()
        await client.send(GET)
        await until(lambda: served.connections[0].flow.write_paused)
        served.sweep(seconds_later=MAX_READING_SECONDS - 1)
        assert served.state.tasks
        served.sweep(seconds_later=MAX_READING_SECONDS + 1)
        await until(lambda: not served.connections and not served.state.tasks)


async def test_an_application_that_leaves_its_answer_undone_ends_the_connection() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        fields = [(b"content-length", b"10")]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        raise ValueError("half-way")

    async with wire(app) as served:
        client = await served.connect()
        await client.send(GET)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await client.answer()


async def test_many_idle_and_slow_clients_do_not_slow_a_good_one() -> None:
    async with wire(echo) as served:
        idle = [await served.connect() for _ in range(250)]
        slow = [await served.connect() for _ in range(250)]
        for client in slow:
            await client.send(b"GET / HT")
        served.sweep()
        good = await served.connect()
        await good.send(GET)
        assert (await good.answer()).status == 200
        assert len(served.connections) == len(idle) + len(slow) + 1
