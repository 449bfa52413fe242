"""One engine for all rows: SQLite beside the service, or PostgreSQL, migrated when it is opened."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import ConnectionPoolEntry

log = structlog.get_logger()

MIGRATIONS = Path(__file__).parent / "migrations"
BUSY_SECONDS = 30
RETRY_SECONDS = 1.0
CONNECT_SECONDS = 10
"""How long a server may take to let a connection in, where its URL has no `connect_timeout`."""

T = TypeVar("T")

OUTAGES = (OperationalError, InterfaceError, NoConnectionFree)
"""What is raised where a database does not answer."""

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
    if "connect_timeout" not in address.query:
        # Without one psycopg waits for 130 s.
        address = address.update_query_dict({"connect_timeout": str(CONNECT_SECONDS)})
    return create_engine(address, pool_pre_ping=True)


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
