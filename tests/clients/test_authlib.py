"""authlib: discovers nothing, refreshes by itself, checks tokens with joserfc."""

import time
from collections.abc import Iterator

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.clients.conftest import BACKEND
from tests.serving import Served

REALM = "/realms/Production/protocol/openid-connect"
EDGES = "/v2/services/image/edges"


@pytest.fixture
def session(served: Served) -> Iterator[OAuth2Session]:
    # Without a secret it sends client_id in the body.
    token_endpoint = f"{served.url}{REALM}/token"
    with OAuth2Session("ltu-api", token_endpoint=token_endpoint) as session:
        session.fetch_token(username=served.user, password=served.password)
        yield session


def test_a_login_opens_a_service(session: OAuth2Session, served: Served) -> None:
    assert session.get(served.url + EDGES).status_code == 400


def test_userinfo_names_the_user(session: OAuth2Session, served: Served) -> None:
    told = session.get(f"{served.url}{REALM}/userinfo").json()
    assert told["preferred_username"] == served.user


def test_an_id_token_is_checked_by_the_published_keys(
    session: OAuth2Session, served: Served
) -> None:
    keys = KeySet.import_key_set(session.get(f"{served.url}{REALM}/certs").json())
    token = jwt.decode(session.token["id_token"], keys, algorithms=["RS256"])
    jwt.JWTClaimsRegistry(aud={"essential": True, "value": "ltu-api"}).validate(token.claims)


def test_a_token_that_is_nearly_over_is_refreshed_by_itself(
    session: OAuth2Session, served: Served
) -> None:
    first = session.token
    session.token = {**first, "expires_at": int(time.time()) + 30}
    assert session.get(served.url + EDGES).status_code == 400
    assert session.token["session_state"] == first["session_state"]
    assert session.token["refresh_token"] != first["refresh_token"]


def test_a_revoked_refresh_token_refreshes_no_more(session: OAuth2Session, served: Served) -> None:
    token = session.token["refresh_token"]
    answer = session.revoke_token(f"{served.url}{REALM}/revoke", token=token)
    assert answer.status_code == 200
    with pytest.raises(OAuthError, match="Session not active"):
        session.refresh_token(session.metadata["token_endpoint"], refresh_token=token)


def test_a_logout_ends_the_session(session: OAuth2Session, served: Served) -> None:
    form = {"client_id": "ltu-api", "refresh_token": session.token["refresh_token"]}
    assert session.post(f"{served.url}{REALM}/logout", data=form).status_code == 204
    with pytest.raises(OAuthError, match="Session not active"):
        session.refresh_token(session.metadata["token_endpoint"])


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_a_backend_introspects_by_either_way_of_telling_its_secret(
    session: OAuth2Session, served: Served, secret: str, method: str
) -> None:
    with OAuth2Session(BACKEND, secret, token_endpoint_auth_method=method) as backend:
        answer = backend.introspect_token(
            f"{served.url}{REALM}/token/introspect", token=session.token["access_token"]
        )
    assert answer.json()["active"] is True


def test_a_wrong_password_is_an_oauth_error(served: Served) -> None:
    with OAuth2Session("ltu-api") as session, pytest.raises(OAuthError) as refusal:
        session.fetch_token(
            f"{served.url}{REALM}/token", username="nobody-of-authlib", password="wrong"
        )
    assert refusal.value.error == "invalid_grant"
