"""What clients may learn about a token: introspection and userinfo (DIALECTS 1.3)."""

import httpx
import pytest

from auth.clients import Clients
from tests.auth.conftest import PUBLIC_URL, Realm

pytestmark = pytest.mark.anyio

OPENID = "/realms/Production/protocol/openid-connect"
USERINFO = f"{OPENID}/userinfo"
INTROSPECT = f"{OPENID}/token/introspect"


@pytest.fixture
def backend(realm: Realm) -> tuple[str, str]:
    return "backend", Clients(realm.engine).add("backend", is_confidential=True) or ""


async def userinfo(realm: Realm, token: str) -> httpx.Response:
    return await realm.client.get(USERINFO, headers={"authorization": f"Bearer {token}"})


async def introspect(realm: Realm, auth: tuple[str, str], token: str) -> dict[str, object]:
    answer = await realm.client.post(INTROSPECT, data={"token": token}, auth=auth)
    assert answer.status_code == 200
    described: dict[str, object] = answer.json()
    return described


async def test_userinfo_tells_the_profile(realm: Realm) -> None:
    answer = await userinfo(realm, (await realm.log_in())["access_token"])
    assert answer.json() == {
        "sub": realm.users.get("ada").id,
        "email_verified": True,
        "name": "Ada Lovelace",
        "preferred_username": "ada",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "email": "ada@example.com",
    }


async def test_userinfo_leaves_out_what_is_not_known(realm: Realm) -> None:
    realm.users.add("bob", "correct horse")
    answer = await userinfo(realm, (await realm.log_in(username="bob"))["access_token"])
    assert set(answer.json()) == {"sub", "email_verified", "preferred_username"}
    assert answer.json()["email_verified"] is False


async def test_userinfo_takes_the_token_from_a_form(realm: Realm) -> None:
    token = (await realm.log_in())["access_token"]
    answer = await realm.client.post(USERINFO, data={"access_token": token})
    assert answer.json()["preferred_username"] == "ada"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_userinfo_never_takes_the_token_from_the_query(realm: Realm, method: str) -> None:
    token = (await realm.log_in())["access_token"]
    answer = await realm.client.request(method, USERINFO, params={"access_token": token})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="Production"'


async def test_userinfo_refuses_in_the_header_alone(realm: Realm) -> None:
    answer = await userinfo(realm, "garbage")
    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="Production", error="invalid_token", '
        'error_description="Token verification failed"'
    )


async def test_userinfo_needs_the_scope_openid(realm: Realm) -> None:
    answer = await userinfo(realm, (await realm.log_in(scope="email"))["access_token"])
    assert answer.status_code == 403
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="Production", error="insufficient_scope", '
        'error_description="Missing openid scope"'
    )


async def test_userinfo_refuses_two_tokens(realm: Realm) -> None:
    token = (await realm.log_in())["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    answer = await realm.client.post(USERINFO, data={"access_token": token}, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["www-authenticate"] == (
        'Bearer realm="Production", error="invalid_request", '
        'error_description="More than one method used for including an access token"'
    )


async def test_userinfo_ends_with_the_session_at_once(realm: Realm) -> None:
    tokens = await realm.log_in()
    await realm.post("logout", client_id="ltu-api", refresh_token=tokens["refresh_token"])
    assert (await userinfo(realm, tokens["access_token"])).status_code == 401


async def test_an_active_token_is_described(realm: Realm, backend: tuple[str, str]) -> None:
    tokens = await realm.log_in()
    described = await introspect(realm, backend, tokens["access_token"])
    assert described["active"] is True
    assert described["client_id"] == "ltu-api"
    assert described["username"] == "ada"
    assert described["token_type"] == "Bearer"
    assert described["iss"] == f"{PUBLIC_URL}/realms/Production"
    assert described["sid"] == tokens["session_state"]


async def test_a_refresh_token_is_active_until_it_is_used(
    realm: Realm, backend: tuple[str, str]
) -> None:
    token = (await realm.log_in())["refresh_token"]
    assert (await introspect(realm, backend, token))["active"] is True
    await realm.refresh(token)
    assert await introspect(realm, backend, token) == {"active": False}


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "x" * 10_000])
async def test_anything_else_is_inactive(
    realm: Realm, backend: tuple[str, str], token: str
) -> None:
    assert await introspect(realm, backend, token) == {"active": False}


async def test_an_expired_or_ended_token_is_inactive(
    realm: Realm, backend: tuple[str, str]
) -> None:
    expired, ended = await realm.log_in(), await realm.log_in()
    await realm.post("logout", client_id="ltu-api", refresh_token=ended["refresh_token"])
    assert await introspect(realm, backend, ended["access_token"]) == {"active": False}
    realm.clock.turn(600)
    assert await introspect(realm, backend, expired["access_token"]) == {"active": False}


async def test_a_public_client_may_not_introspect(realm: Realm) -> None:
    token = (await realm.log_in())["access_token"]
    answer = await realm.post("token/introspect", client_id="ltu-api", token=token)
    assert answer.status_code == 403
    assert answer.json() == {"error": "invalid_request", "error_description": "Client not allowed."}


@pytest.mark.parametrize(
    "auth", [None, ("backend", "wrong"), ("backend", ""), ("nobody", "x")], ids=str
)
async def test_nobody_else_may_introspect(
    realm: Realm, backend: tuple[str, str], auth: tuple[str, str] | None
) -> None:
    credentials = {"client_id": auth[0], "client_secret": auth[1]} if auth else {}
    answer = await realm.post("token/introspect", token="x", **credentials)
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_request",
        "error_description": "Authentication failed.",
    }


async def test_introspection_needs_a_token(realm: Realm, backend: tuple[str, str]) -> None:
    answer = await realm.client.post(INTROSPECT, data={"token": ""}, auth=backend)
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request", "error_description": "Token not provided."}
