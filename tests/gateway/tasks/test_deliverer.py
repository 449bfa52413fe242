"""Deliveries: what receivers get, how often they are asked, and what is written down of it."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from gateway.intake.addresses import AddressGuard
from gateway.intake.fetch import GuardedTransport
from gateway.store.secret_box import SecretBox
from gateway.tasks import deliverer
from gateway.tasks.deliverer import ANSWER_SECONDS, GIVE_UP_SECONDS, LEASE_SECONDS, Deliverer
from gateway.tasks.deliveries import Message, send_to_url
from tests.gateway.pool.running import LoopClock, until
from tests.gateway.tasks.receivers import BODY, SIGNATURE, Sender, hang, receiving

pytestmark = pytest.mark.anyio

ADA = ("ada", "aerovision")
OTHER_HOST = "127.0.0.2"


@pytest.fixture
def sender(database: Engine, tmp_path: Path) -> Sender:
    return Sender(database, tmp_path / "keys")


def verify_signature(body: bytes, secret: str, signature: str) -> bool:
    """As the vendor's document shows it to receivers."""
    expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


def guarded(addresses: Iterable[str], allow: Iterable[str]) -> GuardedTransport:
    """A transport for which every name has these addresses."""
    return GuardedTransport(AddressGuard(allow, lookup=lambda _: [*addresses]))


async def test_a_receiver_gets_the_exact_body_and_a_signature(sender: Sender) -> None:
    async with receiving() as receiver, sender.delivering():
        await sender.webhooks.add(*ADA, receiver.url(), "пароль")
        sender.send()
        row = await sender.after(attempts=1)
    (posted,) = receiver.posted
    assert posted.line == "POST /callback?of=ada HTTP/1.1"
    assert posted.body == BODY
    assert posted.fields["Content-Type"] == "application/json"
    assert posted.fields["User-Agent"] == "pixelgate/1.2"
    assert posted.fields["Webhook-Id"] == row.id
    assert verify_signature(posted.body, "пароль", posted.fields[SIGNATURE])
    assert (row.status, row.last_status, row.last_error) == ("delivered", 200, None)
    assert row.finished_at == sender.clock()


async def test_without_a_secret_nothing_is_signed(sender: Sender) -> None:
    async with receiving() as receiver, sender.delivering():
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        await sender.after(attempts=1)
    assert SIGNATURE not in receiver.posted[0].fields


async def test_one_url_is_told_with_the_fields_that_were_given(sender: Sender) -> None:
    fields = {"X-Auth": "open sesame", "content-type": "text/html", "user-agent": "x"}
    sealed = sender.box.seal(json.dumps(fields))
    async with receiving() as receiver, sender.delivering():
        message = Message(*ADA, "task", BODY, sender.clock())
        with sender.database.begin() as connection:
            send_to_url(connection, message, receiver.url(), sealed_headers=sealed)
        await sender.after(attempts=1)
    (posted,) = receiver.posted
    assert posted.fields["X-Auth"] == "open sesame"
    assert posted.fields.get_all("Content-Type") == ["application/json"]
    assert posted.fields.get_all("User-Agent") == ["pixelgate/1.2"]
    assert "sesame" not in str(sender.rows())


async def test_a_failed_attempt_is_made_again_later_and_later(sender: Sender) -> None:
    async with (
        receiving("500 Oops", "503 Busy", "404 Gone out", "204 No Content") as receiver,
        sender.delivering() as bell,
    ):
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        for attempt, wait in enumerate((10, 20, 40), 1):
            row = await sender.after(attempts=attempt)
            assert row.due_at == sender.clock() + wait
            sender.clock.turn(wait)
            bell.ring()
        row = await sender.after(attempts=4)
    assert [posted.body for posted in receiver.posted] == [BODY] * 4
    assert len({posted.fields["Webhook-Id"] for posted in receiver.posted}) == 1
    assert (row.status, row.last_status, row.last_error) == ("delivered", 204, None)


async def test_nothing_is_sent_before_it_is_due(sender: Sender) -> None:
    async with receiving("500 Oops") as receiver, sender.delivering() as bell:
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        await sender.after(attempts=1)
        sender.clock.turn(9.9)
        await sender.webhooks.add(*ADA, receiver.url(OTHER_HOST))
        sender.send()
        bell.ring()
        await until(lambda: len(sender.rows(last_status=500)) == 3)
        assert [row.attempts for row in sender.rows()] == [1, 1, 1]
    assert len(receiver.posted) == 3


