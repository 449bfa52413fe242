"""Callers with API keys, each of an account of its own."""

import httpx

from tests.keys import api_key
from tests.serving import WAIT_SECONDS, Served


def caller(served: Served, scopes: frozenset[str] | None = None) -> httpx.Client:
    """A client that is known to the service, and allowed some scopes or all."""
    return httpx.Client(
        base_url=served.url,
        headers={"X-API-Key": api_key(served, scopes)},
        trust_env=False,
        timeout=WAIT_SECONDS,
    )
