"""What the realm answers, as openapi.yaml shows it."""

from pydantic import BaseModel, ConfigDict, Field


class Token(BaseModel):
    """What the token endpoint grants."""

    access_token: str = Field(description="Send it as `Authorization: Bearer …`.")
    expires_in: int = Field(description="Life of the access token, s.")
    refresh_expires_in: int = Field(description="Life of the refresh token, s.")
    refresh_token: str
    token_type: str
    id_token: str
    not_before_policy: int = Field(serialization_alias="not-before-policy")
    session_state: str
    scope: str


class TokenFailure(BaseModel):
    """Why no token was granted (RFC 6749 §5.2)."""

    error: str
    error_description: str | None = None


class _Open(BaseModel):
    """May hold more than is named."""

    model_config = ConfigDict(extra="allow")


class UserInfo(_Open):
    """Who the token's user is (OIDC Core §5.3); only what the token's scope allows."""

    sub: str = Field(description="The user's id.")
    preferred_username: str | None = Field(None, description="The user's name.")
    email: str | None = None
    email_verified: bool | None = None
    name: str | None = Field(None, description="Given and family name.")
    given_name: str | None = None
    family_name: str | None = None


class TokenStatus(_Open):
    """Whether a token is good, and if so its claims (RFC 7662 §2.2)."""

    active: bool
    client_id: str | None = None
    username: str | None = None
    token_type: str | None = None
    scope: str | None = None
    sub: str | None = None
    exp: int | None = Field(None, description="End of its life, s since 1970.")


class SigningKey(_Open):
    """A public key that signs tokens (RFC 7517)."""

    kid: str
    kty: str
    alg: str
    use: str
    n: str
    e: str


class KeySet(BaseModel):
    """All keys whose tokens are still good."""

    keys: list[SigningKey]


class Realm(BaseModel):
    """Keycloak's public facts about the realm."""

    realm: str
    public_key: str = Field(description="The key that signs now: DER in base64.")
    token_service: str = Field(serialization_alias="token-service")
    account_service: str = Field(serialization_alias="account-service")
    tokens_not_before: int = Field(serialization_alias="tokens-not-before")


class Discovery(_Open):
    """Where everything is (OIDC Discovery §3)."""

    issuer: str
    token_endpoint: str
    introspection_endpoint: str
    userinfo_endpoint: str
    end_session_endpoint: str
    revocation_endpoint: str
    jwks_uri: str
    grant_types_supported: list[str]
    scopes_supported: list[str]
