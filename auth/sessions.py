"""Sessions: a row each, whose refresh tokens supersede one another (RFC 9700 §4.14)."""

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    bindparam,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from auth.config import IssuerConfig
from auth.errors import RefreshTokenInvalid
from auth.scopes import split_scopes
from auth.tables import clients, revoked_tokens, sessions, users

# Asked at almost every request, so it is put together once.
STANDING = (
    select(sessions.c.client_id, sessions.c.generation, users.c.id, users.c.name, users.c.scopes)
    .join(users, users.c.id == sessions.c.user_id)
    .join(clients, clients.c.id == sessions.c.client_id)
    .where(
        sessions.c.id == bindparam("session_id"),
        sessions.c.ended_at.is_(None),
        or_(sessions.c.expires_at.is_(None), sessions.c.expires_at > bindparam("now")),
        users.c.is_enabled,
        clients.c.is_enabled,
        ~exists().where(revoked_tokens.c.id == bindparam("token_id")),
    )
)


@dataclass(frozen=True, slots=True)
class Session:
    """One login of one user through one client."""

    id: str
    user_id: str
    client_id: str
    scope: str
    generation: int
    created_at: float
    expires_at: int | None
    idle_expires_at: float
    ended_because: str | None

    @property
    def is_offline(self) -> bool:
        return self.expires_at is None


@dataclass(frozen=True, slots=True)
class Standing:
    """What the database says of a token right now."""

    user_id: str
    user_name: str
    client_id: str
    user_scopes: frozenset[str] | None
    generation: int


class Sessions:
    """Begins, advances and ends sessions; all that workers share about them is in the rows."""

    def __init__(
        self, engine: Engine, config: IssuerConfig, clock: Callable[[], float] = time.time
    ) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads_only=True)
        self._config = config
        self._clock = clock

    def start(self, user_id: str, client_id: str, scope: str) -> Session:
        now = self._clock()
        is_offline = "offline_access" in scope.split()
        expires_at = None if is_offline else int(now) + self._config.session_seconds
        values = {
            "id": str(uuid.uuid4()),
            "user_id": user_id,
            "client_id": client_id,
            "scope": scope,
            "generation": 0,
            "created_at": now,
            "refreshed_at": now,
            "expires_at": expires_at,
            "idle_expires_at": self._idle_expiry(expires_at),
        }
        with self._engine.begin() as connection:
            self._forget_old(connection)
            added = connection.execute(insert(sessions).values(values).returning(sessions))
            return _session(added.one())

    def find(self, session_id: str) -> Session:
        """The session, if it is open."""
        with self._reads.connect() as connection:
            session = self._find(connection, session_id)
        return self._expect_open(session)

    def advance(self, session_id: str, generation: int) -> Session:
        """Supersede the refresh token of this generation; a superseded one ends the session.

        Compare-and-set: of several refreshes with one token, one moves the row and the others
        find that it has moved.
        """
        with self._engine.begin() as connection:
            session = self._expect_open(self._find(connection, session_id))
            moved = self._move(connection, session, generation)
            if moved is None:
                self._end(connection, session_id, "reuse")
        if moved is None:
            raise _reuse(session, generation)
        return moved

    def end(self, session_id: str, because: str = "logout") -> None:
        with self._engine.begin() as connection:
            self._end(connection, session_id, because)

    def revoke_token(self, token_id: str, expires_at: float) -> None:
        """Refuse one access token from now on; its session goes on."""
        revoking = insert(revoked_tokens).values(id=token_id, expires_at=expires_at)
        with suppress(IntegrityError), self._engine.begin() as connection:
            connection.execute(revoking)

    def standing(self, session_id: str, token_id: str) -> Standing | None:
        """Who stands behind a token, None if its session ended, or it or its user is refused."""
        asked = {"session_id": session_id, "token_id": token_id, "now": self._clock()}
        with self._reads.connect() as connection:
            row = connection.execute(STANDING, asked).one_or_none()
        if row is None:
            return None
        limits = split_scopes(row.scopes)
        return Standing(row.id, row.name, row.client_id, limits, row.generation)

    def _move(self, connection: Connection, session: Session, generation: int) -> Session | None:
        matching = [sessions.c.id == session.id, sessions.c.ended_at.is_(None)]
        step = 0
        if self._config.rotate_refresh:
            matching.append(sessions.c.generation == generation)
            step = 1
        values = {
            "generation": sessions.c.generation + step,
            "refreshed_at": self._clock(),
            "idle_expires_at": self._idle_expiry(session.expires_at),
        }
        change = update(sessions).where(*matching).values(values).returning(sessions)
        row = connection.execute(change).one_or_none()
        return None if row is None else _session(row)

    def _end(self, connection: Connection, session_id: str, because: str) -> None:
        open_one = (sessions.c.id == session_id) & sessions.c.ended_at.is_(None)
        ending = {"ended_at": self._clock(), "ended_because": because}
        connection.execute(update(sessions).where(open_one).values(ending))

    def _find(self, connection: Connection, session_id: str) -> Session | None:
        row = connection.execute(select(sessions).where(sessions.c.id == session_id)).one_or_none()
        return None if row is None else _session(row)

    def _expect_open(self, session: Session | None) -> Session:
        if session is not None and session.ended_because == "reuse":
            raise RefreshTokenInvalid("Session doesn't have required client")
        if session is None or session.ended_because or self._is_over(session):
            raise RefreshTokenInvalid("Session not active")
        return session

    def _is_over(self, session: Session) -> bool:
        now = self._clock()
        return now >= session.idle_expires_at or now >= (session.expires_at or float("inf"))

    def _idle_expiry(self, expires_at: float | None) -> float:
        if expires_at is None:
            return self._clock() + self._config.offline_idle_seconds
        return min(int(self._clock()) + self._config.refresh_seconds, expires_at)

    def _forget_old(self, connection: Connection) -> None:
        """Rows that no token can ask about any more."""
        longest = self._config.access_seconds + self._config.refresh_seconds
        past = self._clock() - longest
        connection.execute(delete(sessions).where(sessions.c.idle_expires_at < past))
        connection.execute(delete(revoked_tokens).where(revoked_tokens.c.expires_at < past))


def _reuse(session: Session, generation: int) -> RefreshTokenInvalid:
    """Keycloak tells the last superseded token from those before it."""
    if generation < session.generation - 1:
        return RefreshTokenInvalid("Stale token")
    return RefreshTokenInvalid("Maximum allowed refresh token reuse exceeded")


def _session(row: Row[tuple[object, ...]]) -> Session:
    return Session(
        id=row.id,
        user_id=row.user_id,
        client_id=row.client_id,
        scope=row.scope,
        generation=row.generation,
        created_at=row.created_at,
        expires_at=None if row.expires_at is None else int(row.expires_at),
        idle_expires_at=row.idle_expires_at,
        ended_because=row.ended_because,
    )
