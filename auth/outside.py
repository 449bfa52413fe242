"""Trust in an outside issuer instead of our own (OIDC Discovery §4, RFC 7517, RFC 8725 §3).

Only RS256 is accepted, which every OpenID provider must offer (OIDC Discovery §3).
"""

import hashlib
import ipaddress
import json
import time
from collections.abc import Callable

import httpx
from anyio import Lock
from jose.backends.base import Key
from jose.backends.cryptography_backend import CryptographyRSAKey
from jose.exceptions import JWKError

from auth.cache import FreshCache
from auth.errors import IssuerRefused, IssuerUnreachable, TokenInvalid
from auth.jws_checks import Claims, read_claims, read_kid
from auth.scopes import ADMIN
from auth.tokens import audiences, check_time, numeric_date
from auth.verifier import CACHED_TOKENS, Caller

FETCH_SECONDS = 5.0
MAX_DOCUMENT_BYTES = 1_048_576
MIN_KEY_BITS = 2_048

# How often an unknown key, or an issuer that is down, may make us ask again.
REFETCH_SECONDS = 30.0
# After this time the keys are fetched anyway, so that a withdrawn one is forgotten.
KEYS_SECONDS = 600.0
FRESH_SECONDS = 10.0
CLOCK_SKEW_SECONDS = 30.0

# What only other kinds of tokens have: ID tokens (OIDC Core §2) and logout tokens.
FOREIGN_CLAIMS = frozenset({"nonce", "at_hash", "c_hash", "events"})


