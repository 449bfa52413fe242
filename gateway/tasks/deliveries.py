"""What is to be sent when a task ends: rows, written in the transaction that ends it."""

import uuid
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from gateway.intake.addresses import host_of, read_url
from gateway.store.tables import deliveries, webhooks

KEPT_SECONDS = 7 * 86_400
"""How long one can read what became of a delivery."""


class Status(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent about a task, byte for byte, and whose task it is."""

    owner: str
    dialect: str
    task_id: str
    body: bytes
    created_at: float


def send_to_webhooks(connection: Connection, message: Message, *, signature_header: str) -> None:
    """Send a message to every webhook that its owner has in its dialect.

    Args:
        signature_header: the field that holds `sha256=` and the hexadecimal HMAC-SHA256 of the
            body, where a webhook has a secret.
    """
    theirs = (
        select(webhooks.c.id, webhooks.c.url, webhooks.c.host, webhooks.c.secret)
        .where(webhooks.c.owner == message.owner, webhooks.c.dialect == message.dialect)
        # On PostgreSQL one that is deleted now would end the task's transaction.
        .with_for_update(read=True, key_share=True)
    )
    told = connection.execute(theirs).all()
    if told:
        _forget_old(connection, message.created_at)
    for webhook in told:
        signed = {"signature_header": signature_header, "secret": webhook.secret}
        where = {"webhook_id": webhook.id, "url": webhook.url, "host": webhook.host}
        _add(connection, message, where | signed)


def send_to_url(
    connection: Connection, message: Message, url: str, *, sealed_headers: str | None
) -> None:
    """Send a message to one URL that was named with the task.

    Args:
        url: as the caller wrote it; `read_url` has taken it before.
        sealed_headers: JSON object of further header fields, sealed.
    """
    _forget_old(connection, message.created_at)
    where = {"url": url, "host": host_of(read_url(url))}
    _add(connection, message, where | {"headers": sealed_headers})


def _forget_old(connection: Connection, now: float) -> None:
    connection.execute(delete(deliveries).where(deliveries.c.finished_at < now - KEPT_SECONDS))


def _add(connection: Connection, message: Message, values: dict[str, Any]) -> None:
    connection.execute(
        insert(deliveries).values(
            id=uuid.uuid4().hex,
            owner=message.owner,
            dialect=message.dialect,
            task_id=message.task_id,
            body=message.body,
            status=Status.PENDING,
            attempts=0,
            due_at=message.created_at,
            created_at=message.created_at,
            **values,
        )
    )
