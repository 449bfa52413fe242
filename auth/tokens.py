"""Tokens of the embedded issuer: how they are made and read (RFC 7519, 9068, OIDC Core §2).

Access and ID tokens are RS256 with a published key; refresh tokens are HS256 with a secret that
is never published, so that nobody but the issuer can read anything into them.
"""

import hashlib
import time
import uuid
from collections.abc import Callable

from jose import jwk, jws
from jose.utils import calculate_at_hash

from auth.config import IssuerConfig
from auth.errors import TokenExpired, TokenInvalid
from auth.jws_checks import Claims, read_claims, read_kid
from auth.keys import KeyRing
from auth.sessions import Session
from auth.users import User

# How far the clocks of two of our machines may differ.
CLOCK_SKEW_SECONDS = 5

AUDIENCE = "account"
ACCOUNT_ROLES = ["manage-account", "manage-account-links", "view-profile"]


class TokenMint:
    """Makes the tokens of one session."""

    def __init__(
        self, config: IssuerConfig, keys: KeyRing, clock: Callable[[], float] = time.time
    ) -> None:
        self._config = config
        self._keys = keys
        self._clock = clock

    def answer(self, session: Session, user: User, scope: str) -> dict[str, object]:
        """The token endpoint's reply: the document's keys in the document's order."""
        now = int(self._clock())
        lasts_until = now + self._config.access_seconds
        expires_at = int(min(lasts_until, session.expires_at or lasts_until))
        access_token = self._sign(self._access_claims(session, user, scope, now, expires_at))
        identity = self._identity_claims(session, user, now, expires_at)
        if "openid" in scope.split():
            identity["at_hash"] = calculate_at_hash(access_token, hashlib.sha256)
        return {
            "access_token": access_token,
            "expires_in": expires_at - now,
            "refresh_expires_in": 0 if session.is_offline else _left(session, now),
            "refresh_token": self._refresh_token(session, now),
            "token_type": "bearer",
            "id_token": self._sign(identity),
            "not-before-policy": 0,
            "session_state": session.id,
            "scope": scope,
        }

    def _access_claims(
        self, session: Session, user: User, scope: str, now: int, expires_at: int
    ) -> Claims:
        claims = self._claims(session, "Bearer", AUDIENCE, now) | {"exp": expires_at, "acr": "1"}
        realm_roles = ["offline_access", "uma_authorization"]
        realm_roles.append(f"default-roles-{self._config.realm.lower()}")
        claims |= {
            "realm_access": {"roles": realm_roles},
            "resource_access": {AUDIENCE: {"roles": ACCOUNT_ROLES}},
            "scope": scope,
        }
        return claims | profile(user)

    def _identity_claims(self, session: Session, user: User, now: int, expires_at: int) -> Claims:
        claims = self._claims(session, "ID", session.client_id, now)
        claims |= {"exp": expires_at, "auth_time": int(session.created_at), "acr": "1"}
        return claims | profile(user)

    def _refresh_token(self, session: Session, now: int) -> str:
        kind = "Offline" if session.is_offline else "Refresh"
        claims = self._claims(session, kind, self._config.issuer, now)
        claims |= {"scope": session.scope, "generation": session.generation}
        if not session.is_offline:
            claims["exp"] = now + _left(session, now)
        return jws.sign(claims, self._keys.refresh_secret, algorithm="HS256")

    def _claims(self, session: Session, kind: str, audience: str, now: int) -> Claims:
        return {
            "iat": now,
            "jti": str(uuid.uuid4()),
            "iss": self._config.issuer,
            "aud": audience,
            "sub": session.user_id,
            "typ": kind,
            "azp": session.client_id,
            "session_state": session.id,
            "sid": session.id,
        }

    def _sign(self, claims: Claims) -> str:
        key = self._keys.signing()
        return jws.sign(claims, key.signer, headers={"kid": key.kid}, algorithm="RS256")


