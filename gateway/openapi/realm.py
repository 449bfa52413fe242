"""The realm's share of openapi.yaml: tokens, and what Keycloak serves beside them."""

import json
from typing import Any

from pydantic import BaseModel

from auth.answers import refusal
from auth.errors import (
    AuthError,
    ClientUnknown,
    FormTooLarge,
    FormTypeUnsupported,
    HttpsRequired,
    IntrospectionNotAllowed,
    IntrospectionUnauthenticated,
    LoginsBusy,
    PasswordWrong,
    RefreshTokenInvalid,
    RequestMalformed,
    TooManyLogins,
)
from gateway.errors import status_of
from gateway.openapi import schemas
from gateway.openapi.realm_models import (
    Discovery,
    KeySet,
    Realm,
    Token,
    TokenFailure,
    TokenStatus,
    UserInfo,
)
from gateway.openapi.schemas import Schema, content, header, ref

REALM = "/realms/Production"
_OPENID = f"{REALM}/protocol/openid-connect"
TOKEN_PATH = f"{_OPENID}/token"

TAG_TOKEN = "How to get a token"
TAG_REALM = "What the realm tells"
TAGS = [
    {
        "name": TAG_TOKEN,
        "description": "By user name and password, and again by the refresh token.",
    },
    {
        "name": TAG_REALM,
        "description": "What OpenID Connect clients ask beside tokens, as Keycloak answers it.",
    },
]

_SESSION = "22c8278b-3346-468e-9533-f41f22ed264f"
_ACCESS = "eyJhbGciOiJSUzI1NiIsInR5cCIgOiAiSldUIiwia2lkIiA6..."
_REFRESH = "eyJhbGciOiJIUzI1NiIsInR5cC..."
_TOKEN = Token(
    access_token=_ACCESS,
    expires_in=600,
    refresh_expires_in=1800,
    refresh_token=_REFRESH,
    token_type="bearer",
    id_token="eyJhbGciOiJSUz...",
    not_before_policy=0,
    session_state=_SESSION,
    scope="openid email profile",
)
_FORM_ERRORS = (
    ClientUnknown("Invalid client or Invalid client credentials"),
    HttpsRequired("HTTPS required"),
    FormTooLarge("The form is too large"),
    FormTypeUnsupported(""),
)
_TOKEN_ERRORS = (
    RefreshTokenInvalid("Invalid refresh token"),
    PasswordWrong("Invalid user credentials"),
    *_FORM_ERRORS[1:],
    TooManyLogins("Too many failed logins; try again in 2 s.", retry_after_seconds=2),
    LoginsBusy("Too many logins at once; try again in 1 s."),
)
_INTROSPECTION_ERRORS = (
    RequestMalformed("Token not provided."),
    IntrospectionUnauthenticated("Authentication failed."),
    IntrospectionNotAllowed("Client not allowed."),
    *_FORM_ERRORS[2:],
)
_MEANING = {
    400: "A parameter is missing or not valid.",
    401: "Unknown client, or wrong credentials.",
    403: "Not allowed.",
    413: "More bytes than are taken.",
    415: "The body is no form.",
    429: "Too many failed logins.",
    503: "Too many logins at once.",
}


def paths(known: dict[str, Schema]) -> dict[str, Schema]:
    """Every address of the realm; their schemas are added to the known ones."""
    models = (Token, TokenFailure, UserInfo, TokenStatus, KeySet, Realm, Discovery)
    for model in models:
        schemas.collect(known, model, model.__name__)
    return {
        TOKEN_PATH: {"post": _token()},
        f"{_OPENID}/logout": {"post": _logout(), "get": _logout_page()},
        f"{_OPENID}/revoke": {"post": _revoke()},
        f"{_OPENID}/userinfo": {"get": _userinfo(), "post": _userinfo_by_form()},
        f"{TOKEN_PATH}/introspect": {"post": _introspect()},
        f"{_OPENID}/certs": {"get": _document("keys", "The keys that sign tokens", KeySet)},
        f"{REALM}/.well-known/openid-configuration": {
            "get": _document("discovery", "Where everything is", Discovery)
        },
        REALM: {"get": _document("realm", "Facts about the realm", Realm)},
    }


def _token() -> Schema:
    return {
        "operationId": "token",
        "tags": [TAG_TOKEN],
        "summary": "Get a token, or refresh one",
        "description": "With `grant_type` `password` send `username` and `password`, "
        "with `refresh_token` send `refresh_token`. A refresh token is good for one use: "
        "the answer has the next one.",
        "security": [],
        "requestBody": _form(
            ("grant_type", "client_id"),
            grant_type={"type": "string", "enum": ["password", "refresh_token"]},
            client_id=_CLIENT_ID,
            username=_text("With grant `password`."),
            password={**_text("With grant `password`."), "format": "password"},
            refresh_token=_text("With grant `refresh_token`."),
            scope=_text("Names separated by spaces; absent: all that the user may use."),
        ),
        "responses": {
            "200": {
                "description": "The tokens.",
                "content": content(ref("Token"), _TOKEN.model_dump(by_alias=True)),
            },
            **_refusals(_TOKEN_ERRORS),
        },
    }


def _logout() -> Schema:
    return {
        "operationId": "logout",
        "tags": [TAG_TOKEN],
        "summary": "End a session",
        "description": "Its access and refresh tokens are not good any more.",
        "security": [],
        "requestBody": _form(
            ("client_id",),
            client_id=_CLIENT_ID,
            refresh_token=_text("Of the session."),
            id_token_hint=_text("An ID token of the session, instead of its refresh token."),
        ),
        "responses": {
            "200": {"description": "Ended by `id_token_hint`.", "content": _PAGE},
            "204": {"description": "Ended by `refresh_token`."},
            **_with_page(_refusals((RequestMalformed("No refresh token"), *_FORM_ERRORS))),
        },
    }


