"""The token endpoint's two grants (RFC 6749 §4.3 and §6), in Keycloak's order of checks."""

from dataclasses import dataclass

from auth.clients import Client, ClientCredentials, Clients
from auth.config import IssuerConfig
from auth.errors import (
    AccountDisabled,
    ClientNotAllowed,
    GrantUnsupported,
    PasswordWrong,
    RefreshTokenInvalid,
    RequestMalformed,
    TokenExpired,
    TokenInvalid,
    UserNameMissing,
)
from auth.failed_logins import FailedLogins
from auth.forms import IssuerForm
from auth.jws_checks import Claims
from auth.scopes import grant_scope, narrow_scope
from auth.sessions import Sessions
from auth.tokens import TokenMint, TokenReader
from auth.users import User, Users

GRANT_TYPES = ("password", "refresh_token")


@dataclass(frozen=True, slots=True)
class Grants:
    """Turns a form into tokens; every call blocks on the database, a password also on argon2."""

    config: IssuerConfig
    users: Users
    clients: Clients
    sessions: Sessions
    failed_logins: FailedLogins
    mint: TokenMint
    reader: TokenReader

    def exchange(
        self, form: IssuerForm, credentials: ClientCredentials, address: str
    ) -> dict[str, object]:
        grant_type = check_grant_type(form)
        client = self.clients.authenticate(credentials)
        form.refuse_duplicates()
        if grant_type == "password":
            return self._password(form, client, address)
        return self._refresh(form, client)

    def _password(self, form: IssuerForm, client: Client, address: str) -> dict[str, object]:
        if not client.has_direct_grants:
            raise ClientNotAllowed("Client not allowed for direct access grants")
        asked = form.get("scope")
        known = self.config.service_scopes
        grant_scope(asked, known=known, allowed=known)
        user = self._log_in(form.get("username"), form.get("password"), address)
        scope = grant_scope(asked, known=known, allowed=user.scopes)
        session = self.sessions.start(user.id, client.id, scope)
        return self.mint.answer(session, user, scope)

    def _log_in(self, name: str, password: str, address: str) -> User:
        if not name:
            raise UserNameMissing("Missing parameter: username")
        self.failed_logins.check(name, address)
        user = self.users.with_password(name, password)
        if user is None:
            self.failed_logins.record(name, address)
            raise PasswordWrong("Invalid user credentials")
        self.failed_logins.forgive(name, address)
        if not user.is_enabled:
            raise AccountDisabled("Account disabled")
        return user

    def _refresh(self, form: IssuerForm, client: Client) -> dict[str, object]:
        claims = self._refresh_claims(form, client)
        session = self.sessions.find(str(claims["sid"]))
        user = self.users.find(session.user_id)
        if user is None:
            raise RefreshTokenInvalid("Session not active")
        if not user.is_enabled:
            raise AccountDisabled("User disabled")
        scope = narrow_scope(
            form.get("scope"), held=session.scope, known=self.config.service_scopes
        )
        session = self.sessions.advance(session.id, generation_of(claims))
        return self.mint.answer(session, user, scope)

    def _refresh_claims(self, form: IssuerForm, client: Client) -> Claims:
        token = form.get("refresh_token")
        if not token:
            raise RequestMalformed("No refresh token")
        try:
            claims = self.reader.refresh(token)
        except TokenExpired as error:
            raise RefreshTokenInvalid("Token is not active") from error
        except TokenInvalid as error:
            raise RefreshTokenInvalid("Invalid refresh token") from error
        refuse_other_client(claims, client)
        return claims


def check_grant_type(form: IssuerForm) -> str:
    grant_type = form.get("grant_type")
    if not grant_type:
        raise RequestMalformed("Missing form parameter: grant_type")
    if grant_type not in GRANT_TYPES:
        raise GrantUnsupported("Unsupported grant_type")
    return grant_type


def refuse_other_client(claims: Claims, client: Client) -> None:
    if claims["azp"] != client.id:
        raise RefreshTokenInvalid(
            "Invalid refresh token. Token client and authorized client don't match"
        )


def generation_of(claims: Claims) -> int:
    generation = claims.get("generation")
    return generation if isinstance(generation, int) else -1
