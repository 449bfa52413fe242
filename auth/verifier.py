"""Whose token it is: believed for a second, then asked of the database again."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from auth.cache import FreshCache
from auth.errors import TokenRevoked
from auth.scopes import both_scopes, is_allowed, services_of
from auth.sessions import Sessions
from auth.threads import Threads
from auth.tokens import TokenReader, numeric_date

# An ended session must be noticed within 2 s; the rest is left for the query itself.
FRESH_SECONDS = 1.0
CACHED_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks; `scopes` are the services this caller may use, None where nothing is limited."""

    subject: str
    name: str
    client_id: str
    scopes: frozenset[str] | None
    session_id: str | None
    expires_at: float

    def may_use(self, scope: str) -> bool:
        return not scope or is_allowed(scope, by=self.scopes)


class Verifier(Protocol):
    """Tells whose a bearer token is, or raises `TokenInvalid`."""

    async def verify(self, token: str) -> Caller: ...


class OwnTokens:
    """Verifies tokens of the embedded issuer; every worker notices an end within 2 s."""

    def __init__(
        self,
        reader: TokenReader,
        sessions: Sessions,
        threads: Threads,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._reader = reader
        self._sessions = sessions
        self._threads = threads
        self._cache = FreshCache[Caller](seconds=FRESH_SECONDS, capacity=CACHED_TOKENS, clock=clock)

    async def verify(self, token: str) -> Caller:
        digest = hashlib.sha256(token.encode()).digest()
        return await self._cache.get(digest, lambda: self._ask(token), lambda who: who.expires_at)

    async def _ask(self, token: str) -> Caller:
        claims = self._reader.access(token)
        session_id, token_id = str(claims["sid"]), str(claims["jti"])
        standing = await self._threads.run(self._sessions.standing, session_id, token_id)
        if standing is None or standing.user_id != claims["sub"]:
            raise TokenRevoked("The token was revoked or its session has ended.")
        return Caller(
            subject=standing.user_id,
            name=standing.user_name,
            client_id=standing.client_id,
            scopes=both_scopes(services_of(str(claims.get("scope", ""))), standing.user_scopes),
            session_id=session_id,
            expires_at=numeric_date(claims, "exp"),
        )
