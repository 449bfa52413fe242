"""Logout and revocation: what ends, and how it is told (DIALECTS 1.3, RFC 7009)."""

import httpx
import pytest

from auth.clients import Clients
from auth.errors import TokenRevoked
from tests.auth.conftest import MakeRealm, Realm

pytestmark = pytest.mark.anyio

LOGOUT = "/realms/Production/protocol/openid-connect/logout"


async def revoke(realm: Realm, token: str, client_id: str = "ltu-api") -> httpx.Response:
    return await realm.post("revoke", client_id=client_id, token=token)


async def log_out(realm: Realm, token: str, client_id: str = "ltu-api") -> httpx.Response:
    return await realm.post("logout", client_id=client_id, refresh_token=token)


async def refresh_reason(realm: Realm, token: str) -> str:
    reason: str = (await realm.refresh(token)).json()["error_description"]
    return reason


async def test_logout_ends_the_session(realm: Realm) -> None:
    token = (await realm.log_in())["refresh_token"]
    answer = await log_out(realm, token)
    assert (answer.status_code, answer.content) == (204, b"")
    assert await refresh_reason(realm, token) == "Session not active"


async def test_logging_out_twice_is_no_error(realm: Realm) -> None:
    token = (await realm.log_in())["refresh_token"]
    assert [(await log_out(realm, token)).status_code for _ in range(2)] == [204, 204]


async def test_an_expired_refresh_token_still_logs_out(realm: Realm) -> None:
    token = (await realm.log_in())["refresh_token"]
    realm.clock.turn(1_900)
    assert (await log_out(realm, token)).status_code == 204


@pytest.mark.parametrize(
    ("token", "error", "description"),
    [
        ("", "invalid_request", "No refresh token"),
        ("garbage", "invalid_grant", "Invalid refresh token"),
    ],
)
async def test_logout_without_a_refresh_token_is_refused(
    realm: Realm, token: str, error: str, description: str
) -> None:
    answer = await log_out(realm, token)
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


async def test_another_client_cannot_log_out(realm: Realm) -> None:
    Clients(realm.engine).add("other")
    token = (await realm.log_in())["refresh_token"]
    assert (await log_out(realm, token, "other")).status_code == 400
    assert (await realm.refresh(token)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_id_token_logs_out_even_after_it_expired(realm: Realm, method: str) -> None:
    tokens = await realm.log_in()
    realm.clock.turn(700)
    hint = {"id_token_hint": tokens["id_token"]}
    sent = {"params": hint} if method == "GET" else {"data": hint}
    answer = await realm.client.request(method, LOGOUT, **sent)  # type: ignore[arg-type]
    assert answer.status_code == 200
    assert await refresh_reason(realm, tokens["refresh_token"]) == "Session not active"


@pytest.mark.parametrize("hint", ["", "garbage", "access_token"])
async def test_a_hint_that_is_no_id_token_ends_nothing(realm: Realm, hint: str) -> None:
    tokens = await realm.log_in()
    answer = await realm.client.get(LOGOUT, params={"id_token_hint": tokens.get(hint, hint)})
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")
    assert (await realm.refresh(tokens["refresh_token"])).status_code == 200


async def test_logout_never_sends_anybody_elsewhere(realm: Realm) -> None:
    hint = {"id_token_hint": (await realm.log_in())["id_token"]}
    target = {"post_logout_redirect_uri": "https://evil.example/"}
    answer = await realm.client.get(LOGOUT, params=hint | target)
    assert "location" not in answer.headers
    assert "evil.example" not in answer.text


async def test_a_revoked_access_token_ends_alone_in_every_worker(
    realm: Realm, make_realm: MakeRealm
) -> None:
    first = await realm.log_in()
    second = (await realm.refresh(first["refresh_token"])).json()
    worker = make_realm()
    await worker.issuer.guard.authenticate_token(first["access_token"])
    answer = await revoke(realm, first["access_token"])
    assert (answer.status_code, answer.content) == (200, b"")
    realm.clock.turn(1.9)
    with pytest.raises(TokenRevoked):
        await worker.issuer.guard.authenticate_token(first["access_token"])
    await worker.issuer.guard.authenticate_token(second["access_token"])


async def test_a_revoked_refresh_token_ends_its_session(realm: Realm) -> None:
    token = (await realm.log_in())["refresh_token"]
    assert (await revoke(realm, token)).status_code == 200
    assert await refresh_reason(realm, token) == "Session not active"


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_revoking_twice_or_too_late_is_no_error(realm: Realm, kind: str) -> None:
    token = (await realm.log_in())[kind]
    assert (await revoke(realm, token)).content == b""
    assert (await revoke(realm, token)).content == b""
    realm.clock.turn(2_000)
    assert (await revoke(realm, token)).status_code == 200


async def test_garbage_is_answered_as_keycloak_does(realm: Realm) -> None:
    answer = await revoke(realm, "garbage")
    assert answer.status_code == 200
    assert answer.json() == {"error": "invalid_token", "error_description": "Invalid token"}


async def test_a_missing_token_is_refused(realm: Realm) -> None:
    answer = await revoke(realm, "")
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request", "error_description": "Token not provided"}


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_the_token_of_another_client_is_not_revoked(realm: Realm, kind: str) -> None:
    Clients(realm.engine).add("other")
    tokens = await realm.log_in()
    answer = await revoke(realm, tokens[kind], "other")
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request", "error_description": "Unmatching clients"}
    await realm.issuer.guard.authenticate_token(tokens["access_token"])
