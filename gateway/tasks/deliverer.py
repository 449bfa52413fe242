"""Delivers what is to be sent: leases rows, posts them, and writes down what came of it."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import anyio
import httpx
import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from auth.threads import Threads
from gateway.errors import GatewayError
from gateway.intake.addresses import read_url
from gateway.intake.fetch import transport_failure
from gateway.metrics import Metrics
from gateway.store.database import Database
from gateway.store.secret_box import SecretBox
from gateway.store.tables import deliveries
from gateway.tasks.bell import Bell
from gateway.tasks.deliveries import Status

log = structlog.get_logger()

ANSWER_SECONDS = 10.0
CONNECT_SECONDS = 4.0
LEASE_SECONDS = 30.0
"""How long an attempt keeps its row; one whose gateway died begins anew after that."""
FIRST_WAIT_SECONDS = 10
LONGEST_WAIT_SECONDS = 4 * 3600
GIVE_UP_SECONDS = 86_400
POLL_SECONDS = 1.0
PLACES = 16
DELIVERY_THREADS = 2


@dataclass(frozen=True, slots=True)
class Delivery:
    """A leased row; `attempts`, which counts this one too, tells its lease from later ones."""

    id: str
    task_id: str
    owner: str
    host: str
    url: str
    headers: str | None
    signature_header: str | None
    secret: str | None
    body: bytes
    attempts: int
    created_at: float


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an attempt: the receiver's status if it answered, and what went wrong."""

    status: int | None = None
    error: str | None = None


