"""Webhooks: whose they are, where they may lead, and what is kept of what was sent there."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from gateway.errors import (
    TooManyDeliveries,
    TooManyWebhooks,
    UnknownDelivery,
    UnknownWebhook,
    UrlRefused,
)
from gateway.intake.addresses import AddressGuard
from gateway.store.secret_box import SecretBox
from gateway.store.tables import webhooks
from gateway.tasks.deliveries import KEPT_SECONDS, Message, Status, send_to_url
from gateway.tasks.webhooks import MOST_LISTED, MOST_PENDING, MOST_WEBHOOKS, Webhooks
from tests.gateway.tasks.receivers import BODY, SIGNATURE, Sender

pytestmark = pytest.mark.anyio

ADA = ("ada", "aerovision")
URL = "http://127.0.0.1/Callback?token=a#b"
someone_else = pytest.mark.parametrize("other", [("eve", "aerovision"), ("ada", "ltu")])


@pytest.fixture
def sender(database: Engine, tmp_path: Path) -> Sender:
    return Sender(database, tmp_path / "keys")


async def test_a_webhook_is_listed_as_it_was_sent(sender: Sender) -> None:
    first = await sender.webhooks.add(*ADA, URL)
    sender.clock.turn(1)
    second = await sender.webhooks.add(*ADA, URL)
    assert first.id.startswith("wh_")
    assert (first.url, first.created_at) == (URL, sender.clock() - 1)
    assert await sender.webhooks.of(*ADA) == [first, second]


async def test_a_secret_is_not_shown_and_cannot_be_read_in_the_rows(sender: Sender) -> None:
    shown = await sender.webhooks.add(*ADA, URL, "open sesame")
    sender.send()
    with sender.database.connect() as connection:
        rows = connection.execute(select(webhooks)).all()
    rows = [*rows, *sender.rows()]
    assert "sesame" not in f"{shown}{rows}"
    assert {sender.box.open(row.secret) for row in rows} == {"open sesame"}


@someone_else
async def test_nobody_else_sees_or_changes_a_webhook(
    sender: Sender, other: tuple[str, str]
) -> None:
    webhook = await sender.webhooks.add(*ADA, URL)
    sender.send()
    delivery = sender.rows()[0].id
    assert await sender.webhooks.of(*other) == []
    for ask in (
        sender.webhooks.delete(*other, webhook.id),
        sender.webhooks.deliveries(*other, webhook.id),
        sender.webhooks.redeliver(*other, webhook.id, delivery),
    ):
        with pytest.raises(UnknownWebhook):
            await ask
    assert await sender.webhooks.of(*ADA) == [webhook]
    assert len(sender.rows()) == 1


@someone_else
async def test_nobody_elses_tasks_are_told_of(sender: Sender, other: tuple[str, str]) -> None:
    await sender.webhooks.add(*ADA, URL)
    sender.send(*other)
    assert sender.rows() == []


async def test_every_webhook_of_a_caller_is_told(sender: Sender) -> None:
    ids = {(await sender.webhooks.add(*ADA, URL)).id for _ in range(3)}
    sender.send()
    assert {row.webhook_id for row in sender.rows()} == ids
    assert {row.body for row in sender.rows()} == {BODY}


@pytest.mark.parametrize("where", ["10.0.0.1", "[::1]", "169.254.169.254", "127.0.0.4"])
async def test_an_inner_address_is_refused(sender: Sender, where: str) -> None:
    with pytest.raises(UrlRefused, match="not on the public internet"):
        await sender.webhooks.add(*ADA, f"http://{where}/")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://ada:word@127.0.0.1/", "callback"])
async def test_another_kind_of_url_is_refused(sender: Sender, url: str) -> None:
    with pytest.raises(UrlRefused):
        await sender.webhooks.add(*ADA, url)
    assert await sender.webhooks.of(*ADA) == []


async def test_a_name_without_an_address_is_taken(database: Engine, tmp_path: Path) -> None:
    guard = AddressGuard(lookup=lambda _: [])
    ours = Webhooks(database, SecretBox(tmp_path), guard)
    await ours.add(*ADA, "https://soon.example/")
    assert len(await ours.of(*ADA)) == 1


async def test_a_caller_has_a_bounded_number_of_them(sender: Sender) -> None:
    ids = [(await sender.webhooks.add(*ADA, URL)).id for _ in range(MOST_WEBHOOKS)]
    with pytest.raises(TooManyWebhooks, match=f"{MOST_WEBHOOKS} webhooks"):
        await sender.webhooks.add(*ADA, URL)
    await sender.webhooks.add("eve", "aerovision", URL)
    await sender.webhooks.delete(*ADA, ids[0])
    await sender.webhooks.add(*ADA, URL)


async def test_what_was_to_be_sent_to_a_deleted_webhook_goes_with_it(sender: Sender) -> None:
    gone, kept = [await sender.webhooks.add(*ADA, URL) for _ in range(2)]
    sender.send()
    await sender.webhooks.delete(*ADA, gone.id)
    assert [row.webhook_id for row in sender.rows()] == [kept.id]
    with pytest.raises(UnknownWebhook):
        await sender.webhooks.delete(*ADA, gone.id)


async def test_a_task_that_does_not_end_after_all_is_not_told_of(sender: Sender) -> None:
    message = Message(*ADA, "task", BODY, sender.clock())
    with sender.database.connect() as connection:
        send_to_url(connection, message, URL, sealed_headers=None)
    assert sender.rows() == []


async def test_deliveries_are_listed_the_newest_first(sender: Sender) -> None:
    webhook = await sender.webhooks.add(*ADA, URL)
    for _ in range(MOST_LISTED + 1):
        sender.clock.turn(1)
        sender.send()
    listed = await sender.webhooks.deliveries(*ADA, webhook.id)
    newest = sender.clock()
    assert [one.created_at for one in listed] == [newest - age for age in range(MOST_LISTED)]
    assert {(one.status, one.attempts, one.task_id) for one in listed} == {
        (Status.PENDING, 0, "task")
    }


async def test_what_was_sent_can_be_sent_again(sender: Sender) -> None:
    webhook = await sender.webhooks.add(*ADA, URL, "secret")
    sender.send()
    sender.change(status="failed", attempts=9, last_status=500, last_error="e", finished_at=1)
    sender.clock.turn(9)
    again = await sender.webhooks.redeliver(*ADA, webhook.id, sender.rows()[0].id)
    first, second = sender.rows()
    assert (second.id, second.status, second.due_at) == (again, "pending", sender.clock())
    assert (second.attempts, second.last_status, second.last_error) == (0, None, None)
    assert (second.body, second.secret) == (first.body, first.secret)
    assert second.signature_header == SIGNATURE
    assert first.status == "failed"


async def test_what_was_never_sent_cannot_be_sent_again(sender: Sender) -> None:
    one, other = [await sender.webhooks.add(*ADA, URL) for _ in range(2)]
    sender.send()
    of_other = sender.rows(webhook_id=other.id)[0].id
    for unknown in ("x", of_other):
        with pytest.raises(UnknownDelivery):
            await sender.webhooks.redeliver(*ADA, one.id, unknown)


async def test_a_delivery_is_not_sent_again_without_end(sender: Sender) -> None:
    webhook = await sender.webhooks.add(*ADA, URL)
    sender.send()
    first = sender.rows()[0].id
    for _ in range(MOST_PENDING - 1):
        await sender.webhooks.redeliver(*ADA, webhook.id, first)
    with pytest.raises(TooManyDeliveries):
        await sender.webhooks.redeliver(*ADA, webhook.id, first)
    sender.change(finished_at=sender.clock())
    await sender.webhooks.redeliver(*ADA, webhook.id, first)


async def test_finished_deliveries_are_forgotten_after_a_week(sender: Sender) -> None:
    await sender.webhooks.add(*ADA, URL)
    sender.send()
    sender.change(finished_at=sender.clock())
    sender.clock.turn(KEPT_SECONDS)
    sender.send()
    assert len(sender.rows()) == 2
    sender.clock.turn(1)
    sender.send()
    assert len(sender.rows()) == 2


async def test_header_fields_for_a_tasks_url_are_sealed(sender: Sender) -> None:
    sealed = await sender.webhooks.prepare(URL, {"X-Key": "open sesame"})
    assert sealed is not None
    assert "sesame" not in sealed
    assert sender.box.open(sealed) == '{"X-Key": "open sesame"}'
    assert await sender.webhooks.prepare(URL, {}) is None


async def test_a_tasks_url_leads_to_no_inner_address(sender: Sender) -> None:
    with pytest.raises(UrlRefused):
        await sender.webhooks.prepare("http://10.0.0.1/", {})


async def test_what_became_of_a_tasks_url_is_told_to_its_owner(sender: Sender) -> None:
    message = Message(*ADA, "task", BODY, sender.clock())
    with sender.database.begin() as connection:
        send_to_url(connection, message, URL, sealed_headers=None)
    assert await sender.webhooks.statuses("ada", ["task", "other"]) == {"task": Status.PENDING}
    assert await sender.webhooks.statuses("eve", ["task"]) == {}
