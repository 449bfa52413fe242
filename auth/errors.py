"""What can be wrong with credentials: one class a cause, the OAuth `error` code beside it."""

from typing import ClassVar


class AuthError(Exception):
    """Anything that keeps a caller out; `error` is the code of RFC 6749 §5.2 or RFC 6750 §3.1."""

    error: ClassVar[str] = "invalid_request"
    retry_after_seconds: int | None = None

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def errors(self) -> tuple[str, ...]:
        return (self.message,)


# What a service refuses.


class CredentialsMissing(AuthError):
    """Neither a bearer token nor an API key came with the request."""


class CredentialsAmbiguous(AuthError):
    """More than one way of authenticating was used in one request (RFC 6750 §3.1)."""


class TokenInvalid(AuthError):
    """A bearer token that is not one of ours, or not meant for this use."""

    error = "invalid_token"


class TokenExpired(TokenInvalid):
    """A token past its `exp`, or before its `nbf`."""


class TokenRevoked(TokenInvalid):
    """A token that was revoked, whose session ended, or whose user was removed or disabled."""


class ApiKeyInvalid(AuthError):
    """An API key that is unknown, revoked or expired."""

    error = "invalid_token"


class ScopeInsufficient(AuthError):
    """The caller is known, but may not use this service; `scope` names what it would need."""

    error = "insufficient_scope"

    def __init__(self, message: str, *, scope: str = "") -> None:
        super().__init__(message)
        self.scope = scope


class IssuerUnreachable(AuthError):
    """The outside issuer's keys cannot be had, so no token can be told right from wrong."""

    error = "temporarily_unavailable"
    retry_after_seconds = 30


class IssuerRefused(AuthError):
    """An outside issuer whose address, or whose own documents, cannot be trusted."""

    retry_after_seconds = 30


# What the token endpoint and its neighbours refuse.


class RequestMalformed(AuthError):
    """A form that lacks a parameter, repeats one, or cannot be read."""


class FormTooLarge(RequestMalformed):
    """A form above the size that any honest client sends."""


class FormTypeUnsupported(RequestMalformed):
    """A body that is not application/x-www-form-urlencoded."""

    error = "The content-type header value did not match the value in @Consumes"


class UserNameMissing(AuthError):
    """A password grant without a user name."""


class GrantUnsupported(AuthError):
    """A grant type that is not served."""

    error = "unsupported_grant_type"


class ClientMissing(AuthError):
    """A request to the issuer that names no client."""

    error = "invalid_client"


class ClientUnknown(AuthError):
    """A client that does not exist or is disabled."""

    error = "invalid_client"


class ClientSecretWrong(AuthError):
    """A confidential client without its secret."""

    error = "unauthorized_client"


class ClientNotAllowed(AuthError):
    """A client that may not use this grant."""

    error = "unauthorized_client"


class IntrospectionUnauthenticated(AuthError):
    """Introspection asked by nobody that is known."""


class IntrospectionNotAllowed(AuthError):
    """Introspection asked by a public client."""


class ScopeInvalid(AuthError):
    """A scope that does not exist, or that this user or session may not have."""

    error = "invalid_scope"


class PasswordWrong(AuthError):
    """Wrong password or unknown user: one answer for both, so that names cannot be probed."""

    error = "invalid_grant"


class AccountDisabled(AuthError):
    """The right password of a disabled user."""

    error = "invalid_grant"


class RefreshTokenInvalid(AuthError):
    """A refresh token that is forged, expired, superseded, another client's, or of no session."""

    error = "invalid_grant"


class LoginsBusy(AuthError):
    """More logins at once than can be waited for."""

    error = "temporarily_unavailable"
    retry_after_seconds = 1


class TooManyLogins(AuthError):
    """A login too soon after failed ones."""

    error = "temporarily_unavailable"
    retry_after_seconds: int

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds: int = retry_after_seconds


class HttpsRequired(AuthError):
    """Plain HTTP where the realm demands TLS."""


# What stops a start or a command.


class AccountRefused(AuthError):
    """A user, client or API key that cannot be added, changed or found."""


class AccountUnknown(AccountRefused):
    """There is no such user, client or valid API key."""


class AccountTaken(AccountRefused):
    """There is a user or client of this name already."""


class SigningKeyUnusable(AuthError):
    """A file in the key folder that holds no RSA key of ours."""
