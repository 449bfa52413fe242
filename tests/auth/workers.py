"""Connections to each gateway worker of a started service, for what all of them must know."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import psutil

from tests.serving import WAIT_SECONDS, Served

REALM = "/realms/Production/protocol/openid-connect"
TOKEN = f"{REALM}/token"
EDGES = "/v2/services/image/edges"
CONTOURS = "/v2/services/image/contours"

Workers = list[httpx.Client]


@contextmanager
def each_worker(served: Served) -> Iterator[Workers]:
    """A client for each worker; a kept connection stays with the worker that took it."""
    workers = served.workers()
    assert len(workers) == 2
    with ExitStack() as stack:
        clients = [stack.enter_context(open_client(served)) for _ in workers]
        for client, other in zip(clients, reversed(workers), strict=True):
            with _stopped(other):
                client.get("/health/live").raise_for_status()
        yield clients


@contextmanager
def _stopped(process: psutil.Process) -> Iterator[None]:
    """Which of two idle workers takes a connection is the kernel's choice, unless one sleeps."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def open_client(served: Served) -> httpx.Client:
    # Nothing is encrypted here, and reading certificates would take longer than the requests.
    return httpx.Client(base_url=served.url, trust_env=False, timeout=WAIT_SECONDS, verify=False)


def log_in(client: httpx.Client, user: str, password: str, **changes: str) -> dict[str, Any]:
    form = {"grant_type": "password", "client_id": "ltu-api"}
    answer = client.post(TOKEN, data={**form, "username": user, "password": password, **changes})
    tokens: dict[str, Any] = answer.raise_for_status().json()
    return tokens


def refresh(client: httpx.Client, token: str) -> httpx.Response:
    form = {"grant_type": "refresh_token", "client_id": "ltu-api", "refresh_token": token}
    return client.post(TOKEN, data=form)


def ask(client: httpx.Client, token: str, path: str = EDGES) -> httpx.Response:
    """A request without a picture: 400 is how far a caller comes who is let in."""
    return client.get(path, headers={"Authorization": f"Bearer {token}"})


def ask_by_key(client: httpx.Client, key: str, path: str = EDGES) -> httpx.Response:
    return client.get(path, headers={"X-API-Key": key})
