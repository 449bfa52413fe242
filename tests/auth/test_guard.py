"""Who may pass: tokens, their ends, and every known trick with them (RFC 6750, RFC 8725)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jose import jwk, jws
from sqlalchemy import update
from starlette.datastructures import Headers

from auth.clients import Clients
from auth.errors import (
    AuthError,
    CredentialsAmbiguous,
    CredentialsMissing,
    ScopeInsufficient,
    TokenExpired,
    TokenInvalid,
    TokenRevoked,
)
from auth.jws_checks import Claims
from auth.scopes import ADMIN
from auth.tables import users
from auth.verifier import Caller
from tests.auth.conftest import MakeRealm, Realm

pytestmark = pytest.mark.anyio


async def pass_guard(realm: Realm, token: str, scope: str = "") -> Caller:
    headers = Headers({"authorization": f"Bearer {token}"})
    return await realm.issuer.guard.authenticate(headers, scope=scope)


def encode(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def decode(token: str) -> tuple[Claims, Claims]:
    header, claims = (base64.urlsafe_b64decode(part + "==") for part in token.split(".")[:2])
    return json.loads(header), json.loads(claims)


def resign(
    realm: Realm, token: str, claims: Claims | None = None, header: Claims | None = None
) -> str:
    """The same token with other contents, signed by the issuer's own key."""
    key = realm.issuer.keys.signing()
    changed = decode(token)[1] | (claims or {})
    headers = {"kid": key.kid} | (header or {})
    return jws.sign(changed, key.signer, headers=headers, algorithm="RS256")


def disable_row(realm: Realm) -> None:
    with realm.engine.begin() as connection:
        connection.execute(update(users).values(is_enabled=False))


async def test_a_token_names_its_caller(realm: Realm) -> None:
    tokens = await realm.log_in()
    caller = await pass_guard(realm, tokens["access_token"])
    assert (caller.name, caller.client_id, caller.scopes) == ("ada", "ltu-api", None)
    assert caller.session_id == tokens["session_state"]
    assert caller.subject == realm.users.get("ada").id


async def test_the_scheme_is_read_in_any_case(realm: Realm) -> None:
    token = (await realm.log_in())["access_token"]
    headers = Headers({"authorization": f"bEARER  {token}"})
    assert (await realm.issuer.guard.authenticate(headers)).name == "ada"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic YTpi"}, {"authorization": ""}])
async def test_no_token_is_told_without_an_error_code(
    realm: Realm, headers: dict[str, str]
) -> None:
    with pytest.raises(CredentialsMissing) as refusal:
        await realm.issuer.guard.authenticate(Headers(headers))
    assert realm.issuer.guard.challenge(refusal.value) == 'Bearer realm="Production"'


