"""Tokens of an outside issuer; a second instance of ours plays it."""

from collections.abc import Callable

import httpx
import pytest
from jose import jws

from auth.errors import IssuerRefused, IssuerUnreachable, TokenExpired, TokenInvalid
from auth.jws_checks import Claims
from auth.outside import KEYS_SECONDS, REFETCH_SECONDS, OutsideKeys, OutsideTokens
from auth.scopes import ADMIN
from tests.auth.conftest import Clock, MakeRealm, Realm

pytestmark = pytest.mark.anyio

ISSUER = "http://127.0.0.1:9000/realms/Production"
AUDIENCES = frozenset({"ltu-api"})


class Wire(httpx.AsyncBaseTransport):
    """Counts what is fetched, and may be cut."""

    def __init__(self, realm: Realm) -> None:
        self._app = httpx.ASGITransport(realm.app)
        self.asked: list[str] = []
        self.is_cut = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path.rsplit("/", 1)[1])
        if self.is_cut:
            raise httpx.ConnectError("no route")
        return await self._app.handle_async_request(request)


@pytest.fixture
def outside(realm: Realm, make_realm: MakeRealm) -> Realm:
    return make_realm(
        public_url="http://127.0.0.1:9000", service_scopes=frozenset({"contours", "edges"})
    )


@pytest.fixture
def wire(outside: Realm) -> Wire:
    return Wire(outside)


@pytest.fixture
def tokens(wire: Wire, clock: Clock) -> OutsideTokens:
    keys = OutsideKeys(ISSUER, transport=wire, clock=clock)
    return OutsideTokens(
        keys, audiences=AUDIENCES, service_scopes=frozenset({"edges"}), clock=clock
    )


def resign(outside: Realm, claims: Claims, kid: str | None = None) -> str:
    key = outside.issuer.keys.signing()
    headers = {"kid": kid or key.kid}
    return jws.sign(claims, key.signer, headers=headers, algorithm="RS256")


def claims(outside: Realm, **changes: object) -> Claims:
    now = outside.clock()
    plain = {"iss": ISSUER, "sub": "someone", "azp": "ltu-api", "iat": now, "exp": now + 300}
    return plain | changes


async def test_a_token_of_the_outside_issuer_names_its_caller(
    outside: Realm, tokens: OutsideTokens
) -> None:
    token = (await outside.log_in())["access_token"]
    caller = await tokens.verify(token)
    assert caller.subject == outside.users.get("ada").id
    assert (caller.name, caller.client_id, caller.scopes) == ("ada", "ltu-api", None)


async def test_services_named_by_the_issuer_are_limits(
    outside: Realm, tokens: OutsideTokens
) -> None:
    token = (await outside.log_in(scope="openid edges"))["access_token"]
    assert (await tokens.verify(token)).scopes == frozenset({"edges"})


async def test_an_outside_issuer_makes_nobody_an_admin(
    outside: Realm, wire: Wire, clock: Clock
) -> None:
    keys = OutsideKeys(ISSUER, transport=wire, clock=clock)
    known = frozenset({"edges", ADMIN})
    tokens = OutsideTokens(keys, audiences=AUDIENCES, service_scopes=known, clock=clock)
    token = resign(outside, claims(outside, scope="openid admin"))
    assert not (await tokens.verify(token)).may_use(ADMIN)


@pytest.mark.parametrize("kind", ["id_token", "refresh_token"])
async def test_no_other_kind_of_token_passes(
    outside: Realm, tokens: OutsideTokens, kind: str
) -> None:
    with pytest.raises(TokenInvalid):
        await tokens.verify((await outside.log_in())[kind])


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"azp": "other"},
        {"azp": None, "aud": ["other", 7]},
        {"sub": None},
        {"typ": "ID"},
        {"nonce": "n"},
        {"at_hash": "h"},
        {"events": {}},
        {"exp": None},
        {"nbf": 9_999_999_999},
        {"iat": 9_999_999_999},
    ],
    ids=str,
)
async def test_every_claim_is_checked_although_the_signature_is_right(
    outside: Realm, tokens: OutsideTokens, changes: dict[str, object]
) -> None:
    await tokens.verify(resign(outside, claims(outside)))
    with pytest.raises(TokenInvalid):
        await tokens.verify(resign(outside, claims(outside, **changes)))


@pytest.mark.parametrize(
    "changes", [{"azp": None, "aud": "ltu-api"}, {"azp": None, "client_id": "ltu-api"}], ids=str
)
async def test_the_audience_may_stand_where_issuers_put_it(
    outside: Realm, tokens: OutsideTokens, changes: dict[str, object]
) -> None:
    caller = await tokens.verify(resign(outside, claims(outside, **changes)))
    assert caller.subject == "someone"


async def test_a_token_expires(outside: Realm, tokens: OutsideTokens) -> None:
    token = resign(outside, claims(outside))
    await tokens.verify(token)
    outside.clock.turn(300)
    with pytest.raises(TokenExpired):
        await tokens.verify(token)


