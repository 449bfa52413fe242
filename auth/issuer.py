"""The embedded issuer, shaped like Keycloak: its routes, and the parts that answer them.

RFC 6749 (tokens), RFC 7009 (revocation), RFC 7662 (introspection), OIDC Core and Discovery.
"""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pwdlib import PasswordHash
from sqlalchemy import Engine
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from auth import discovery
from auth.answers import challenge, described, empty, page, private, public
from auth.api_keys import ApiKeys, KeyCheck
from auth.clients import Clients
from auth.config import IssuerConfig
from auth.endpoint import Handler, IssuerEndpoint, StatusOf
from auth.errors import (
    AuthError,
    CredentialsAmbiguous,
    LoginsBusy,
    TokenInvalid,
)
from auth.failed_logins import FailedLogins
from auth.forms import IssuerForm, client_credentials, read_form
from auth.grants import Grants
from auth.guard import Guard, bearer_token
from auth.introspection import Introspection
from auth.keys import KeyRing
from auth.revocation import Revocation
from auth.sessions import Sessions
from auth.threads import Threads
from auth.tokens import CLOCK_SKEW_SECONDS, TokenMint, TokenReader
from auth.users import Users
from auth.verifier import OwnTokens

# Each password costs some 64 MiB and a core; whoever logs in must not stop the rest.
PASSWORD_THREADS = 2
DATABASE_THREADS = 8
MAX_WAITING_LOGINS = 100

PREFIXES = ("/realms", "/auth/realms")


class Issuer:
    """One realm: `routes` to be served, and the `guard` that knows its tokens.

    Args:
        status_of: looks up the status of a refusal.
    """

    def __init__(
        self,
        engine: Engine,
        config: IssuerConfig,
        keys_folder: Path,
        *,
        status_of: StatusOf,
        clock: Callable[[], float] = time.time,
        hasher: PasswordHash | None = None,
    ) -> None:
        self.config = config
        self._status_of = status_of
        lifetime_seconds = config.access_seconds + CLOCK_SKEW_SECONDS
        self.keys = KeyRing(keys_folder, lifetime_seconds=lifetime_seconds, clock=clock)
        self._threads = Threads(DATABASE_THREADS)
        self._password_threads = Threads(PASSWORD_THREADS)
        reader, mint = TokenReader(config, self.keys, clock), TokenMint(config, self.keys, clock)
        users, clients = Users(engine, clock=clock, hasher=hasher), Clients(engine, clock=clock)
        sessions, failed = Sessions(engine, config, clock), FailedLogins(engine, clock)
        users.prepare()
        self._grants = Grants(config, users, clients, sessions, failed, mint, reader)
        self._introspection = Introspection(config, users, clients, sessions, reader)
        self._revocation = Revocation(clients, sessions, reader)
        own_tokens = OwnTokens(reader, sessions, self._threads, clock)
        api_keys = KeyCheck(ApiKeys(engine, clock=clock), self._threads, clock)
        self.guard = Guard(config.realm, own_tokens, api_keys)

    def routes(self) -> list[BaseRoute]:
        """Both of Keycloak's prefixes; what is not served below them answers in its form."""
        return [route for prefix in PREFIXES for route in self._routes_below(prefix)]

    def _routes_below(self, prefix: str) -> list[BaseRoute]:
        realm = prefix + "/{realm}"
        unserved = (realm + "/{rest:path}", prefix, prefix + "/{rest:path}")
        routes = [(realm + path, handlers) for path, handlers in self._endpoints().items()]
        routes += [(path, {}) for path in unserved]
        return [
            Route(path, IssuerEndpoint(self.config, handlers, self._status_of))
            for path, handlers in routes
        ]

    def _endpoints(self) -> Mapping[str, Mapping[str, Handler]]:
        openid = "/protocol/openid-connect"
        return {
            "": {"GET": self._realm},
            "/.well-known/openid-configuration": {"GET": self._configuration},
            f"{openid}/certs": {"GET": self._certs},
            f"{openid}/auth": {"GET": self._authorize, "POST": self._authorize},
            f"{openid}/token": {"POST": self._token},
            f"{openid}/token/introspect": {"POST": self._introspect},
            f"{openid}/userinfo": {"GET": self._userinfo, "POST": self._userinfo},
            f"{openid}/revoke": {"POST": self._revoke},
            f"{openid}/logout": {"GET": self._log_out_page, "POST": self._log_out},
        }

    async def _realm(self, request: Request) -> Response:
        return public(discovery.realm(self.config, self.keys))

    async def _configuration(self, request: Request) -> Response:
        return public(discovery.configuration(self.config))

    async def _certs(self, request: Request) -> Response:
        return public(discovery.key_set(self.keys))

    async def _authorize(self, request: Request) -> Response:
        return page(400, "Interactive login is not offered here; ask for a token by password.")

    async def _token(self, request: Request) -> Response:
        form = await read_form(request)
        credentials, address = client_credentials(request, form), _address(request)
        threads = self._threads_for(form)
        return private(await threads.run(self._grants.exchange, form, credentials, address))

    async def _introspect(self, request: Request) -> Response:
        form = await read_form(request)
        credentials = client_credentials(request, form)
        return private(await self._threads.run(self._introspection.introspect, form, credentials))

    async def _userinfo(self, request: Request) -> Response:
        try:
            token = await _userinfo_token(request)
            return private(await self._threads.run(self._introspection.userinfo, token))
        except AuthError as error:
            request.state.refused = type(error)
            status, _ = self._status_of(error)
            return challenge(status, self.guard.challenge(error))

    async def _revoke(self, request: Request) -> Response:
        form = await read_form(request)
        credentials = client_credentials(request, form)
        try:
            await self._threads.run(self._revocation.revoke, form, credentials)
        except TokenInvalid:
            # RFC 7009 §2.2: what cannot be revoked is no error; Keycloak says it all the same.
            return private(described(TokenInvalid("Invalid token")))
        return empty(200)

    async def _log_out(self, request: Request) -> Response:
        form = await read_form(request)
        if form.get("id_token_hint") and not form.get("refresh_token"):
            return await self._log_out_by_hint(form.get("id_token_hint"))
        credentials = client_credentials(request, form)
        await self._threads.run(self._revocation.log_out, form, credentials)
        return empty(204)

    async def _log_out_page(self, request: Request) -> Response:
        return await self._log_out_by_hint(request.query_params.get("id_token_hint", ""))

    async def _log_out_by_hint(self, id_token: str) -> Response:
        """Stays here whatever `post_logout_redirect_uri` says: no client registers addresses."""
        try:
            await self._threads.run(self._revocation.log_out_by_hint, id_token)
        except TokenInvalid:
            return page(400, "Logging out needs an id_token_hint of this issuer.")
        return page(200, "You are logged out.")

    def _threads_for(self, form: IssuerForm) -> Threads:
        if form.get("grant_type") != "password":
            return self._threads
        if self._password_threads.waiting >= MAX_WAITING_LOGINS:
            raise LoginsBusy("Too many logins at once; try again in 1 s.")
        return self._password_threads


async def _userinfo_token(request: Request) -> str:
    """From the header, or from a form in the body (RFC 6750 §2.1, §2.2)."""
    in_body = ""
    if request.method == "POST" and "content-type" in request.headers:
        in_body = (await read_form(request)).get("access_token")
    if in_body and "authorization" in request.headers:
        raise CredentialsAmbiguous("More than one method used for including an access token")
    if in_body:
        return in_body
    return bearer_token(request.headers)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