@pytest.mark.parametrize("value", ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Bearer é"])
async def test_a_header_that_holds_no_single_token_is_invalid(realm: Realm, value: str) -> None:
    with pytest.raises(TokenInvalid) as refusal:
        await realm.issuer.guard.authenticate(Headers({"authorization": value}))
    challenge = realm.issuer.guard.challenge(refusal.value)
    assert challenge.startswith('Bearer realm="Production", error="invalid_token"')


async def test_two_ways_of_authenticating_are_refused(realm: Realm) -> None:
    both = Headers({"authorization": "Bearer a", "x-api-key": "b"})
    twice = Headers(raw=[(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")])
    for headers in (both, twice):
        with pytest.raises(CredentialsAmbiguous):
            await realm.issuer.guard.authenticate(headers)


async def test_a_token_expires_to_the_second(realm: Realm) -> None:
    token = (await realm.log_in())["access_token"]
    realm.clock.turn(599.5)
    await pass_guard(realm, token)
    realm.clock.turn(0.5)
    with pytest.raises(TokenExpired):
        await pass_guard(realm, token)


async def test_every_worker_notices_a_logout_within_two_seconds(
    realm: Realm, make_realm: MakeRealm
) -> None:
    tokens, other = await realm.log_in(), make_realm()
    await pass_guard(other, tokens["access_token"])
    answer = await realm.post("logout", client_id="ltu-api", refresh_token=tokens["refresh_token"])
    assert answer.status_code == 204
    realm.clock.turn(1.9)
    for worker in (realm, other):
        with pytest.raises(TokenRevoked):
            await pass_guard(worker, tokens["access_token"])


@pytest.mark.parametrize(
    "happens",
    [
        lambda realm: realm.users.remove("ada"),
        lambda realm: realm.users.set_enabled("ada", False),
        lambda realm: disable_row(realm),
        lambda realm: realm.users.set_password("ada", "battery staple"),
        lambda realm: Clients(realm.engine).remove("ltu-api"),
        lambda realm: Clients(realm.engine).set_enabled("ltu-api", False),
    ],
    ids=[
        "user removed",
        "user disabled",
        "user disabled by hand",
        "new password",
        "client removed",
        "client disabled",
    ],
)
async def test_a_token_ends_with_what_it_stands_for(
    realm: Realm, happens: Callable[[Realm], None]
) -> None:
    token = (await realm.log_in())["access_token"]
    await pass_guard(realm, token)
    happens(realm)
    realm.clock.turn(1.9)
    with pytest.raises(TokenRevoked):
        await pass_guard(realm, token)


async def test_a_reused_refresh_token_ends_the_access_token_too(realm: Realm) -> None:
    tokens = await realm.log_in()
    newer = (await realm.refresh(tokens["refresh_token"])).json()
    await realm.refresh(tokens["refresh_token"])
    with pytest.raises(TokenRevoked):
        await pass_guard(realm, newer["access_token"])


async def test_a_user_may_be_limited_to_some_services(make_realm: MakeRealm) -> None:
    realm = make_realm(service_scopes=frozenset({"edges", "contours"}))
    realm.users.add("bob", "correct horse", scopes=frozenset({"edges"}))
    tokens = await realm.log_in(username="bob")
    assert tokens["scope"] == "openid email profile edges"
    assert (await pass_guard(realm, tokens["access_token"], "edges")).name == "bob"
    with pytest.raises(ScopeInsufficient) as refusal:
        await pass_guard(realm, tokens["access_token"], "contours")
    assert 'error="insufficient_scope"' in realm.issuer.guard.challenge(refusal.value)
    assert 'scope="contours"' in realm.issuer.guard.challenge(refusal.value)


async def test_a_token_may_ask_for_fewer_services_than_its_user_has(
    make_realm: MakeRealm, realm: Realm
) -> None:
    realm = make_realm(service_scopes=frozenset({"edges", "contours"}))
    token = (await realm.log_in(scope="openid edges"))["access_token"]
    await pass_guard(realm, token, "edges")
    with pytest.raises(ScopeInsufficient):
        await pass_guard(realm, token, "contours")


async def test_an_admin_is_who_is_named_one(make_realm: MakeRealm, realm: Realm) -> None:
    realm = make_realm(service_scopes=frozenset({"edges", ADMIN}))
    realm.users.add("bob", "correct horse", scopes=frozenset({ADMIN}))
    token = (await realm.log_in(username="bob"))["access_token"]
    assert (await pass_guard(realm, token, ADMIN)).name == "bob"
    unlimited = (await realm.log_in())["access_token"]
    with pytest.raises(ScopeInsufficient):
        await pass_guard(realm, unlimited, ADMIN)


async def test_rights_taken_from_a_user_are_taken_from_open_tokens(realm: Realm) -> None:
    token = (await realm.log_in())["access_token"]
    await pass_guard(realm, token, "edges")
    realm.users.set_scopes("ada", frozenset())
    realm.clock.turn(1.9)
    with pytest.raises(ScopeInsufficient):
        await pass_guard(realm, token, "edges")


@pytest.mark.parametrize("kind", ["id_token", "refresh_token"])
async def test_another_kind_of_token_is_no_access_token(realm: Realm, kind: str) -> None:
    with pytest.raises(TokenInvalid):
        await pass_guard(realm, (await realm.log_in())[kind])


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "RS512", "PS256", "", None])
async def test_a_token_of_another_algorithm_is_refused(realm: Realm, algorithm: str | None) -> None:
    header, claims = decode((await realm.log_in())["access_token"])
    forged = f"{encode(header | {'alg': algorithm})}.{encode(claims)}."
    for token in (forged, forged + "AA"):
        with pytest.raises(TokenInvalid):
            await pass_guard(realm, token)


@pytest.mark.parametrize("form", [Encoding.PEM, Encoding.DER])
async def test_a_token_signed_by_hmac_with_the_public_key_is_refused(
    realm: Realm, form: Encoding
) -> None:
    header, claims = decode((await realm.log_in())["access_token"])
    public_key = realm.issuer.keys.signing().private.public_key()
    secret = public_key.public_bytes(form, PublicFormat.SubjectPublicKeyInfo)
    unsigned = f"{encode(header | {'alg': 'HS256'})}.{encode(claims)}"
    mac = base64.urlsafe_b64encode(_hmac_sha256(secret, unsigned)).rstrip(b"=").decode()
    with pytest.raises(TokenInvalid):
        await pass_guard(realm, f"{unsigned}.{mac}")


@pytest.mark.parametrize(
    "kid", [None, "", "../../dev/null", "' OR 1=1 --", "unknown", 7, ["a"], "a" * 4_000]
)
async def test_a_key_is_only_found_by_the_name_of_a_published_one(
    realm: Realm, kid: object
) -> None:
    token = resign(realm, (await realm.log_in())["access_token"], header={"kid": kid})
    with pytest.raises(TokenInvalid):
        await pass_guard(realm, token)


@pytest.mark.parametrize("name", ["jku", "x5u", "jwk", "x5c"])
async def test_a_token_that_brings_its_own_key_is_refused(realm: Realm, name: str) -> None:
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own_key = jwk.construct(pem, "RS256").public_key().to_dict()
    _, claims = decode((await realm.log_in())["access_token"])
    brought = {"jwk": own_key, "x5c": ["MII"]}.get(name, "http://127.0.0.1:1/keys")
    headers = {"kid": realm.issuer.keys.signing().kid, name: brought}
    token = jws.sign(claims, pem.decode(), headers=headers, algorithm="RS256")
    with pytest.raises(TokenInvalid):
        await pass_guard(realm, token)


@pytest.mark.parametrize(
    "header",
    [{"crit": ["exp"]}, {"crit": []}, {"b64": False}, {"typ": "JWE"}, {"typ": 1}, {"jku": "x"}],
)
async def test_a_header_that_demands_more_is_refused(
    realm: Realm, header: dict[str, object]
) -> None:
    token = resign(realm, (await realm.log_in())["access_token"], header=header)
    with pytest.raises(TokenInvalid):
        await pass_guard(realm, token)


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "http://evil.example/realms/Production"},
        {"iss": "http://pixelgate.test:8000/realms/production"},
        {"aud": "other"},
        {"aud": []},
        {"aud": None},
        {"typ": "ID"},
        {"typ": None},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": True},
        {"exp": float("nan")},
        {"iat": 9_999_999_999},
        {"iat": None},
        {"nbf": 9_999_999_999},
        {"nbf": "0"},
        {"sub": "another user"},
        {"sub": None},
        {"sid": "no session"},
        {"sid": 1},
        {"azp": None},
        {"jti": None},
    ],
    ids=str,
)
async def test_every_claim_is_checked_although_the_signature_is_right(
    realm: Realm, claims: dict[str, object]
) -> None:
    token = (await realm.log_in())["access_token"]
    await pass_guard(realm, resign(realm, token))
    with pytest.raises(TokenInvalid):
        await pass_guard(realm, resign(realm, token, claims))