class TokenReader:
    """Believes a token only after everything about it was checked (RFC 8725 §3)."""

    def __init__(
        self, config: IssuerConfig, keys: KeyRing, clock: Callable[[], float] = time.time
    ) -> None:
        self._config = config
        self._keys = keys
        self._clock = clock
        self._refresh_key = jwk.construct(keys.refresh_secret, "HS256")

    def access(self, token: str) -> Claims:
        claims = self._signed_by_us(token)
        self._check(claims, kinds=("Bearer",), audience=AUDIENCE)
        self._check_time(claims)
        return claims

    def identity(self, token: str) -> Claims:
        """Read an ID token as a hint of who asks; it may have expired."""
        claims = self._signed_by_us(token)
        self._check(claims, kinds=("ID",), audience=claims.get("azp"))
        return claims

    def refresh(self, token: str, *, may_be_expired: bool = False) -> Claims:
        read_kid(token, algorithm="HS256")
        claims = read_claims(token, self._refresh_key, algorithm="HS256")
        self._check(claims, kinds=("Refresh", "Offline"), audience=self._config.issuer)
        if not may_be_expired:
            self._check_time(claims, needs_expiry=claims["typ"] == "Refresh")
        return claims

    def _signed_by_us(self, token: str) -> Claims:
        kid = read_kid(token, algorithm="RS256")
        key = self._keys.find(kid) if kid else None
        if key is None:
            raise TokenInvalid("The token names no key of this issuer.")
        return read_claims(token, key.verifier, algorithm="RS256")

    def _check(self, claims: Claims, *, kinds: tuple[str, ...], audience: object) -> None:
        if not all(isinstance(claims.get(name), str) for name in ("sub", "azp", "sid", "jti")):
            raise TokenInvalid("The token lacks a claim.")
        if claims.get("iss") != self._config.issuer:
            raise TokenInvalid("The token is of another issuer.")
        if claims.get("typ") not in kinds:
            raise TokenInvalid(f"The token is not of the type {' or '.join(kinds)}.")
        if audience not in audiences(claims):
            raise TokenInvalid("The token is meant for another audience.")

    def _check_time(self, claims: Claims, *, needs_expiry: bool = True) -> None:
        check_time(claims, self._clock(), skew=CLOCK_SKEW_SECONDS, needs_expiry=needs_expiry)


def check_time(claims: Claims, now: float, *, skew: float, needs_expiry: bool = True) -> None:
    """Check `exp`, `nbf` and `iat`; written so that a NaN fails each of them.

    `jose.jwt.decode` takes any `iat`, an `exp` that is now, text for a number, and no clock.
    """
    if (needs_expiry or "exp" in claims) and not now < numeric_date(claims, "exp"):
        raise TokenExpired("The token has expired.")
    if "nbf" in claims and not numeric_date(claims, "nbf") <= now + skew:
        raise TokenExpired("The token is not valid yet.")
    if not numeric_date(claims, "iat") <= now + skew:
        raise TokenInvalid("The token was issued in the future.")


def numeric_date(claims: Claims, name: str) -> float:
    moment = claims.get(name)
    if isinstance(moment, bool) or not isinstance(moment, int | float):
        raise TokenInvalid(f"The token's {name} is not a number.")
    return moment


def audiences(claims: Claims) -> list[object]:
    """Whom a token is meant for; `jose.jwt.decode` lets one pass that is meant for nobody."""
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def profile(user: User) -> Claims:
    """What the scopes `profile` and `email` tell; absent where nothing is known."""
    full_name = f"{user.given_name} {user.family_name}".strip()
    told = {
        "name": full_name,
        "preferred_username": user.name,
        "given_name": user.given_name,
        "family_name": user.family_name,
        "email": user.email,
    }
    known = {name: value for name, value in told.items() if value}
    return {"email_verified": bool(user.email), **known}


def _left(session: Session, now: int) -> int:
    return max(0, int(session.idle_expires_at) - now)
