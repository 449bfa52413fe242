"""Tool settings: what a caller has set for a tool, used where a request does not say it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from auth.threads import Threads
from gateway.store.database import Database
from gateway.store.tables import tool_settings

SETTINGS_THREADS = 2


class ToolSettings:
    """A row for each value, so that two callers of one account who set different ones both do."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reads = database.execution_options(reads_only=True)
        self._threads = Threads(SETTINGS_THREADS)

    async def get(self, owner: str, tool: str) -> dict[str, Any]:
        """What was set, by name."""
        return await self._threads.run(self._get, owner, tool)

    async def put(self, owner: str, tool: str, values: dict[str, Any]) -> None:
        """Set some values, and leave the others as they are."""
        if values:
            await self._threads.run(self._put, owner, tool, values)

    def _get(self, owner: str, tool: str) -> dict[str, Any]:
        own = select(tool_settings.c.name, tool_settings.c.value).where(
            tool_settings.c.owner == owner, tool_settings.c.tool == tool
        )
        with self._reads.begin() as connection:
            return {row.name: row.value for row in connection.execute(own)}

    def _put(self, owner: str, tool: str, values: dict[str, Any]) -> None:
        is_postgresql = self._database.dialect.name == "postgresql"
        insert = postgresql.insert if is_postgresql else sqlite.insert
        # In one order: two that set the same at once do not wait for each other's rows.
        rows = [
            {"owner": owner, "tool": tool, "name": name, "value": value}
            for name, value in sorted(values.items())
        ]
        setting = insert(tool_settings).values(rows)
        setting = setting.on_conflict_do_update(
            index_elements=["owner", "tool", "name"], set_={"value": setting.excluded.value}
        )
        with self._database.begin() as connection:
            connection.execute(setting)
