"""python-keycloak, as the programs use it that know a Keycloak."""

import pytest
import requests
from keycloak import KeycloakOpenID
from keycloak.exceptions import KeycloakAuthenticationError, KeycloakPostError

from tests.clients.conftest import BACKEND
from tests.serving import WAIT_SECONDS, Served

EDGES = "/v2/services/image/edges"


@pytest.fixture
def keycloak(served: Served) -> KeycloakOpenID:
    # The address must end in a slash: realms/… is joined to it.
    return KeycloakOpenID(f"{served.url}/", realm_name="Production", client_id="ltu-api")


@pytest.fixture
def backend(served: Served, secret: str) -> KeycloakOpenID:
    return KeycloakOpenID(
        f"{served.url}/", realm_name="Production", client_id=BACKEND, client_secret_key=secret
    )


def test_a_login_opens_a_service(keycloak: KeycloakOpenID, served: Served) -> None:
    tokens = keycloak.token(served.user, served.password)
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    answer = requests.get(served.url + EDGES, headers=headers, timeout=WAIT_SECONDS)
    assert answer.status_code == 400


def test_userinfo_names_the_user(keycloak: KeycloakOpenID, served: Served) -> None:
    tokens = keycloak.token(served.user, served.password)
    told = keycloak.userinfo(tokens["access_token"])
    assert isinstance(told, dict)
    assert told["preferred_username"] == served.user


def test_a_token_is_decoded_by_the_published_keys(keycloak: KeycloakOpenID, served: Served) -> None:
    tokens = keycloak.token(served.user, served.password)
    claims = keycloak.decode_token(tokens["access_token"])
    assert claims["azp"] == "ltu-api"
    assert claims["iss"] == keycloak.well_known()["issuer"]


def test_the_realms_key_is_a_public_key(keycloak: KeycloakOpenID) -> None:
    assert keycloak.public_key().startswith("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A")


def test_a_refresh_gives_new_tokens(keycloak: KeycloakOpenID, served: Served) -> None:
    first = keycloak.token(served.user, served.password)
    second = keycloak.refresh_token(first["refresh_token"])
    assert second["session_state"] == first["session_state"]
    assert second["access_token"] != first["access_token"]


def test_a_logout_ends_the_session(keycloak: KeycloakOpenID, served: Served) -> None:
    tokens = keycloak.token(served.user, served.password)
    keycloak.logout(tokens["refresh_token"])
    with pytest.raises(KeycloakPostError, match="Session not active"):
        keycloak.refresh_token(tokens["refresh_token"])


def test_a_backend_introspects_what_another_client_got(
    keycloak: KeycloakOpenID, backend: KeycloakOpenID, served: Served
) -> None:
    tokens = keycloak.token(served.user, served.password)
    told = backend.introspect(tokens["access_token"])
    assert (told["active"], told["username"]) == (True, served.user)
    keycloak.logout(tokens["refresh_token"])
    assert backend.introspect(tokens["access_token"]) == {"active": False}


def test_a_wrong_password_is_an_authentication_error(
    keycloak: KeycloakOpenID, served: Served
) -> None:
    with pytest.raises(KeycloakAuthenticationError, match="Invalid user credentials"):
        keycloak.token("nobody-of-keycloak", "wrong")


def test_what_is_not_served_is_told_as_such(keycloak: KeycloakOpenID, served: Served) -> None:
    tokens = keycloak.token(served.user, served.password)
    with pytest.raises(KeycloakPostError, match="unsupported_grant_type"):
        keycloak.exchange_token(tokens["access_token"], audience="other")
