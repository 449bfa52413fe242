"""People who may log in: rows with an argon2 hash (RFC 9106), and what may be said about them."""

import re
import time
import unicodedata
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from pwdlib import PasswordHash
from sqlalchemy import Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from auth.errors import AccountRefused, AccountTaken, AccountUnknown
from auth.scopes import join_scopes, split_scopes
from auth.tables import sessions, users

MIN_PASSWORD_CHARACTERS = 8
"""NIST SP 800-63B §5.1.1.2 (2017); revision 4 wants 15 where nothing else is asked for."""
MAX_PASSWORD_BYTES = 1_024
NAME = re.compile(r"[\w.@+-]{1,128}")


@dataclass(frozen=True, slots=True)
class User:
    """One account; `scopes` are the services it may use, None where nothing is limited."""

    id: str
    name: str
    email: str
    given_name: str
    family_name: str
    is_enabled: bool
    scopes: frozenset[str] | None
    created_at: float


class Users:
    """Accounts in the database; names are compared without regard to case, as Keycloak does."""

    def __init__(
        self,
        engine: Engine,
        *,
        clock: Callable[[], float] = time.time,
        hasher: PasswordHash | None = None,
    ) -> None:
        self._engine = engine
        self._reads = engine.execution_options(reads_only=True)
        self._clock = clock
        self._hasher = hasher or PasswordHash.recommended()
        self._nobodys_hash = ""

    def add(
        self,
        name: str,
        password: str,
        *,
        email: str = "",
        given_name: str = "",
        family_name: str = "",
        scopes: frozenset[str] | None = None,
    ) -> User:
        values = {"id": str(uuid.uuid4()), "name": _new_name(name), "is_enabled": True}
        profile = {"email": email, "given_name": given_name, "family_name": family_name}
        rights = {"scopes": join_scopes(scopes), "created_at": self._clock()}
        secret = {"password_hash": self._hash(password)}
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(users).values(values | profile | rights | secret))
        except IntegrityError as error:
            raise AccountTaken(f"There is already a user {name}.") from error
        return self.get(name)

    def remove(self, name: str) -> None:
        """Remove the account and, with it, its sessions and API keys."""
        with self._engine.begin() as connection:
            removed = connection.execute(delete(users).where(users.c.name == fold_name(name)))
        _expect_one(removed.rowcount, name)

    def set_password(self, name: str, password: str) -> None:
        """Replace the password and end every session that the old one began."""
        self._change(name, password_hash=self._hash(password))

    def set_enabled(self, name: str, is_enabled: bool) -> None:
        self._change(name, is_enabled=is_enabled)

    def set_scopes(self, name: str, scopes: frozenset[str] | None) -> None:
        with self._engine.begin() as connection:
            _update(connection, name, {"scopes": join_scopes(scopes)})

    def all(self) -> list[User]:
        with self._reads.connect() as connection:
            rows = connection.execute(select(users).order_by(users.c.name))
            return [_user(row) for row in rows]

    def page(self, offset: int, limit: int) -> tuple[int, list[User]]:
        """How many there are, and some of them by name."""
        some = select(users).order_by(users.c.name).offset(offset).limit(limit)
        with self._reads.begin() as connection:
            total = connection.execute(select(func.count()).select_from(users)).scalar_one()
            return total, [_user(row) for row in connection.execute(some)]

    def get(self, name: str) -> User:
        with self._reads.connect() as connection:
            row = _find(connection, name)
        if row is None:
            raise AccountUnknown(f"There is no user {name}.")
        return _user(row)

    def find(self, user_id: str) -> User | None:
        with self._reads.connect() as connection:
            row = connection.execute(select(users).where(users.c.id == user_id)).one_or_none()
        return None if row is None else _user(row)

    def with_password(self, name: str, password: str) -> User | None:
        """The user of this name and password, enabled or not; as slow for a name unknown."""
        with self._reads.connect() as connection:
            row = _find(connection, name)
        if len(password.encode()) > MAX_PASSWORD_BYTES:
            row, password = None, ""
        is_right = self._hasher.verify(password, row.password_hash if row else self._decoy())
        return _user(row) if row and is_right else None

    def prepare(self) -> None:
        """Make the hash that unknown names are checked against, before somebody times it."""
        self._decoy()

    def _decoy(self) -> str:
        self._nobodys_hash = self._nobodys_hash or self._hasher.hash(str(uuid.uuid4()))
        return self._nobodys_hash

    def _hash(self, password: str) -> str:
        if len(password) < MIN_PASSWORD_CHARACTERS:
            raise AccountRefused(
                f"The password has {len(password)} characters; "
                f"expected {MIN_PASSWORD_CHARACTERS} and more."
            )
        if (length := len(password.encode())) > MAX_PASSWORD_BYTES:
            raise AccountRefused(
                f"The password has {length} bytes; expected {MAX_PASSWORD_BYTES} at most."
            )
        return self._hasher.hash(password)

    def _change(self, name: str, **values: object) -> None:
        with self._engine.begin() as connection:
            user_id = _update(connection, name, values)
            self._end_sessions(connection, user_id)

    def _end_sessions(self, connection: Connection, user_id: str) -> None:
        open_ones = (sessions.c.user_id == user_id) & sessions.c.ended_at.is_(None)
        ending = {"ended_at": self._clock(), "ended_because": "account"}
        connection.execute(update(sessions).where(open_ones).values(ending))


def fold_name(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _new_name(name: str) -> str:
    folded = fold_name(name)
    if NAME.fullmatch(folded) is None:
        raise AccountRefused(
            "A user name has 1 to 128 characters: letters, digits, and any of . _ @ + -"
        )
    return folded


def _find(connection: Connection, name: str) -> Row[tuple[object, ...]] | None:
    folded = fold_name(name)
    if NAME.fullmatch(folded) is None:
        return None  # PostgreSQL would not even be asked about a NUL.
    return connection.execute(select(users).where(users.c.name == folded)).one_or_none()


def _update(connection: Connection, name: str, values: dict[str, object]) -> str:
    change = update(users).where(users.c.name == fold_name(name)).values(values)
    changed = connection.execute(change.returning(users.c.id)).scalars().all()
    _expect_one(len(changed), name)
    return str(changed[0])


def _expect_one(count: int, name: str) -> None:
    if count != 1:
        raise AccountUnknown(f"There is no user {name}.")


def _user(row: Row[tuple[object, ...]]) -> User:
    return User(
        id=row.id,
        name=row.name,
        email=row.email,
        given_name=row.given_name,
        family_name=row.family_name,
        is_enabled=row.is_enabled,
        scopes=split_scopes(row.scopes),
        created_at=row.created_at,
    )
