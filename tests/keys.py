"""API keys of a started service."""

import secrets

from auth.api_keys import ApiKeys
from auth.users import Users
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.serving import Served


def api_key(served: Served, scopes: frozenset[str] | None = None, *, database: str = "") -> str:
    """A key of a user of its own, for some scopes or for all; SQLite without an address."""
    rows = open_database(Settings(data=served.log.parent, database=database).database_url)
    name = f"user-{secrets.token_hex(4)}"
    try:
        Users(rows).add(name, secrets.token_urlsafe(12))
        return ApiKeys(rows).add(name, scopes=scopes)
    finally:
        rows.dispose()
