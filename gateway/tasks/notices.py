"""What other gateways do to tasks, told by PostgreSQL; SQLite tells nothing, and is only asked."""

import asyncio

import structlog
from sqlalchemy import Connection, func, select

from gateway.store.database import RETRY_SECONDS, Database
from gateway.tasks.bell import Bell

log = structlog.get_logger()

CHANNEL = "pixelgate_tasks"


def can_notify(database: Database) -> bool:
    return database.dialect.name == "postgresql"


def notify(connection: Connection) -> None:
    """Tell all gateways when this transaction is committed, where the database can."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, "")))


async def listen(database: Database, bell: Bell) -> None:
    """Ring whenever a gateway has told something, until cancelled."""
    import psycopg

    _, address = database.dialect.create_connect_args(database.url)
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(**address, autocommit=True)
            async with connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                bell.ring()  # for what was told while nobody listened
                async for _ in connection.notifies():
                    bell.ring()
        except psycopg.Error as error:
            log.error("the database does not answer", reason=type(error).__name__)
        await asyncio.sleep(RETRY_SECONDS)
