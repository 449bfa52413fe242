"""One engine for all rows: SQLite beside the service, or PostgreSQL, migrated when it is opened."""

import asyncio
import math
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import ConnectionPoolEntry

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30
RETRY_SECONDS = 1.0
SLOW_SECONDS = 0.5
UNREACHED_SECONDS = 1.0
"""How long a server is not tried again that was not reached, and was long about it.

Else each of many requests would wait for a connection, a few at a time, while nobody answers.
"""
CONNECT_SECONDS = 5
"""How long a server may take to let a connection in, where its URL has no `connect_timeout`."""
SILENCE = {
    "tcp_user_timeout": "5000",  # ms until what was sent has come to the server's machine
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
}
"""When a server is given up whose machine says nothing, where its URL says nothing of it.

Without these a request waits a quarter of an hour, and what only listens for two.
"""
IDLE_TRANSACTION_SECONDS = 10
"""When PostgreSQL ends a transaction of whom it hears nothing more, and lets go of its rows.

A gateway whose network was cut does not say so; its rows would be locked for two hours.
"""

T = TypeVar("T")

OUTAGES = (OperationalError, InterfaceError, InternalError, NoConnectionFree)
"""What is raised where a database does not answer, or has ended what it was asked in."""

Database: TypeAlias = Engine
"""What SQLAlchemy calls an engine; here that word means a computation."""

# Any number that nothing else in the database locks by.
MIGRATION_LOCK = 7_239_118_244


def open_database(url: str, *, patience_seconds: float = 0) -> Database:
    """Connect and bring the schema up to date; safe when several processes do so at once.

    On SQLite every transaction takes the write lock at its start, so that none fails half way;
    `engine.execution_options(reads_only=True)` gives transactions that only read and never wait.

    Args:
        patience_seconds: how long to wait for a server that does not take connections.
    """
    engine = connect(url)
    end = time.monotonic() + patience_seconds
    while True:
        try:
            _migrate(engine)
            return engine
        except OperationalError as error:
            if time.monotonic() > end:
                raise
            log.error("the database cannot be opened yet", reason=type(error).__name__)
            time.sleep(RETRY_SECONDS)


def connect(url: str) -> Database:
    """A database as it is found."""
    return _open_sqlite(url) if url.startswith("sqlite") else _open_server(url)


def is_there(url: str) -> bool:
    """Whether SQLite's file is there; a server is always taken to be."""
    return not url.startswith("sqlite") or Path(make_url(url).database or "").exists()


def revision_of(database: Database) -> str | None:
    """The last migration of a database; None before the first."""
    with database.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known_revisions() -> list[str]:
    """The migrations of this version, the newest first."""
    script = ScriptDirectory.from_config(_configuration())
    return [one.revision for one in script.walk_revisions()]


def _open_server(url: str) -> Engine:
    address = make_url(url)
    if address.drivername == "postgresql":
        # SQLAlchemy 2.0 would take psycopg2.
        address = address.set(drivername="postgresql+psycopg")
    usual = {"connect_timeout": str(CONNECT_SECONDS), **SILENCE}
    address = address.update_query_dict({**usual, **address.query})
    engine = create_engine(address, pool_pre_ping=True)
    event.listen(engine, "do_connect", _Connecting())
    event.listen(engine, "connect", _end_idle_transactions)
    return engine


class _Connecting:
    """Connects, but not right after it was waited for in vain."""

    def __init__(self) -> None:
        self._waited_until = -math.inf

    def __call__(
        self,
        dialect: Dialect,
        _entry: ConnectionPoolEntry,
        arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> DBAPIConnection:
        refusals = dialect.loaded_dbapi.OperationalError
        began = time.monotonic()
        if began - self._waited_until < UNREACHED_SECONDS:
            raise refusals("The server was not reached a moment ago.")
        try:
            return dialect.connect(*arguments, **named)
        except refusals:
            if (now := time.monotonic()) - began > SLOW_SECONDS:
                self._waited_until = now
            raise


def _end_idle_transactions(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # Not among the parameters of the connection: PgBouncer takes none that it does not know.
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_TRANSACTION_SECONDS}s'")
    cursor.close()
    connection.autocommit = False


def _open_sqlite(url: str) -> Engine:
    _make_private_file(make_url(url).database)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _make_private_file(database: str | None) -> None:
    """The file holds password hashes; SQLite gives its journal files the same mode."""
    if not database or database == ":memory:":
        raise ValueError("The SQLite database needs a file: every thread and worker shares it.")
    path = Path(database)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # One that is there is not opened: closing it would end the locks that SQLite holds on it for
    # the other connections of this process (POSIX.1, fcntl).
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _prepare_connection(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # The driver begins nothing by itself; _begin does.
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    """One transaction holds the lock: SQLite's own write lock, PostgreSQL's advisory one."""
    config, known = _configuration(), known_revisions()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        found = MigrationContext.configure(connection).get_current_revision()
        if found is not None and found not in known:
            # Another gateway was upgraded before this one was restarted; migrations only add.
            log.warning("the database is newer than this version", revision=found, known=known[0])
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


async def persistently(ask: Callable[..., Awaitable[T]], *args: object) -> T:
    """What the database answers, be it that it has to come back first."""
    while True:
        try:
            return await ask(*args)
        except SQLAlchemyError as error:
            log.error("the database does not answer", reason=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
