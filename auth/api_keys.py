"""API keys: a long random word whose digest is kept, for programs that cannot log in."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine, Row, func, insert, or_, select, update

from auth.cache import FreshCache
from auth.errors import AccountUnknown, ApiKeyInvalid
from auth.scopes import both_scopes, join_scopes, split_scopes
from auth.tables import api_keys, users
from auth.threads import Threads
from auth.users import Users
from auth.verifier import CACHED_TOKENS, FRESH_SECONDS, Caller

FORM = re.compile(r"(pg_[0-9a-f]{8})_[A-Za-z0-9_-]{43}")

DAY_SECONDS = 86_400
# Last use is for people to read: writing it at each request would serve nobody.
USE_NOTED_EVERY_SECONDS = 60.0
_OWNED = select(api_keys, users.c.name.label("owner")).join(users)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What may be shown of a key; its prefix names it."""

    prefix: str
    owner: str
    label: str
    scopes: frozenset[str] | None
    created_at: float
    expires_at: float | None
    used_at: float | None
    revoked_at: float | None


class ApiKeys:
    """API keys in the database, each belonging to a user."""

    def __init__(self, engine: Engine, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads_only=True)
        self._clock = clock

    def add(
        self,
        owner: str,
        *,
        label: str = "",
        scopes: frozenset[str] | None = None,
        lifetime_seconds: float | None = None,
    ) -> str:
        """Make a key and return it; it is shown this once."""
        user = Users(self._engine).get(owner)
        prefix = f"pg_{secrets.token_hex(4)}"
        key = f"{prefix}_{secrets.token_urlsafe(32)}"
        now = self._clock()
        values = {
            "prefix": prefix,
            "digest": _digest(key),
            "user_id": user.id,
            "label": label,
            "scopes": join_scopes(scopes),
            "created_at": now,
            "expires_at": None if lifetime_seconds is None else now + lifetime_seconds,
        }
        with self._engine.begin() as connection:
            connection.execute(insert(api_keys).values(values))
        return key

    def revoke(self, prefix: str) -> None:
        named = (api_keys.c.prefix == prefix) & api_keys.c.revoked_at.is_(None)
        with self._engine.begin() as connection:
            revoke = update(api_keys).where(named).values(revoked_at=self._clock())
            changed = connection.execute(revoke)
        if changed.rowcount != 1:
            raise AccountUnknown(f"There is no valid API key {prefix}.")

    def all(self) -> list[ApiKey]:
        with self._reads.connect() as connection:
            by_owner = _OWNED.order_by("owner", "prefix")
            return [_api_key(row) for row in connection.execute(by_owner)]

    def page(self, offset: int, limit: int) -> tuple[int, list[ApiKey]]:
        """How many there are, and some of them, the newest first."""
        newest = _OWNED.order_by(api_keys.c.created_at.desc(), api_keys.c.prefix.desc())
        with self._reads.begin() as connection:
            total = connection.execute(select(func.count()).select_from(api_keys)).scalar_one()
            return total, [
                _api_key(row) for row in connection.execute(newest.offset(offset).limit(limit))
            ]

    def caller(self, key: str) -> Caller:
        """Whose key it is; one answer for all that are not valid."""
        found = FORM.fullmatch(key)
        row = self._find(found[1]) if found else None
        if row is None or not hmac.compare_digest(row.digest, _digest(key)):
            raise ApiKeyInvalid("The API key is unknown, revoked or expired.")
        self._note_use(row)
        return Caller(
            subject=row.user_id,
            name=row.name,
            client_id=row.prefix,
            scopes=both_scopes(split_scopes(row.scopes), split_scopes(row.user_scopes)),
            session_id=None,
            expires_at=float("inf") if row.expires_at is None else row.expires_at,
        )

    def _find(self, prefix: str) -> Row[tuple[object, ...]] | None:
        lasting = or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > self._clock())
        query = (
            select(api_keys, users.c.name, users.c.scopes.label("user_scopes"))
            .join(users)
            .where(api_keys.c.prefix == prefix, api_keys.c.revoked_at.is_(None), lasting)
            .where(users.c.is_enabled)
        )
        with self._reads.connect() as connection:
            return connection.execute(query).one_or_none()

    def _note_use(self, row: Row[tuple[object, ...]]) -> None:
        now = self._clock()
        if row.used_at is not None and now - row.used_at < USE_NOTED_EVERY_SECONDS:
            return
        noting = update(api_keys).where(api_keys.c.prefix == row.prefix).values(used_at=now)
        with self._engine.begin() as connection:
            connection.execute(noting)


def prefix_of(key: str) -> str:
    """Its beginning, which names it and may be shown."""
    return "_".join(key.split("_", 2)[:2])


class KeyCheck:
    """Verifies API keys; every worker notices a revoked one within 2 s."""

    def __init__(
        self, keys: ApiKeys, threads: Threads, clock: Callable[[], float] = time.time
    ) -> None:
        self._keys = keys
        self._threads = threads
        self._cache = FreshCache[Caller](seconds=FRESH_SECONDS, capacity=CACHED_TOKENS, clock=clock)

    async def verify(self, key: str) -> Caller:
        digest = hashlib.sha256(key.encode()).digest()
        return await self._cache.get(digest, lambda: self._ask(key), lambda who: who.expires_at)

    async def _ask(self, key: str) -> Caller:
        return await self._threads.run(self._keys.caller, key)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _api_key(row: Row[tuple[object, ...]]) -> ApiKey:
    return ApiKey(
        prefix=row.prefix,
        owner=row.owner,
        label=row.label,
        scopes=split_scopes(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        revoked_at=row.revoked_at,
    )
