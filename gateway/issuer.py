"""Whose tokens are believed: those of the embedded issuer, or of an outside one."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import BaseRoute

from auth.api_keys import ApiKeys, KeyCheck
from auth.config import IssuerConfig
from auth.guard import Guard
from auth.issuer import Issuer
from auth.keys import KeyRing
from auth.outside import OutsideKeys, OutsideTokens
from auth.threads import Threads
from auth.tokens import CLOCK_SKEW_SECONDS
from gateway.errors import status_of
from gateway.settings import Settings
from gateway.store.database import Database

KEY_THREADS = 4


@dataclass(frozen=True, slots=True)
class IssuerWiring:
    """What the gateway needs of an issuer.

    Args:
        guard: authenticates requests.
        token_url: where callers get their tokens, as an absolute address.
        routes: the issuer's own, if it is the embedded one.
    """

    guard: Guard
    token_url: Callable[[], Coroutine[Any, Any, str]]
    routes: list[BaseRoute] = field(default_factory=list)


def in_embedded(settings: Settings, database: Database, scopes: frozenset[str]) -> IssuerWiring:
    """Issue tokens for some of the scopes, and believe none but those."""
    issuer = Issuer(
        database,
        issuer_config(settings, scopes),
        keys_folder=settings.data / "keys",
        status_of=status_of,
    )

    async def token_url() -> str:
        return issuer.config.endpoint("token")

    return IssuerWiring(issuer.guard, token_url, issuer.routes())


def in_outside(settings: Settings, database: Database, scopes: frozenset[str]) -> IssuerWiring:
    """Issue nothing; API keys stay ours.

    Raises:
        IssuerRefused: the issuer's address is not safe.
    """
    keys = OutsideKeys(settings.issuer)
    tokens = OutsideTokens(
        keys, audiences=frozenset(settings.issuer_audiences), service_scopes=scopes
    )
    key_check = KeyCheck(ApiKeys(database), Threads(KEY_THREADS))
    return IssuerWiring(Guard(settings.realm, tokens, key_check), keys.token_endpoint)


def key_ring(settings: Settings) -> KeyRing:
    """The keys that the embedded issuer signs with, also where tokens are an outside one's."""
    return KeyRing(
        settings.data / "keys", lifetime_seconds=settings.access_seconds + CLOCK_SKEW_SECONDS
    )


def issuer_config(settings: Settings, scopes: frozenset[str]) -> IssuerConfig:
    """What the embedded issuer needs of the settings, and what callers may be limited to."""
    return IssuerConfig(
        public_url=settings.base_url,
        realm=settings.realm,
        access_seconds=settings.access_seconds,
        refresh_seconds=settings.refresh_seconds,
        session_seconds=settings.session_seconds,
        offline_idle_seconds=settings.offline_idle_seconds,
        rotate_refresh=settings.rotate_refresh,
        require_https=settings.require_https,
        service_scopes=scopes,
    )
