"""The realm's public documents, as libraries read them (OIDC Discovery §3 and §4.3)."""

import httpx
import pytest

from tests.auth.conftest import PUBLIC_URL, MakeRealm, Realm

pytestmark = pytest.mark.anyio

REALM = "/realms/Production"
DOCUMENTS = ("", "/.well-known/openid-configuration", "/protocol/openid-connect/certs")


async def test_the_issuer_is_the_address_that_clients_know(make_realm: MakeRealm) -> None:
    realm = make_realm()
    answer = await realm.client.get(f"{REALM}/.well-known/openid-configuration")
    assert answer.json()["issuer"] == f"{PUBLIC_URL}{REALM}"


async def test_every_named_endpoint_is_served(realm: Realm) -> None:
    answer = await realm.client.get(f"{REALM}/.well-known/openid-configuration")
    addresses = [value for name, value in answer.json().items() if _is_address(name)]
    assert len(addresses) == 6
    for address in addresses:
        assert address.startswith(f"{PUBLIC_URL}{REALM}/protocol/openid-connect/")
        assert (await realm.client.options(address)).status_code == 200


async def test_only_what_is_served_is_promised(make_realm: MakeRealm) -> None:
    realm = make_realm(service_scopes=frozenset({"edges"}))
    told = (await realm.client.get(f"{REALM}/.well-known/openid-configuration")).json()
    assert told["grant_types_supported"] == ["password", "refresh_token"]
    assert told["response_types_supported"] == []
    assert not {"authorization_endpoint", "code_challenge_methods_supported"} & told.keys()
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    assert told["scopes_supported"] == ["openid", "profile", "email", "offline_access", "edges"]


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_any_page_may_read_a_public_document(realm: Realm, document: str) -> None:
    answer = await realm.client.get(REALM + document)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("document", DOCUMENTS)
async def test_a_head_request_is_answered_like_a_get(realm: Realm, document: str) -> None:
    answer: httpx.Response = await realm.client.head(REALM + document)
    assert answer.status_code == 200


def _is_address(name: str) -> bool:
    return name.endswith("_endpoint") or name == "jwks_uri"
