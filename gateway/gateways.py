"""Gateways of one database on several machines: whether they have in common what they must."""

import asyncio
import hashlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from typing import Any

import structlog
from sqlalchemy import Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from auth.errors import AuthError
from auth.keys import KeyRing
from auth.threads import Threads
from gateway.errors import GatewayError
from gateway.issuer import key_ring
from gateway.settings import PREFIX, Settings
from gateway.store.database import Database
from gateway.store.secret_box import SecretBox
from gateway.store.storage import Storage
from gateway.store.tables import gateways

log = structlog.get_logger()

LOOK_SECONDS = 60.0
SILENT_SECONDS = 3 * LOOK_SECONDS
"""One that was not seen for so long has ended."""
START_SECONDS, FAREWELL_SECONDS = 5, 2
"""A storage or database that does not answer holds up a start or an end no longer."""
FOLDER = "gateways"
"""Of the storage: a blob of each, for the others to find."""
SETTINGS = ("public_url", "realm", "issuer")
"""Tokens of one are refused by another where these differ."""
KEYS = f"{PREFIX}DATA/keys"
STORAGE = f"{PREFIX}STORAGE"


class Gateways:
    """Lets the others know of this one, and says in the log how they differ.

    Args:
        keys: that it signs by and knows tokens by.
        common: what none may have otherwise, by what an operator calls it.
    """

    def __init__(
        self,
        database: Database,
        storage: Storage,
        keys: KeyRing,
        common: Callable[[], Mapping[str, str]],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._id, self._host = token_hex(16), socket.gethostname()
        self._database = database
        self._storage = storage
        self._keys = keys
        self._common = common
        self._clock = clock
        self._threads = Threads(1, abandons=True)
        self._said = set[tuple[str, str]]()

    @asynccontextmanager
    async def joined(self) -> AsyncIterator[None]:
        """Be one of them; the others were looked at when the context begins, if it could be."""
        looked = asyncio.Event()
        looking = asyncio.create_task(self._keep_looking(looked))
        with suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                await looked.wait()
        try:
            yield
        finally:
            looking.cancel()
            with suppress(SQLAlchemyError, AuthError, OSError):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await self._threads.run(self._write, 0)

    async def look(self) -> None:
        """Say once what differs; a database or storage that is away is asked next time."""
        with suppress(SQLAlchemyError, GatewayError, AuthError, OSError):
            # Before the row: who reads that looks for this.
            await self._storage.put(f"{FOLDER}/{self._id}", self._host.encode())
            await self._threads.run(self._write, self._clock())
            rows = await self._threads.run(self._others)
            there = {*await self._storage.children(FOLDER)} if rows else set()
            for row in rows:
                if row.seen_at <= self._clock() - SILENT_SECONDS:
                    await self._forget(row.id)
                else:
                    self._say(row.host, {*self._differences(row, there)})

    async def _keep_looking(self, looked: asyncio.Event) -> None:
        while True:
            await self.look()
            looked.set()
            await asyncio.sleep(LOOK_SECONDS)

    def _say(self, host: str, differences: set[str]) -> None:
        for what in sorted(differences):
            if (host, what) not in self._said:
                self._said.add((host, what))
                log.error("gateways differ", what=what, other=host)

    def _differences(self, other: Row[Any], there: set[str]) -> Iterator[str]:
        for what, value in self._common().items():
            # An older version may not tell it.
            if other.common.get(what, value) != value:
                yield what
        if not self._keys.holds(other.signs_by):
            yield KEYS
        if other.id not in there:
            yield STORAGE

    def _write(self, seen_at: float) -> None:
        told = {
            "host": self._host,
            "common": dict(self._common()),
            "signs_by": self._keys.signing().kid,
            "seen_at": seen_at,
        }
        insert = postgresql.insert if self._database.dialect.name == "postgresql" else sqlite.insert
        writing = insert(gateways).values(id=self._id, **told)
        with self._database.begin() as connection:
            connection.execute(writing.on_conflict_do_update(index_elements=["id"], set_=told))

    def _others(self) -> Sequence[Row[Any]]:
        with self._database.execution_options(reads_only=True).connect() as connection:
            return connection.execute(select(gateways).where(gateways.c.id != self._id)).all()

    async def _forget(self, id: str) -> None:
        """Take away what one has left that ended."""
        await self._storage.delete(f"{FOLDER}/{id}")
        await self._threads.run(self._delete, id)

    def _delete(self, id: str) -> None:
        with self._database.begin() as connection:
            connection.execute(delete(gateways).where(gateways.c.id == id))


def gateways_of(settings: Settings, database: Database, storage: Storage) -> Gateways:
    """This one among those of the database."""
    keys, box = key_ring(settings), SecretBox(settings.data / "keys")
    told = {f"{PREFIX}{name.upper()}": str(getattr(settings, name)) for name in SETTINGS}
    told[f"{PREFIX}PUBLIC_URL"] = settings.base_url

    def common() -> dict[str, str]:
        fingerprints = keys.fingerprint() + box.fingerprint()
        return {**told, KEYS: hashlib.sha256(fingerprints.encode()).hexdigest()}

    return Gateways(database, storage, keys, common)
