"""Public documents of a realm: OIDC Discovery §3, the key set (RFC 7517 §5), Keycloak's realm."""

from auth.config import IssuerConfig
from auth.keys import KeyRing

STANDARD_SCOPES = ("openid", "profile", "email", "offline_access")


def configuration(config: IssuerConfig) -> dict[str, object]:
    """Only what is served is listed: no login page, so no code flow, though §3 has it required."""
    return {
        "issuer": config.issuer,
        "token_endpoint": config.endpoint("token"),
        "introspection_endpoint": config.endpoint("token/introspect"),
        "userinfo_endpoint": config.endpoint("userinfo"),
        "end_session_endpoint": config.endpoint("logout"),
        "revocation_endpoint": config.endpoint("revoke"),
        "jwks_uri": config.endpoint("certs"),
        "grant_types_supported": ["password", "refresh_token"],
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic",
            "client_secret_post",
            "none",
        ],
        "scopes_supported": [*STANDARD_SCOPES, *sorted(config.service_scopes)],
        "claims_supported": [
            "aud",
            "sub",
            "iss",
            "auth_time",
            "name",
            "given_name",
            "family_name",
            "preferred_username",
            "email",
            "acr",
        ],
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def key_set(keys: KeyRing) -> dict[str, object]:
    return {"keys": [key.jwk for key in keys.published()]}


def realm(config: IssuerConfig, keys: KeyRing) -> dict[str, object]:
    return {
        "realm": config.realm,
        "public_key": keys.signing().public_key,
        "token-service": f"{config.issuer}/protocol/openid-connect",
        "account-service": f"{config.issuer}/account",
        "tokens-not-before": 0,
    }
