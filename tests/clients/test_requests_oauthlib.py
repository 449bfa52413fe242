"""requests-oauthlib: names its client by HTTP Basic and minds every change of scope."""

from collections.abc import Iterator

import pytest
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.clients.conftest import BACKEND
from tests.serving import Served

REALM = "/realms/Production/protocol/openid-connect"
EDGES = "/v2/services/image/edges"


@pytest.fixture(autouse=True)
def over_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses http:// otherwise."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture
def session(served: Served) -> Iterator[OAuth2Session]:
    # It sends `Authorization: Basic ltu-api:` and no client_id in the body.
    with OAuth2Session(client=LegacyApplicationClient("ltu-api")) as session:
        session.fetch_token(
            f"{served.url}{REALM}/token", username=served.user, password=served.password
        )
        yield session


def test_a_login_opens_a_service(session: OAuth2Session, served: Served) -> None:
    assert session.get(served.url + EDGES).status_code == 400


def test_the_client_may_stand_in_the_body_instead(served: Served) -> None:
    with OAuth2Session(client=LegacyApplicationClient("ltu-api")) as session:
        tokens = session.fetch_token(
            f"{served.url}{REALM}/token",
            username=served.user,
            password=served.password,
            include_client_id=True,
        )
    assert tokens["session_state"]


def test_the_whole_scope_comes_back_as_it_was_asked(served: Served) -> None:
    scope = ["openid", "email", "profile"]
    with OAuth2Session(client=LegacyApplicationClient("ltu-api"), scope=scope) as session:
        tokens = session.fetch_token(
            f"{served.url}{REALM}/token", username=served.user, password=served.password
        )
    assert tokens["scope"] == scope


def test_userinfo_names_the_user(session: OAuth2Session, served: Served) -> None:
    told = session.get(f"{served.url}{REALM}/userinfo").json()
    assert told["preferred_username"] == served.user


def test_a_refresh_gives_new_tokens(session: OAuth2Session, served: Served) -> None:
    first = dict(session.token)
    second = session.refresh_token(f"{served.url}{REALM}/token", auth=HTTPBasicAuth("ltu-api", ""))
    assert second["session_state"] == first["session_state"]
    assert second["refresh_token"] != first["refresh_token"]


def test_a_logout_ends_the_session(session: OAuth2Session, served: Served) -> None:
    form = {"client_id": "ltu-api", "refresh_token": session.token["refresh_token"]}
    assert session.post(f"{served.url}{REALM}/logout", data=form).status_code == 204
    with pytest.raises(InvalidGrantError, match="Session not active"):
        session.refresh_token(f"{served.url}{REALM}/token", client_id="ltu-api")


def test_a_backend_introspects(session: OAuth2Session, served: Served, secret: str) -> None:
    answer = session.post(
        f"{served.url}{REALM}/token/introspect",
        data={"token": session.access_token},
        auth=HTTPBasicAuth(BACKEND, secret),
        withhold_token=True,
    )
    assert (answer.json()["active"], answer.json()["username"]) == (True, served.user)


def test_a_wrong_password_is_an_invalid_grant(served: Served) -> None:
    with (
        OAuth2Session(client=LegacyApplicationClient("ltu-api")) as session,
        pytest.raises(InvalidGrantError, match="Invalid user credentials"),
    ):
        session.fetch_token(
            f"{served.url}{REALM}/token", username="nobody-of-oauthlib", password="wrong"
        )
