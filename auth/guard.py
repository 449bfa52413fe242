"""Who may pass: bearer tokens (RFC 6750) and API keys, from the request's headers alone."""

import re

from starlette.datastructures import Headers

from auth.api_keys import KeyCheck
from auth.errors import (
    AuthError,
    CredentialsAmbiguous,
    CredentialsMissing,
    ScopeInsufficient,
    TokenInvalid,
)
from auth.verifier import Caller, Verifier

BEARER_SCHEME = "Bearer"
BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/=-]+) *")


class Guard:
    """Authenticates requests of all services; a token in the query is never looked at."""

    def __init__(self, realm: str, tokens: Verifier, keys: KeyCheck) -> None:
        self._realm = realm
        self._tokens = tokens
        self._keys = keys

    async def authenticate(self, headers: Headers, *, scope: str = "") -> Caller:
        """Tell who asks, and refuse whoever may not use the scope of this service."""
        tokens, keys = headers.getlist("authorization"), headers.getlist("x-api-key")
        if len(tokens) + len(keys) > 1:
            raise CredentialsAmbiguous("More than one way of authenticating was used.")
        if keys:
            return await self.authenticate_key(keys[0], scope=scope)
        return await self.authenticate_token(bearer_token(headers), scope=scope)

    async def authenticate_token(self, token: str, *, scope: str = "") -> Caller:
        return _allow(await self._tokens.verify(token), scope)

    async def authenticate_key(self, key: str, *, scope: str = "") -> Caller:
        """For dialects that carry the API key elsewhere."""
        return _allow(await self._keys.verify(key), scope)

    def challenge(self, error: AuthError, *, scheme: str = BEARER_SCHEME) -> str:
        """The value of WWW-Authenticate for this refusal (RFC 9110 §11.6.1).

        Of a scheme other than Bearer (RFC 6750 §3), which alone is to be told more, the realm.
        """
        parts = [f'{scheme} realm="{self._realm}"']
        if scheme != BEARER_SCHEME:
            return parts[0]
        if isinstance(error, TokenInvalid | ScopeInsufficient | CredentialsAmbiguous):
            parts += [f'error="{error.error}"', f'error_description="{error.message}"']
        if isinstance(error, ScopeInsufficient) and error.scope:
            parts.append(f'scope="{error.scope}"')
        return ", ".join(parts)


def bearer_token(headers: Headers) -> str:
    """The one bearer token of a request; another scheme is no token at all."""
    values = headers.getlist("authorization")
    if len(values) > 1:
        raise CredentialsAmbiguous("More than one way of authenticating was used.")
    value = values[0] if values else ""
    if value.partition(" ")[0].lower() != "bearer":
        raise CredentialsMissing("This service needs a bearer token or an API key.")
    found = BEARER.fullmatch(value)
    if found is None:
        raise TokenInvalid("The Authorization header does not hold one bearer token.")
    return found[1]


def _allow(caller: Caller, scope: str) -> Caller:
    if not caller.may_use(scope):
        raise ScopeInsufficient(f"The caller may not use the scope {scope}.", scope=scope)
    return caller
