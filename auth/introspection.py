"""What may be asked about a token: introspection (RFC 7662) and userinfo (OIDC Core §5.3)."""

from dataclasses import dataclass

from auth.clients import ClientCredentials, Clients
from auth.config import IssuerConfig
from auth.errors import (
    ClientMissing,
    ClientSecretWrong,
    ClientUnknown,
    IntrospectionNotAllowed,
    IntrospectionUnauthenticated,
    RequestMalformed,
    ScopeInsufficient,
    TokenInvalid,
)
from auth.forms import IssuerForm
from auth.grants import generation_of
from auth.jws_checks import Claims
from auth.sessions import Sessions, Standing
from auth.tokens import TokenReader, profile
from auth.users import Users

INACTIVE: Claims = {"active": False}


@dataclass(frozen=True, slots=True)
class Introspection:
    """Answers from the rows as they are now; every call blocks on the database."""

    config: IssuerConfig
    users: Users
    clients: Clients
    sessions: Sessions
    reader: TokenReader

    def userinfo(self, token: str) -> Claims:
        try:
            claims = self.reader.access(token)
        except TokenInvalid as error:
            raise TokenInvalid("Token verification failed") from error
        standing = self._standing(claims)
        user = self.users.find(standing.user_id) if standing else None
        if user is None:
            raise TokenInvalid("Token verification failed")
        if "openid" not in str(claims.get("scope", "")).split():
            raise ScopeInsufficient("Missing openid scope")
        return {"sub": user.id, **profile(user)}

    def introspect(self, form: IssuerForm, credentials: ClientCredentials) -> Claims:
        self._admit(credentials)
        form.refuse_duplicates()
        token = form.get("token")
        if not token:
            raise RequestMalformed("Token not provided.")
        try:
            return self._describe(self._read(token))
        except TokenInvalid:
            return INACTIVE

    def _admit(self, credentials: ClientCredentials) -> None:
        try:
            client = self.clients.authenticate(credentials)
        except (ClientMissing, ClientUnknown, ClientSecretWrong) as error:
            raise IntrospectionUnauthenticated("Authentication failed.") from error
        if not client.is_confidential:
            raise IntrospectionNotAllowed("Client not allowed.")

    def _read(self, token: str) -> Claims:
        try:
            return self.reader.access(token)
        except TokenInvalid:
            return self.reader.refresh(token)

    def _describe(self, claims: Claims) -> Claims:
        standing = self._standing(claims)
        if standing is None or self._is_superseded(claims, standing):
            return INACTIVE
        told: Claims = {"client_id": standing.client_id, "username": standing.user_name}
        return claims | told | {"token_type": "Bearer", "active": True}

    def _standing(self, claims: Claims) -> Standing | None:
        return self.sessions.standing(str(claims["sid"]), str(claims["jti"]))

    def _is_superseded(self, claims: Claims, standing: Standing) -> bool:
        is_refresh = claims["typ"] != "Bearer"
        is_old = generation_of(claims) != standing.generation
        return is_refresh and is_old and self.config.rotate_refresh
