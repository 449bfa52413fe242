"""Rotation of refresh tokens (RFC 9700 §4.14), also between workers."""

import anyio
import httpx
import pytest

from tests.auth.conftest import MakeRealm, Realm

pytestmark = pytest.mark.anyio

REUSED = "Maximum allowed refresh token reuse exceeded"
GONE = "Session doesn't have required client"


def reason(answer: httpx.Response) -> str:
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    description: str = answer.json()["error_description"]
    return description


async def test_a_used_refresh_token_ends_the_session(realm: Realm) -> None:
    old = (await realm.log_in())["refresh_token"]
    new = (await realm.refresh(old)).json()["refresh_token"]
    assert reason(await realm.refresh(old)) == REUSED
    assert reason(await realm.refresh(new)) == GONE
    assert reason(await realm.refresh(old)) == GONE


async def test_an_older_token_is_stale_and_ends_the_session_too(realm: Realm) -> None:
    oldest = (await realm.log_in())["refresh_token"]
    newer = (await realm.refresh(oldest)).json()["refresh_token"]
    newest = (await realm.refresh(newer)).json()["refresh_token"]
    assert reason(await realm.refresh(oldest)) == "Stale token"
    assert reason(await realm.refresh(newest)) == GONE


async def test_the_end_of_one_session_leaves_the_others(realm: Realm) -> None:
    first, second = await realm.log_in(), await realm.log_in()
    await realm.refresh(first["refresh_token"])
    assert reason(await realm.refresh(first["refresh_token"])) == REUSED
    assert (await realm.refresh(second["refresh_token"])).status_code == 200


async def test_of_eight_refreshes_at_once_by_two_workers_one_succeeds(
    realm: Realm, make_realm: MakeRealm
) -> None:
    token = (await realm.log_in())["refresh_token"]
    workers = [realm, make_realm()]
    answers: list[httpx.Response] = []

    async def refresh(worker: Realm) -> None:
        answers.append(await worker.refresh(token))

    async with anyio.create_task_group() as group:
        for number in range(8):
            group.start_soon(refresh, workers[number % 2])
    winners = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    assert reason(await realm.refresh(winners[0]["refresh_token"])) == GONE


async def test_without_rotation_a_refresh_token_serves_until_it_expires(
    realm: Realm, make_realm: MakeRealm
) -> None:
    realm = make_realm(rotate_refresh=False)
    token = (await realm.log_in())["refresh_token"]
    for _ in range(3):
        assert (await realm.refresh(token)).status_code == 200
    realm.clock.turn(1_800)
    assert reason(await realm.refresh(token)) == "Token is not active"


async def test_turning_rotation_on_again_refuses_reuse(realm: Realm, make_realm: MakeRealm) -> None:
    token = (await make_realm(rotate_refresh=False).log_in())["refresh_token"]
    assert (await realm.refresh(token)).status_code == 200
    assert reason(await realm.refresh(token)) == REUSED


async def test_a_refused_refresh_does_not_spend_the_token(realm: Realm) -> None:
    token = (await realm.log_in())["refresh_token"]
    assert (await realm.refresh(token, scope="nothing")).status_code == 400
    assert (await realm.refresh(token)).status_code == 200
