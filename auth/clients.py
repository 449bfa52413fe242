"""Programs that may ask for tokens (RFC 6749 §2): public ones, and those with a secret."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from auth.errors import (
    AccountRefused,
    AccountTaken,
    AccountUnknown,
    ClientMissing,
    ClientSecretWrong,
    ClientUnknown,
)
from auth.tables import clients

NAME = re.compile(r"[A-Za-z0-9._-]{1,128}")
REFUSAL = "Invalid client or Invalid client credentials"


@dataclass(frozen=True, slots=True)
class Client:
    """A program; a confidential one has a secret and may introspect tokens."""

    id: str
    is_confidential: bool
    has_direct_grants: bool
    is_enabled: bool
    created_at: float


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """What a request says about its client; empty where it says nothing."""

    client_id: str
    secret: str


class Clients:
    """Clients in the database; the secret is random and long, so a plain digest keeps it."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads_only=True)
        self._clock = clock

    def add(
        self, client_id: str, *, is_confidential: bool = False, has_direct_grants: bool = True
    ) -> str | None:
        """Add a client and return its secret, which is shown this once; None for a public one."""
        if NAME.fullmatch(client_id) is None:
            raise AccountRefused("A client's name has 1 to 128 letters, digits, dots, _ and -.")
        secret = secrets.token_urlsafe(32) if is_confidential else None
        values = {
            "id": client_id,
            "secret_hash": secret and _digest(secret),
            "has_direct_grants": has_direct_grants,
            "is_enabled": True,
            "created_at": self._clock(),
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(clients).values(values))
        except IntegrityError as error:
            raise AccountTaken(f"There is already a client {client_id}.") from error
        return secret

    def remove(self, client_id: str) -> None:
        """Remove the client and, with it, its sessions."""
        with self._engine.begin() as connection:
            removed = connection.execute(delete(clients).where(clients.c.id == client_id))
        _expect_one(removed.rowcount, client_id)

    def set_enabled(self, client_id: str, is_enabled: bool) -> None:
        change = update(clients).where(clients.c.id == client_id).values(is_enabled=is_enabled)
        with self._engine.begin() as connection:
            changed = connection.execute(change)
        _expect_one(changed.rowcount, client_id)

    def all(self) -> list[Client]:
        with self._reads.connect() as connection:
            return [_client(row) for row in connection.execute(select(clients).order_by("id"))]

    def page(self, offset: int, limit: int) -> tuple[int, list[Client]]:
        """How many there are, and some of them by name."""
        some = select(clients).order_by("id").offset(offset).limit(limit)
        with self._reads.begin() as connection:
            total = connection.execute(select(func.count()).select_from(clients)).scalar_one()
            return total, [_client(row) for row in connection.execute(some)]

    def authenticate(self, credentials: ClientCredentials) -> Client:
        """The client of a request; a public one needs no secret and a stray one is ignored."""
        if not credentials.client_id:
            raise ClientMissing("Missing client_id parameter")
        row = self._find(credentials.client_id)
        if row is None or not row.is_enabled:
            raise ClientUnknown(REFUSAL)
        digest = _digest(credentials.secret)
        if row.secret_hash and not hmac.compare_digest(digest, row.secret_hash):
            raise ClientSecretWrong(REFUSAL)
        return _client(row)

    def _find(self, client_id: str) -> Row[tuple[object, ...]] | None:
        if NAME.fullmatch(client_id) is None:
            return None
        with self._reads.connect() as connection:
            return connection.execute(select(clients).where(clients.c.id == client_id)).first()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _expect_one(count: int, client_id: str) -> None:
    if count != 1:
        raise AccountUnknown(f"There is no client {client_id}.")


def _client(row: Row[tuple[object, ...]]) -> Client:
    return Client(
        id=row.id,
        is_confidential=row.secret_hash is not None,
        has_direct_grants=row.has_direct_grants,
        is_enabled=row.is_enabled,
        created_at=row.created_at,
    )