class Deliverer:
    """Posts deliveries when they are due, from each gateway, until a receiver has taken them.

    A receiver takes a delivery by any status of 2xx and ends it by 410. After anything else, a
    redirect included, it is tried again, later and later, for a day. An attempt whose gateway
    dies is made anew, so that a receiver may see a delivery twice; `Webhook-Id` tells.

    Args:
        box: opens secrets and header fields.
        transport: which checks the addresses that it connects to, and follows no redirect.
        bell: rung when there may be something new; what others wrote is looked for each second.
        version: of this service, for the User-Agent.
        places: attempts at once, a quarter of them for one owner and for one host.
        jitter: a wait between two bounds.
    """

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        transport: httpx.AsyncBaseTransport,
        bell: Bell,
        metrics: Metrics,
        *,
        version: str,
        places: int = PLACES,
        clock: Callable[[], float] = time.time,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._database = database
        self._reads = database.execution_options(reads_only=True)
        self._box = box
        self._transport = transport
        self._bell = bell
        self._metrics = metrics
        self._version = version
        self._places = places
        self._clock = clock
        self._jitter = jitter
        self._threads = Threads(DELIVERY_THREADS)
        self._under_way = set[Delivery]()

    async def run(self) -> None:
        """Deliver until cancelled; attempts that are then under way are made anew later."""
        async with asyncio.TaskGroup() as group:
            while True:
                rung = self._bell.rung
                while delivery := await self._next():
                    self._under_way.add(delivery)
                    group.create_task(self._deliver(delivery))
                await self._bell.wait(rung, POLL_SECONDS)

    async def _next(self) -> Delivery | None:
        if len(self._under_way) >= self._places:
            return None
        hosts = self._with_their_share(one.host for one in self._under_way)
        owners = self._with_their_share(one.owner for one in self._under_way)
        try:
            return await self._threads.run(self._claim, hosts, owners)
        except SQLAlchemyError:
            log.warning("deliveries cannot be read", exc_info=True)
            return None

    def _with_their_share(self, names: Iterable[str]) -> list[str]:
        """A dead receiver keeps each place for seconds; the others' are not to wait for it."""
        share = max(1, self._places // 4)
        return [name for name, count in Counter(names).items() if count >= share]

    def _claim(self, busy_hosts: list[str], busy_owners: list[str]) -> Delivery | None:
        now = self._clock()
        due = (
            select(deliveries)
            .where(
                deliveries.c.finished_at.is_(None),
                deliveries.c.due_at <= now,
                deliveries.c.host.not_in(busy_hosts),
                deliveries.c.owner.not_in(busy_owners),
            )
            .order_by(deliveries.c.due_at)
            .limit(1)
        )
        # Mostly there is none, and on SQLite who looks so keeps nobody waiting.
        with self._reads.begin() as connection:
            if connection.execute(due).first() is None:
                return None
        with self._database.begin() as connection:
            # Gateways on PostgreSQL pass over each other's rows; on SQLite they take turns.
            row = connection.execute(due.with_for_update(skip_locked=True)).mappings().one_or_none()
            if row is None:
                return None
            leased = {"attempts": row["attempts"] + 1, "due_at": now + LEASE_SECONDS}
            its_own = deliveries.c.id == row["id"]
            connection.execute(update(deliveries).where(its_own).values(leased))
        return Delivery(**{name: {**row, **leased}[name] for name in Delivery.__slots__})

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            reply = await self._attempt(delivery)
            self._metrics.delivered(reply.status)
            log.info(
                "delivery attempted",
                delivery=delivery.id,
                task=delivery.task_id,
                attempt=delivery.attempts,
                status=reply.status,
                error=reply.error,
            )
            await self._threads.run(self._write_down, delivery, reply)
        except SQLAlchemyError:
            log.warning("delivery cannot be written", delivery=delivery.id, exc_info=True)
        finally:
            self._under_way.discard(delivery)
            self._bell.ring()  # a place is free

    async def _attempt(self, delivery: Delivery) -> Reply:
        try:
            with anyio.fail_after(ANSWER_SECONDS):
                status = await self._post(delivery)
        except GatewayError as error:
            return Reply(error=error.message)
        except TimeoutError:
            return Reply(error=f"{delivery.host} did not answer within {ANSWER_SECONDS:g} s.")
        except httpx.TransportError as error:
            return Reply(error=transport_failure(error, delivery.host))
        except Exception:
            log.error("fault", delivery=delivery.id, exc_info=True)
            return Reply(error="The message could not be sent, for an unforeseen reason.")
        if 200 <= status < 300:
            return Reply(status)
        return Reply(status, f"{delivery.host} answered with status {status}; 2xx is expected.")

    async def _post(self, delivery: Delivery) -> int:
        request = httpx.Request(
            "POST",
            read_url(delivery.url),
            headers=self._headers(delivery),
            content=delivery.body,
            extensions={
                "timeout": httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS).as_dict()
            },
        )
        # What the receiver says beyond its status is not read, however much it is.
        async with aclosing(await self._transport.handle_async_request(request)) as response:
            return response.status_code

    def _headers(self, delivery: Delivery) -> httpx.Headers:
        headers = httpx.Headers()
        if delivery.headers:
            headers.update(json.loads(self._box.open(delivery.headers)))
        if delivery.secret and delivery.signature_header:
            secret = self._box.open(delivery.secret).encode()
            digest = hmac.new(secret, delivery.body, hashlib.sha256).hexdigest()
            headers[delivery.signature_header] = f"sha256={digest}"
        ours = {
            "Content-Type": "application/json",
            "User-Agent": f"pixelgate/{self._version}",
            "Webhook-Id": delivery.id,
            "Connection": "close",
        }
        headers.update(ours)
        return headers

    def _write_down(self, delivery: Delivery, reply: Reply) -> None:
        now = self._clock()
        values = self._values_after(delivery, reply, now)
        its_lease = (
            (deliveries.c.id == delivery.id)
            & (deliveries.c.attempts == delivery.attempts)
            & deliveries.c.finished_at.is_(None)
        )
        with self._database.begin() as connection:
            connection.execute(update(deliveries).where(its_lease).values(values))

    def _values_after(self, delivery: Delivery, reply: Reply, now: float) -> dict[str, Any]:
        told = {"last_status": reply.status, "last_error": reply.error}
        if reply.error is None:
            return told | {"status": Status.DELIVERED, "finished_at": now}
        longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (delivery.attempts - 1))
        due_at = now + self._jitter(0, longest)
        if reply.status == httpx.codes.GONE or due_at > delivery.created_at + GIVE_UP_SECONDS:
            return told | {"status": Status.FAILED, "finished_at": now}
        return told | {"due_at": due_at}