@pytest.mark.parametrize(
    "token",
    ["a", "a.b", "a.b.c", "a.b.c.d", "..", "a" * 9_000, "e30.e30.AA", "bnVsbA.e30.AA", "W10.e30.A"],
)
async def test_what_is_no_token_is_refused(realm: Realm, token: str) -> None:
    with pytest.raises(TokenInvalid):
        await realm.issuer.guard.authenticate_token(token)


async def test_a_header_of_endless_depth_is_refused(realm: Realm) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 5_000).rstrip(b"=").decode()
    with pytest.raises(TokenInvalid):
        await realm.issuer.guard.authenticate_token(f"{deep}.e30.AA")


async def test_a_changed_token_does_not_fit_its_signature(realm: Realm) -> None:
    header, claims, signature = (await realm.log_in())["access_token"].split(".")
    changed = encode(decode(f"{header}.{claims}.")[1] | {"sub": "root"})
    with pytest.raises(TokenInvalid):
        await pass_guard(realm, f"{header}.{changed}.{signature}")


async def test_a_refusal_tells_nothing_of_the_token(realm: Realm) -> None:
    token = resign(realm, (await realm.log_in())["access_token"], {"sub": "secret-subject"})
    with pytest.raises(AuthError) as refusal:
        await pass_guard(realm, token)
    assert "secret-subject" not in str(refusal.value)


def _hmac_sha256(secret: bytes, text: str) -> bytes:
    return hmac.digest(secret, text.encode(), hashlib.sha256)