async def test_waits_are_drawn_from_zero_to_a_bound(sender: Sender) -> None:
    drawn = list[tuple[float, float]]()

    def jitter(shortest: float, longest: float) -> float:
        drawn.append((shortest, longest))
        return 5

    async with receiving("500 Oops") as receiver, sender.delivering(jitter=jitter) as bell:
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        assert (await sender.after(attempts=1)).due_at == sender.clock() + 5
        sender.change(attempts=4999)
        sender.clock.turn(5)
        bell.ring()
        await sender.after(attempts=5000)
    assert drawn == [(0, 10), (0, 4 * 3600)]


async def test_after_a_day_it_is_given_up(sender: Sender) -> None:
    async with receiving("500 Oops") as receiver, sender.delivering() as bell:
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        await sender.after(attempts=1)
        sender.clock.turn(GIVE_UP_SECONDS - 20)
        bell.ring()
        assert (await sender.after(attempts=2)).status == "pending"
        sender.clock.turn(20)
        bell.ring()
        row = await sender.after(attempts=3)
    assert (row.status, row.last_status, row.finished_at) == ("failed", 500, sender.clock())
    assert row.last_error == "127.0.0.1 answered with status 500; 2xx is expected."


async def test_a_receiver_that_is_gone_is_not_asked_again(sender: Sender) -> None:
    async with receiving("410 Gone") as receiver, sender.delivering():
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        row = await sender.after(attempts=1)
    assert (row.status, row.last_status) == ("failed", 410)


async def test_a_redirect_is_not_followed(sender: Sender) -> None:
    async with receiving() as elsewhere:
        location = f"307 Elsewhere\r\nLocation: {elsewhere.url()}"
        async with receiving(location) as receiver, sender.delivering():
            await sender.webhooks.add(*ADA, receiver.url())
            sender.send()
            row = await sender.after(attempts=1)
    assert elsewhere.posted == []
    assert (row.status, row.last_status) == ("pending", 307)


async def test_a_name_that_leads_inside_by_now_is_not_connected_to(sender: Sender) -> None:
    async with receiving() as receiver:
        url = receiver.url("hook.example")
        await sender.webhooks.add(*ADA, url)  # It has no address yet.
        sender.send()
        async with sender.delivering(transport=guarded(["127.0.0.1"], allow=[OTHER_HOST])):
            row = await sender.after(attempts=1)
    assert receiver.posted == []
    assert (row.status, row.last_status) == ("pending", None)
    assert "not on the public internet" in row.last_error
    assert "127.0.0" not in row.last_error


async def test_a_closed_port_is_told_of_without_the_address(sender: Sender) -> None:
    async with receiving() as receiver:
        url = receiver.url("hook.example")
    await sender.webhooks.add(*ADA, url)
    sender.send()
    async with sender.delivering(transport=guarded(["127.0.0.1"], allow=["127.0.0.1"])):
        row = await sender.after(attempts=1)
    assert row.last_error.startswith("hook.example takes no connection")
    assert "127.0.0.1" not in row.last_error


async def test_an_attempt_that_was_broken_off_is_made_anew(sender: Sender) -> None:
    async with receiving(hang, "200 OK") as receiver:
        await sender.webhooks.add(*ADA, receiver.url(), "secret")
        sender.send()
        async with sender.delivering():
            await until(lambda: receiver.posted)
        sender.clock.turn(LEASE_SECONDS)
        async with sender.delivering():
            row = await sender.after(attempts=2)
    first, second = receiver.posted
    assert row.status == "delivered"
    assert (first.body, first.fields.items()) == (second.body, second.fields.items())


