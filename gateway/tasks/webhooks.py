"""Webhooks: URLs that a caller wants to be told at when a task ends, and what was sent there."""

import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select

from auth.threads import Threads
from gateway.errors import (
    TooManyDeliveries,
    TooManyWebhooks,
    UnknownDelivery,
    UnknownWebhook,
    UrlUnreachable,
)
from gateway.intake.addresses import AddressGuard, host_of, port_of, read_url
from gateway.store.database import Database
from gateway.store.secret_box import SecretBox
from gateway.store.tables import deliveries, webhooks
from gateway.tasks.deliveries import Status

MOST_WEBHOOKS = 20
"""Of one caller in one dialect; some more when several are added at the same moment."""
MOST_LISTED = 100
MOST_PENDING = 100
"""Of a webhook, with which one more may be sent again."""
AGAIN_SECONDS = 10
WEBHOOK_THREADS = 2


@dataclass(frozen=True, slots=True)
class Webhook:
    """A URL that is told of each task that ends; its secret is never told."""

    id: str
    url: str
    created_at: float


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What became of one message to one webhook.

    Args:
        last_status: of HTTP, that the receiver answered with last.
        last_error: why the last attempt failed.
        due_at: when the next attempt may begin, as long as the delivery is pending.
    """

    id: str
    task_id: str
    status: Status
    attempts: int
    last_status: int | None
    last_error: str | None
    due_at: float
    created_at: float
    finished_at: float | None


class Webhooks:
    """Adds, lists and deletes webhooks; each caller sees its own, dialect by dialect.

    Args:
        box: seals the secrets.
        guard: refuses URLs that lead to inner addresses; it is asked again at each delivery.
    """

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        guard: AddressGuard,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._reads = database.execution_options(reads_only=True)
        self._box = box
        self._guard = guard
        self._clock = clock
        self._threads = Threads(WEBHOOK_THREADS)

    async def add(self, owner: str, dialect: str, url: str, secret: str = "") -> Webhook:
        """Tell this URL, from now on; with a secret, what is sent there is signed.

        Raises:
            UrlRefused: the URL is spelt in another way, or leads to an inner address.
            TooManyWebhooks: the caller has as many as one may have.
        """
        host = await self._checked(url)
        return await self._threads.run(self._add, owner, dialect, url, host, secret)

    async def prepare(self, url: str, headers: Mapping[str, str]) -> str | None:
        """Check a URL that one task names, and seal the header fields that go there, if any.

        Raises:
            UrlRefused: the URL is spelt in another way, or leads to an inner address.
        """
        await self._checked(url)
        if not headers:
            return None
        return await self._threads.run(self._box.seal, json.dumps(dict(headers)))

    async def statuses(self, owner: str, task_ids: Sequence[str]) -> dict[str, Status]:
        """What became of deliveries to URLs that tasks named, by task."""
        return await self._threads.run(self._statuses, owner, task_ids)

    async def of(self, owner: str, dialect: str) -> list[Webhook]:
        """A caller's webhooks, the oldest first."""
        return await self._threads.run(self._of, owner, dialect)

    async def delete(self, owner: str, dialect: str, id: str) -> None:
        """Forget a webhook and all deliveries to it, those that are pending included.

        Raises:
            UnknownWebhook: this caller has none of that name.
        """
        await self._threads.run(self._delete, _whose(owner, dialect, id))

    async def deliveries(self, owner: str, dialect: str, id: str) -> list[DeliveryRecord]:
        """The latest deliveries to a webhook, the newest first.

        Raises:
            UnknownWebhook: this caller has none of that name.
        """
        return await self._threads.run(self._deliveries, _whose(owner, dialect, id), id)

    async def redeliver(self, owner: str, dialect: str, id: str, delivery_id: str) -> str:
        """Send again what was sent once, as a delivery of its own; answers the new one's name.

        Raises:
            UnknownWebhook: this caller has none of that name.
            UnknownDelivery: the webhook has none of that name.
            TooManyDeliveries: too many to this webhook are pending.
        """
        whose = _whose(owner, dialect, id)
        return await self._threads.run(self._redeliver, whose, id, delivery_id)

    async def _checked(self, url: str) -> str:
        """The host that a URL names."""
        named = read_url(url)
        with suppress(UrlUnreachable):  # A name may be given an address later.
            await self._guard.resolve(host_of(named), port_of(named))
        return host_of(named)

    def _statuses(self, owner: str, task_ids: Sequence[str]) -> dict[str, Status]:
        theirs = select(deliveries.c.task_id, deliveries.c.status).where(
            deliveries.c.owner == owner,
            deliveries.c.webhook_id.is_(None),
            deliveries.c.task_id.in_(task_ids),
        )
        with self._reads.begin() as connection:
            return {row.task_id: Status(row.status) for row in connection.execute(theirs)}

    def _add(self, owner: str, dialect: str, url: str, host: str, secret: str) -> Webhook:
        values = {
            "id": f"wh_{secrets.token_hex(8)}",
            "owner": owner,
            "dialect": dialect,
            "url": url,
            "host": host,
            "secret": self._box.seal(secret) if secret else None,
            "created_at": self._clock(),
        }
        theirs = select(func.count()).where(
            webhooks.c.owner == owner, webhooks.c.dialect == dialect
        )
        with self._database.begin() as connection:
            if connection.execute(theirs).scalar_one() >= MOST_WEBHOOKS:
                raise TooManyWebhooks(
                    f"The caller has {MOST_WEBHOOKS} webhooks, as many as one may have; "
                    "delete one of them."
                )
            added = insert(webhooks).values(values).returning(webhooks)
            return _webhook(connection.execute(added).one())

    def _of(self, owner: str, dialect: str) -> list[Webhook]:
        theirs = select(webhooks).where(webhooks.c.owner == owner, webhooks.c.dialect == dialect)
        with self._reads.begin() as connection:
            rows = connection.execute(theirs.order_by(webhooks.c.created_at, webhooks.c.id))
            return [_webhook(row) for row in rows]

    def _delete(self, whose: ColumnElement[bool]) -> None:
        with self._database.begin() as connection:
            gone = connection.execute(delete(webhooks).where(whose))
        if not gone.rowcount:
            raise _unknown()

    def _deliveries(self, whose: ColumnElement[bool], id: str) -> list[DeliveryRecord]:
        names = DeliveryRecord.__dataclass_fields__
        latest = (
            select(*(deliveries.c[name] for name in names))
            .where(deliveries.c.webhook_id == id)
            .order_by(deliveries.c.created_at.desc(), deliveries.c.id)
            .limit(MOST_LISTED)
        )
        with self._reads.begin() as connection:
            _expect(connection, whose)
            rows = connection.execute(latest).mappings()
            return [DeliveryRecord(**{**row, "status": Status(row["status"])}) for row in rows]

    def _redeliver(self, whose: ColumnElement[bool], id: str, delivery_id: str) -> str:
        now = self._clock()
        once = select(deliveries).where(
            deliveries.c.webhook_id == id, deliveries.c.id == delivery_id
        )
        anew = {"status": Status.PENDING, "attempts": 0, "due_at": now, "created_at": now}
        unsaid = dict.fromkeys(("last_status", "last_error", "finished_at"))
        pending = select(func.count()).where(
            deliveries.c.webhook_id == id, deliveries.c.finished_at.is_(None)
        )
        with self._database.begin() as connection:
            _expect(connection, whose)
            row = connection.execute(once).mappings().one_or_none()
            if row is None:
                raise UnknownDelivery("There is no such delivery to this webhook.")
            if connection.execute(pending).scalar_one() >= MOST_PENDING:
                raise TooManyDeliveries(
                    f"{MOST_PENDING} deliveries to this webhook are pending; no more are added.",
                    retry_after_seconds=AGAIN_SECONDS,
                )
            again = {**row, **anew, **unsaid, "id": uuid.uuid4().hex}
            connection.execute(insert(deliveries).values(again))
        return str(again["id"])


def _whose(owner: str, dialect: str, id: str) -> ColumnElement[bool]:
    is_theirs = (webhooks.c.owner == owner) & (webhooks.c.dialect == dialect)
    return is_theirs & (webhooks.c.id == id)


def _expect(connection: Connection, whose: ColumnElement[bool]) -> None:
    # It stays until the transaction ends, on PostgreSQL too.
    asked = select(webhooks.c.id).where(whose).with_for_update(read=True, key_share=True)
    if connection.execute(asked).one_or_none() is None:
        raise _unknown()


def _unknown() -> UnknownWebhook:
    return UnknownWebhook("There is no such webhook of this caller.")


def _webhook(row: Row[tuple[object, ...]]) -> Webhook:
    return Webhook(row.id, row.url, row.created_at)
