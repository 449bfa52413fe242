"""API keys: shown once, kept as digests, ended by date or by hand."""

from collections.abc import Callable

import pytest
from sqlalchemy import select
from starlette.datastructures import Headers

from auth.api_keys import ApiKeys
from auth.errors import AccountRefused, ApiKeyInvalid, ScopeInsufficient
from auth.tables import api_keys
from auth.verifier import Caller
from tests.auth.conftest import MakeRealm, Realm


@pytest.fixture
def keys(realm: Realm) -> ApiKeys:
    return ApiKeys(realm.engine, clock=realm.clock)


async def pass_guard(realm: Realm, key: str, scope: str = "") -> Caller:
    return await realm.issuer.guard.authenticate(Headers({"x-api-key": key}), scope=scope)


def test_only_a_digest_is_kept(realm: Realm, keys: ApiKeys) -> None:
    key = keys.add("ada")
    with realm.engine.connect() as connection:
        row = connection.execute(select(api_keys)).one()
    assert key.startswith(f"{row.prefix}_")
    assert not any(key[len(row.prefix) :] in str(value) for value in row)


def test_a_list_shows_the_prefix_and_the_owner(keys: ApiKeys) -> None:
    key = keys.add("ada", label="nightly", scopes=frozenset({"edges"}))
    (shown,) = keys.all()
    assert key.startswith(shown.prefix)
    assert (shown.owner, shown.label) == ("ada", "nightly")
    assert shown.scopes == frozenset({"edges"})
    assert key not in repr(shown)


def test_a_key_needs_an_owner(keys: ApiKeys) -> None:
    with pytest.raises(AccountRefused, match="no user eve"):
        keys.add("eve")


def test_only_a_valid_key_can_be_revoked(keys: ApiKeys) -> None:
    keys.add("ada")
    keys.revoke(keys.all()[0].prefix)
    with pytest.raises(AccountRefused, match="no valid API key"):
        keys.revoke(keys.all()[0].prefix)


@pytest.mark.anyio
async def test_a_key_acts_for_its_owner(realm: Realm, keys: ApiKeys) -> None:
    caller = await pass_guard(realm, keys.add("ada"))
    assert (caller.subject, caller.name) == (realm.users.get("ada").id, "ada")
    assert caller.session_id is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    "spoil", [str.upper, lambda key: key + "x", lambda key: key[:-1], str.title]
)
async def test_a_key_must_fit_to_the_letter(
    realm: Realm, keys: ApiKeys, spoil: Callable[[str], str]
) -> None:
    with pytest.raises(ApiKeyInvalid) as refusal:
        await pass_guard(realm, spoil(keys.add("ada")))
    assert realm.issuer.guard.challenge(refusal.value) == 'Bearer realm="Production"'


@pytest.mark.anyio
async def test_the_right_prefix_with_another_secret_is_refused(realm: Realm, keys: ApiKeys) -> None:
    first, second = keys.add("ada"), keys.add("ada")
    with pytest.raises(ApiKeyInvalid):
        await pass_guard(realm, first[:12] + second[12:])


@pytest.mark.anyio
async def test_a_key_ends_with_its_date(realm: Realm, keys: ApiKeys) -> None:
    key = keys.add("ada", lifetime_seconds=60)
    realm.clock.turn(59.5)
    await pass_guard(realm, key)
    realm.clock.turn(0.5)
    with pytest.raises(ApiKeyInvalid):
        await pass_guard(realm, key)


@pytest.mark.anyio
@pytest.mark.parametrize(
    "happens",
    [
        lambda realm, keys: keys.revoke(keys.all()[0].prefix),
        lambda realm, keys: realm.users.set_enabled("ada", False),
        lambda realm, keys: realm.users.remove("ada"),
    ],
    ids=["revoked", "owner disabled", "owner removed"],
)
async def test_every_worker_notices_the_end_of_a_key_within_two_seconds(
    realm: Realm,
    keys: ApiKeys,
    make_realm: MakeRealm,
    happens: Callable[[Realm, ApiKeys], None],
) -> None:
    worker, key = make_realm(), keys.add("ada")
    await pass_guard(worker, key)
    happens(realm, keys)
    realm.clock.turn(1.9)
    with pytest.raises(ApiKeyInvalid):
        await pass_guard(worker, key)


@pytest.mark.anyio
async def test_the_last_use_is_noted_once_a_minute(realm: Realm, keys: ApiKeys) -> None:
    key, start = keys.add("ada"), realm.clock()
    for seconds, noted in ((0, start), (59, start), (1, start + 60)):
        realm.clock.turn(seconds)
        await pass_guard(realm, key)
        assert keys.all()[0].used_at == noted


@pytest.mark.anyio
async def test_a_key_has_no_more_rights_than_its_owner(realm: Realm, keys: ApiKeys) -> None:
    realm.users.set_scopes("ada", frozenset({"edges", "contours"}))
    key = keys.add("ada", scopes=frozenset({"edges", "heatMap"}))
    assert (await pass_guard(realm, key, "edges")).scopes == frozenset({"edges"})
    for scope in ("contours", "heatMap"):
        with pytest.raises(ScopeInsufficient):
            await pass_guard(realm, key, scope)
