"""Ways to end a session or a token: logout (OIDC RP-Initiated Logout) and revocation (RFC 7009)."""

from dataclasses import dataclass

from auth.clients import Client, ClientCredentials, Clients
from auth.errors import (
    RefreshTokenInvalid,
    RequestMalformed,
    TokenExpired,
    TokenInvalid,
)
from auth.forms import IssuerForm
from auth.grants import refuse_other_client
from auth.jws_checks import Claims
from auth.sessions import Sessions
from auth.tokens import TokenReader, numeric_date


@dataclass(frozen=True, slots=True)
class Revocation:
    """Ends what a form names; every call blocks on the database."""

    clients: Clients
    sessions: Sessions
    reader: TokenReader

    def log_out(self, form: IssuerForm, credentials: ClientCredentials) -> None:
        """End the session of a refresh token, whether or not it is still open."""
        client = self.clients.authenticate(credentials)
        form.refuse_duplicates()
        token = form.get("refresh_token")
        if not token:
            raise RequestMalformed("No refresh token")
        try:
            claims = self.reader.refresh(token, may_be_expired=True)
        except TokenInvalid as error:
            raise RefreshTokenInvalid("Invalid refresh token") from error
        refuse_other_client(claims, client)
        self.sessions.end(str(claims["sid"]))

    def log_out_by_hint(self, id_token: str) -> None:
        """End the session that an ID token of ours was given for."""
        self.sessions.end(str(self.reader.identity(id_token)["sid"]))

    def revoke(self, form: IssuerForm, credentials: ClientCredentials) -> None:
        """A refresh token takes its session with it, an access token only itself."""
        client = self.clients.authenticate(credentials)
        form.refuse_duplicates()
        token = form.get("token")
        if not token:
            raise RequestMalformed("Token not provided")
        try:
            claims = self._read(token)
        except TokenExpired:
            return
        _refuse_unmatching(claims, client)
        if claims["typ"] == "Bearer":
            self.sessions.revoke_token(str(claims["jti"]), numeric_date(claims, "exp"))
        else:
            self.sessions.end(str(claims["sid"]), because="revoked")

    def _read(self, token: str) -> Claims:
        try:
            return self.reader.access(token)
        except TokenExpired:
            raise
        except TokenInvalid:
            return self.reader.refresh(token, may_be_expired=True)


def _refuse_unmatching(claims: Claims, client: Client) -> None:
    if claims["azp"] != client.id:
        raise RequestMalformed("Unmatching clients")
