"""Callers with API keys, each of an account of its own."""

import httpx

from tests.keys import api_key
from tests.serving import WAIT_SECONDS, Served


def caller(served: Served) -> httpx.Client:
    """A client that is known to the service."""
    return httpx.Client(
        base_url=served.url,
        headers={"X-API-Key": api_key(served)},
        trust_env=False,
        timeout=WAIT_SECONDS,
    )