def _logout_page() -> Schema:
    return {
        "operationId": "logoutPage",
        "tags": [TAG_REALM],
        "summary": "End a session from a browser",
        "description": "OIDC RP-Initiated Logout without the way back.",
        "security": [],
        "parameters": [
            schemas.parameter(
                "query", "id_token_hint", "An ID token of the session.", is_required=True
            )
        ],
        "responses": {
            "200": {"description": "Ended.", "content": _PAGE},
            "400": {"description": "No such session.", "content": _PAGE},
        },
    }


def _revoke() -> Schema:
    return {
        "operationId": "revoke",
        "tags": [TAG_TOKEN],
        "summary": "Make a token useless",
        "description": "A refresh token takes its session with it, an access token only itself "
        "(RFC 7009).",
        "security": [],
        "requestBody": _form(("client_id", "token"), client_id=_CLIENT_ID, token=_text()),
        "responses": {
            "200": {"description": "Revoked: no body; or unknown: `invalid_token`."},
            **_refusals((RequestMalformed("Token not provided"), *_FORM_ERRORS)),
        },
    }


def _userinfo() -> Schema:
    return {
        "operationId": "userInfo",
        "tags": [TAG_REALM],
        "summary": "Who the token's user is",
        "description": "Needs the scope `openid`.",
        "security": [{"password": ["openid"]}, {"bearer": []}],
        "responses": _USERINFO_ANSWERS,
    }


def _userinfo_by_form() -> Schema:
    form = _form((), access_token=_text("Instead of the header."))
    return {
        **_userinfo(),
        "operationId": "userInfoByForm",
        "security": [{"password": ["openid"]}, {"bearer": []}, {}],
        "requestBody": {**form, "required": False},
        "responses": {
            **_USERINFO_ANSWERS,
            "413": _challenge(_MEANING[413]),
            "415": _challenge(_MEANING[415]),
        },
    }


def _introspect() -> Schema:
    active = {
        "active": True,
        "client_id": "ltu-api",
        "username": "ada",
        "token_type": "Bearer",
        "scope": "openid email profile",
        "exp": 1732184556,
    }
    return {
        "operationId": "introspect",
        "tags": [TAG_REALM],
        "summary": "Whether a token is good",
        "description": "For confidential clients only (RFC 7662).",
        "security": [],
        "requestBody": _form(
            ("token",),
            token=_text(),
            token_type_hint=_text("Not needed."),
            client_id=_text("The confidential client; HTTP Basic will do, too."),
            client_secret={**_text(), "format": "password"},
        ),
        "responses": {
            "200": {
                "description": "What is known of it.",
                "content": content(ref("TokenStatus"), active),
            },
            **_refusals(_INTROSPECTION_ERRORS),
        },
    }


def _document(name: str, summary: str, model: type[BaseModel]) -> Schema:
    return {
        "operationId": name,
        "tags": [TAG_REALM],
        "summary": summary,
        "description": (model.__doc__ or "").strip(),
        "security": [],
        "responses": {
            "200": {"description": "The document.", "content": content(ref(model.__name__))}
        },
    }


def _form(required: tuple[str, ...], **properties: Schema) -> Schema:
    schema: Schema = {"type": "object", "properties": properties}
    if required:
        schema["required"] = list(required)
    return {
        "required": bool(required),
        "content": {"application/x-www-form-urlencoded": {"schema": schema}},
    }


def _text(description: str = "") -> Schema:
    return {"type": "string", **({"description": description} if description else {})}


def _refusals(errors: tuple[AuthError, ...]) -> dict[str, Schema]:
    return dict(_refused(error) for error in errors)


def _with_page(refusals: dict[str, Schema]) -> dict[str, Schema]:
    """A wrong `id_token_hint` is told as browsers expect it."""
    told = refusals["400"]
    return refusals | {"400": {**told, "content": told["content"] | _PAGE}}


def _refused(error: AuthError) -> tuple[str, Schema]:
    """The issuer's own answer is the example."""
    status, _ = status_of(error)
    answer = refusal(status, error)
    described: Schema = {
        "description": _MEANING[status],
        "content": content(ref("TokenFailure"), json.loads(bytes(answer.body))),
    }
    if "Retry-After" in answer.headers:
        described["headers"] = header("Retry-After", "When asking again makes sense, s.")
    return str(status), described


def _challenge(description: str) -> Schema:
    return {
        "description": description,
        "headers": header("WWW-Authenticate", "The reason (RFC 6750 §3)."),
        "content": {"text/plain": {"schema": {"type": "string", "maxLength": 0}, "example": ""}},
    }


_CLIENT_ID: Schema = {"type": "string", "default": "ltu-api", "description": "The OAuth client."}
_PAGE: Any = {"text/html": {"schema": {"type": "string"}, "example": "<p>You are logged out."}}
_USERINFO_ANSWERS: Schema = {
    "200": {
        "description": "The user.",
        "content": content(
            ref("UserInfo"),
            {"sub": _SESSION, "preferred_username": "ada", "email": "ada@example.com"},
        ),
    },
    "400": _challenge("A token in the header and another in the body."),
    "401": _challenge("No token, or one that is not good."),
    "403": _challenge("The token lacks the scope `openid`."),
}