class OutsideKeys:
    """The published keys of one issuer, fetched when they are first needed."""

    def __init__(
        self,
        issuer: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = _expect_safe(issuer)
        self._transport = transport
        self._clock = clock
        self._lock = Lock()
        self._keys: dict[str, Key] = {}
        self._configuration: Claims = {}
        self._asked_at = float("-inf")
        self._fetched_at = float("-inf")

    async def find(self, kid: str) -> Key | None:
        """The key of this name; an unknown name makes us look again, but rarely."""
        if kid not in self._keys or self._clock() - self._fetched_at >= KEYS_SECONDS:
            await self._fetch_if_due()
        return self._keys.get(kid)

    async def token_endpoint(self) -> str:
        """Where callers get their tokens, for whoever tells them."""
        if not self._configuration:
            await self._fetch_if_due()
        return str(self._configuration.get("token_endpoint", ""))

    async def _fetch_if_due(self) -> None:
        async with self._lock:
            if self._clock() - self._asked_at >= REFETCH_SECONDS:
                self._asked_at = self._clock()
                await self._fetch()
            if not self._keys:
                raise IssuerUnreachable("The issuer's keys cannot be had at the moment.")

    async def _fetch(self) -> None:
        """Keep what was known when the issuer is down: its keys are no worse for that."""
        try:
            async with self._open() as client:
                configuration = await self._fetch_configuration(client)
                keys = await _get(client, str(configuration["jwks_uri"]))
        except (httpx.HTTPError, IssuerUnreachable):
            return
        self._configuration, self._keys = configuration, _read_keys(keys)
        self._fetched_at = self._clock()

    async def _fetch_configuration(self, client: httpx.AsyncClient) -> Claims:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        configuration = await _get(client, address)
        if configuration.get("issuer") != self.issuer:
            raise IssuerRefused("The issuer's configuration names another issuer.")
        _expect_safe(configuration.get("jwks_uri"))
        return configuration

    def _open(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._transport,
            timeout=FETCH_SECONDS,
            follow_redirects=False,
            trust_env=False,
        )


class OutsideTokens:
    """Verifies access tokens of an outside issuer that are meant for one of `audiences`."""

    def __init__(
        self,
        keys: OutsideKeys,
        *,
        audiences: frozenset[str],
        service_scopes: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._audiences = audiences
        # Any client of a foreign issuer may be given a scope of that name.
        self._service_scopes = service_scopes - {ADMIN}
        self._clock = clock
        self._cache = FreshCache[Caller](seconds=FRESH_SECONDS, capacity=CACHED_TOKENS, clock=clock)

    async def verify(self, token: str) -> Caller:
        digest = hashlib.sha256(token.encode()).digest()
        return await self._cache.get(digest, lambda: self._read(token), lambda it: it.expires_at)

    async def _read(self, token: str) -> Caller:
        kid = read_kid(token, algorithm="RS256")
        key = await self._keys.find(kid) if kid else None
        if key is None:
            raise TokenInvalid("The token names no key of the issuer.")
        claims = read_claims(token, key, algorithm="RS256")
        self._check(claims)
        return self._caller(claims)

    def _check(self, claims: Claims) -> None:
        if claims.get("iss") != self._keys.issuer:
            raise TokenInvalid("The token is of another issuer.")
        if claims.get("typ", "Bearer") != "Bearer" or FOREIGN_CLAIMS & claims.keys():
            raise TokenInvalid("The token is not an access token.")
        meant_for = [*audiences(claims), claims.get("azp"), claims.get("client_id")]
        if not any(isinstance(name, str) and name in self._audiences for name in meant_for):
            raise TokenInvalid("The token is meant for another audience.")
        if not isinstance(claims.get("sub"), str):
            raise TokenInvalid("The token lacks a subject.")
        check_time(claims, self._clock(), skew=CLOCK_SKEW_SECONDS)

    def _caller(self, claims: Claims) -> Caller:
        scopes = frozenset(str(claims.get("scope", "")).split()) & self._service_scopes
        return Caller(
            subject=str(claims["sub"]),
            name=str(claims.get("preferred_username", claims["sub"])),
            client_id=str(claims.get("azp", claims.get("client_id", ""))),
            scopes=scopes or None,
            session_id=str(claims["sid"]) if "sid" in claims else None,
            expires_at=numeric_date(claims, "exp"),
        )


async def _get(client: httpx.AsyncClient, address: str) -> Claims:
    content = bytearray()
    async with client.stream("GET", address) as answer:
        if answer.status_code != 200:
            raise IssuerUnreachable(f"The issuer answered {answer.status_code}, not 200.")
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > MAX_DOCUMENT_BYTES:
                raise IssuerUnreachable(f"The issuer sent more than {MAX_DOCUMENT_BYTES} bytes.")
    try:
        document = json.loads(content)
    except ValueError as error:
        raise IssuerUnreachable("The issuer did not send JSON.") from error
    if not isinstance(document, dict):
        raise IssuerUnreachable("The issuer did not send an object.")
    return document


def _read_keys(document: Claims) -> dict[str, Key]:
    """The keys that may sign; others, of kinds unknown to us, are passed over (RFC 7517 §5)."""
    listed = document.get("keys")
    entries = listed if isinstance(listed, list) else []
    keys = {entry["kid"]: _read_key(entry) for entry in entries if _may_sign(entry)}
    return {kid: key for kid, key in keys.items() if key is not None}


def _may_sign(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and all(isinstance(entry.get(name), str) for name in ("kid", "n", "e"))
        and entry.get("kty") == "RSA"
        and entry.get("use", "sig") == "sig"
        and entry.get("alg", "RS256") == "RS256"
    )


def _read_key(entry: Claims) -> Key | None:
    public = {"kty": "RSA", "n": entry.get("n"), "e": entry.get("e")}
    try:
        key = CryptographyRSAKey(public, "RS256")
    except (JWKError, TypeError, ValueError):
        return None
    return key if key.prepared_key.key_size >= MIN_KEY_BITS else None


def _expect_safe(address: object) -> str:
    """HTTPS, or an issuer on this very machine."""
    try:
        url = httpx.URL(address if isinstance(address, str) else "")
    except httpx.InvalidURL as error:
        raise IssuerRefused("The address of the outside issuer cannot be read.") from error
    is_safe = url.scheme == "https" or (url.scheme == "http" and _is_loopback(url.host))
    if not (is_safe and url.host):
        raise IssuerRefused("An outside issuer is reached by https, unless it is on this machine.")
    return str(address)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