async def test_the_documents_are_fetched_once(
    outside: Realm, tokens: OutsideTokens, wire: Wire
) -> None:
    for _ in range(3):
        await tokens.verify((await outside.log_in())["access_token"])
    assert wire.asked == ["openid-configuration", "certs"]


async def test_unknown_keys_are_looked_for_rarely(
    outside: Realm, tokens: OutsideTokens, wire: Wire
) -> None:
    for number in range(20):
        with pytest.raises(TokenInvalid):
            await tokens.verify(resign(outside, claims(outside), kid=f"unknown{number}"))
    assert wire.asked.count("certs") == 1


async def test_a_new_key_is_found_when_a_token_names_it(
    outside: Realm, tokens: OutsideTokens
) -> None:
    await tokens.verify((await outside.log_in())["access_token"])
    outside.issuer.keys.rotate()
    outside.clock.turn(REFETCH_SECONDS)
    assert (await tokens.verify((await outside.log_in())["access_token"])).name == "ada"


async def test_a_withdrawn_key_is_forgotten(outside: Realm, tokens: OutsideTokens) -> None:
    token = resign(outside, claims(outside, exp=outside.clock() + 9_999))
    await tokens.verify(token)
    outside.issuer.keys.rotate()
    outside.clock.turn(KEYS_SECONDS + 60)
    with pytest.raises(TokenInvalid, match="names no key"):
        await tokens.verify(token)


async def test_known_keys_serve_while_the_issuer_is_down(
    outside: Realm, tokens: OutsideTokens, wire: Wire
) -> None:
    await tokens.verify((await outside.log_in())["access_token"])
    wire.is_cut = True
    outside.clock.turn(KEYS_SECONDS + 1)
    assert (await tokens.verify(resign(outside, claims(outside)))).subject == "someone"


async def test_without_keys_nothing_is_believed_and_the_issuer_is_asked_rarely(
    outside: Realm, tokens: OutsideTokens, wire: Wire
) -> None:
    wire.is_cut = True
    for _ in range(5):
        with pytest.raises(IssuerUnreachable):
            await tokens.verify(resign(outside, claims(outside)))
    assert len(wire.asked) == 1
    wire.is_cut = False
    outside.clock.turn(REFETCH_SECONDS)
    assert (await tokens.verify(resign(outside, claims(outside)))).subject == "someone"


async def test_callers_can_be_told_where_tokens_are_had(wire: Wire, clock: Clock) -> None:
    keys = OutsideKeys(ISSUER, transport=wire, clock=clock)
    assert await keys.token_endpoint() == f"{ISSUER}/protocol/openid-connect/token"


@pytest.mark.parametrize(
    "address",
    [
        "http://idp.example/realms/x",
        "ftp://127.0.0.1/",
        "https://",
        "",
        "http://[",
        "http://10.0.0.1/",
    ],
)
def test_an_issuer_is_reached_by_https_or_on_this_machine(address: str) -> None:
    with pytest.raises(IssuerRefused):
        OutsideKeys(address)


Reply = Callable[[httpx.Request], httpx.Response]


def keys_answered_by(reply: Reply, issuer: str = ISSUER) -> OutsideKeys:
    return OutsideKeys(issuer, transport=httpx.MockTransport(reply))


@pytest.mark.parametrize(
    "configuration",
    [
        {"issuer": "http://127.0.0.1:9000/realms/Other", "jwks_uri": "https://idp.example/"},
        {"issuer": ISSUER, "jwks_uri": "http://idp.example/keys"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER},
    ],
    ids=str,
)
async def test_a_configuration_that_points_astray_is_refused(
    configuration: dict[str, str],
) -> None:
    keys = keys_answered_by(lambda request: httpx.Response(200, json=configuration))
    with pytest.raises(IssuerRefused):
        await keys.find("any")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500),
        httpx.Response(302, headers={"location": "http://127.0.0.1:1/"}),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b" " * 1_048_577),
    ],
    ids=["error", "redirect", "page", "list", "too large"],
)
async def test_an_answer_that_is_no_document_gives_no_keys(answer: httpx.Response) -> None:
    keys = keys_answered_by(lambda request: answer)
    with pytest.raises(IssuerUnreachable):
        await keys.find("any")


@pytest.mark.parametrize(
    "change",
    [
        {"kty": "EC"},
        {"use": "enc"},
        {"alg": "RS512"},
        {"n": "AQAB"},
        {"n": "gAAA" + "A" * 166 + "E"},
        {"n": 5},
        {"e": None},
    ],
    ids=str,
)
async def test_a_key_that_may_not_sign_is_passed_over(
    outside: Realm, change: dict[str, object]
) -> None:
    good = dict(outside.issuer.keys.signing().jwk)
    odd = good | {"kid": "odd"} | change
    documents = {"certs": {"keys": [odd, "text", good]}}
    told = {"issuer": ISSUER, "jwks_uri": "http://127.0.0.1:9000/certs"}
    keys = keys_answered_by(
        lambda request: httpx.Response(200, json=documents.get(request.url.path[1:], told))
    )
    assert await keys.find("odd") is None
    assert await keys.find(good["kid"]) is not None