async def test_who_has_lost_its_lease_writes_nothing_down(sender: Sender) -> None:
    late = asyncio.Event()

    async def fail_late(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await late.wait()
        writer.write(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async with receiving(fail_late, "500 Oops") as receiver, sender.delivering() as first:
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        await until(lambda: receiver.posted)
        sender.clock.turn(LEASE_SECONDS)
        async with sender.delivering():
            await sender.after(attempts=2)
        rung = first.rung
        late.set()
        await until(lambda: first.rung > rung)
    assert [(row.status, row.last_status) for row in sender.rows()] == [("pending", 500)]


async def test_deliverers_that_look_at_once_deliver_once(sender: Sender) -> None:
    async with receiving() as receiver:
        await sender.webhooks.add(*ADA, receiver.url())
        for _ in range(40):
            sender.send()
        async with sender.delivering(), sender.delivering(), sender.delivering():
            await until(lambda: len(sender.rows(status="delivered")) == 40)
    assert len({posted.fields["Webhook-Id"] for posted in receiver.posted}) == 40
    assert len(receiver.posted) == 40


@pytest.mark.parametrize(
    ("owners", "hosts"),
    [("abcdefgh", ["127.0.0.1"]), ("a", ["127.0.0.1", OTHER_HOST])],
    ids=["one host", "one owner"],
)
async def test_a_dead_receiver_does_not_keep_others_waiting(
    sender: Sender, owners: str, hosts: list[str]
) -> None:
    async with receiving(hang) as dead, receiving() as alive, sender.delivering() as bell:
        for owner in owners:
            for host in hosts:
                await sender.webhooks.add(owner, "aerovision", dead.url(host))
            for _ in range(3):
                sender.send(owner)
        bell.ring()
        await until(lambda: len(dead.posted) == 4)
        await sender.webhooks.add(
            "z", "aerovision", alive.url("127.0.0.2" if owners != "a" else "127.0.0.1")
        )
        sender.send("z")
        bell.ring()
        await until(lambda: sender.rows(status="delivered"))
        assert len(dead.posted) == 4


async def test_a_place_that_is_free_again_is_taken(sender: Sender) -> None:
    async with receiving() as receiver, sender.delivering(places=1) as bell:
        await sender.webhooks.add(*ADA, receiver.url())
        for _ in range(5):
            sender.send()
        bell.ring()
        await until(lambda: len(sender.rows(status="delivered")) == 5)


async def test_a_lost_key_delays_what_it_sealed_and_nothing_else(
    sender: Sender, tmp_path: Path
) -> None:
    lost = SecretBox(tmp_path / "lost")
    async with receiving() as receiver, sender.delivering(box=lost) as bell:
        await sender.webhooks.add(*ADA, receiver.url(), "secret")
        sender.send()
        row = await sender.after(attempts=1)
        assert (row.status, row.last_error) == ("pending", "The key of stored secrets is gone.")
        await sender.webhooks.add("eve", "aerovision", receiver.url())
        sender.send("eve")
        bell.ring()
        await until(lambda: sender.rows(status="delivered"))
    assert len(receiver.posted) == 1


async def test_what_a_receiver_says_is_not_read(sender: Sender) -> None:
    async def pour(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n")
        while True:
            writer.write(bytes(65_536))
            await writer.drain()

    async with receiving(pour) as receiver, sender.delivering():
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        assert (await sender.after(attempts=1)).status == "delivered"


async def test_a_receiver_that_says_nothing_is_left(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = LoopClock(monkeypatch)
    async with receiving(hang) as receiver, sender.delivering():
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        await until(lambda: receiver.posted)
        await time.forward(ANSWER_SECONDS)
        row = await sender.after(attempts=1)
    assert row.last_error in (
        "127.0.0.1 did not answer within 10 s.",
        "127.0.0.1 did not answer in time.",
    )


async def test_an_unforeseen_error_is_a_failed_attempt(sender: Sender) -> None:
    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise ZeroDivisionError

    async with receiving() as receiver, sender.delivering(transport=Broken()) as bell:
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        bell.ring()
        row = await sender.after(attempts=1)
        assert row.last_error == "The message could not be sent, for an unforeseen reason."
        sender.clock.turn(10)
        bell.ring()
        await sender.after(attempts=2)


async def test_what_another_gateway_wrote_is_found_without_a_bell(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliverer, "POLL_SECONDS", 0.01)
    async with receiving() as receiver, sender.delivering():
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        await until(lambda: sender.rows(status="delivered"))


async def test_a_deleted_webhook_is_not_told_any_more(sender: Sender) -> None:
    async with receiving("500 Oops") as receiver, sender.delivering() as bell:
        webhook = await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        await sender.after(attempts=1)
        await sender.webhooks.delete(*ADA, webhook.id)
        sender.clock.turn(GIVE_UP_SECONDS)
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        bell.ring()
        await sender.after(attempts=1)
    assert len({posted.fields["Webhook-Id"] for posted in receiver.posted}) == 2
    assert len(receiver.posted) == 2


async def test_a_database_that_does_not_answer_stops_nothing(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = set[str]()

    def fails_first(step: str) -> None:
        method = getattr(Deliverer, step)

        def call(*arguments: object) -> object:
            if step not in failed:
                failed.add(step)
                raise OperationalError("", None, OSError())
            return method(*arguments)

        monkeypatch.setattr(Deliverer, step, call)

    fails_first("_claim")
    fails_first("_write_down")
    async with receiving() as receiver, sender.delivering() as bell:
        await sender.webhooks.add(*ADA, receiver.url())
        sender.send()
        await until(lambda: len(failed) == 2)
        sender.clock.turn(LEASE_SECONDS)
        bell.ring()
        await until(lambda: sender.rows(status="delivered"))
    assert len(receiver.posted) == 2
