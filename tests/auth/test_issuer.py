"""The token endpoint as clients see it: Keycloak's answers in Keycloak's order (DIALECTS 1.1)."""

import base64
import hashlib
import json

import httpx
import pytest

from auth.clients import Clients
from tests.auth.conftest import LOGIN, PUBLIC_URL, TOKEN, MakeRealm, Realm

pytestmark = pytest.mark.anyio

OPENID = "/realms/Production/protocol/openid-connect"
REFRESH = {"grant_type": "refresh_token", "client_id": "ltu-api"}


def claims_of(token: str) -> dict[str, object]:
    payload = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return claims


def header_of(token: str) -> dict[str, object]:
    header: dict[str, object] = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    return header


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    body = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert "www-authenticate" not in answer.headers
    return answer.status_code, body["error"], body.get("error_description")


async def test_a_password_gives_exactly_the_keys_of_the_document(realm: Realm) -> None:
    answer = await realm.client.post(TOKEN, data=LOGIN)
    assert list(answer.json()) == [
        "access_token",
        "expires_in",
        "refresh_expires_in",
        "refresh_token",
        "token_type",
        "id_token",
        "not-before-policy",
        "session_state",
        "scope",
    ]


async def test_a_password_gives_the_values_of_the_document(realm: Realm) -> None:
    tokens = await realm.log_in()
    assert tokens["token_type"] == "bearer"
    assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (600, 1800)
    assert tokens["not-before-policy"] == 0
    assert tokens["scope"] == "openid email profile"
    assert tokens["session_state"] == claims_of(tokens["access_token"])["sid"]


async def test_the_earlier_prefix_of_keycloak_works_too(realm: Realm) -> None:
    answer = await realm.client.post("/auth" + TOKEN, data=LOGIN)
    assert claims_of(answer.json()["access_token"])["iss"] == f"{PUBLIC_URL}/realms/Production"


async def test_success_and_refusal_forbid_storing(realm: Realm) -> None:
    for form in (LOGIN, LOGIN | {"password": "wrong"}, {}):
        answer = await realm.client.post(TOKEN, data=form)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["pragma"] == "no-cache"


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({}, (400, "invalid_request", "Missing form parameter: grant_type")),
        (
            {"grant_type": "_refresh_token_"},
            (400, "unsupported_grant_type", "Unsupported grant_type"),
        ),
        ({"grant_type": "password"}, (400, "invalid_client", "Missing client_id parameter")),
        (
            {"grant_type": "password", "client_id": "nobody"},
            (401, "invalid_client", "Invalid client or Invalid client credentials"),
        ),
        (
            {"grant_type": "password", "client_id": "ltu-api"},
            (401, "invalid_request", "Missing parameter: username"),
        ),
        (LOGIN | {"username": ""}, (401, "invalid_request", "Missing parameter: username")),
        (LOGIN | {"password": "wrong"}, (401, "invalid_grant", "Invalid user credentials")),
        (LOGIN | {"password": ""}, (401, "invalid_grant", "Invalid user credentials")),
        (LOGIN | {"username": "eve"}, (401, "invalid_grant", "Invalid user credentials")),
        (LOGIN | {"scope": "openid all"}, (400, "invalid_scope", "Invalid scopes: openid all")),
        (REFRESH, (400, "invalid_request", "No refresh token")),
        (
            REFRESH | {"refresh_token": "garbage"},
            (400, "invalid_grant", "Invalid refresh token"),
        ),
    ],
)
async def test_what_is_refused_is_told_in_keycloaks_words(
    realm: Realm, form: dict[str, str], expected: tuple[int, str, str]
) -> None:
    assert refusal(await realm.client.post(TOKEN, data=form)) == expected


async def test_a_parameter_sent_twice_is_refused(realm: Realm) -> None:
    form = {**LOGIN, "password": ["correct horse", "other"]}
    answer = await realm.client.post(TOKEN, data=form)
    assert refusal(answer) == (400, "invalid_request", "duplicated parameter")


async def test_the_client_is_checked_before_duplicates(realm: Realm) -> None:
    form = {**LOGIN, "client_id": "nobody", "password": ["a", "b"]}
    answer = await realm.client.post(TOKEN, data=form)
    assert refusal(answer)[1] == "invalid_client"


async def test_a_client_without_direct_grants_is_refused(realm: Realm) -> None:
    Clients(realm.engine).add("reader", has_direct_grants=False)
    answer = await realm.client.post(TOKEN, data=LOGIN | {"client_id": "reader"})
    description = "Client not allowed for direct access grants"
    assert refusal(answer) == (400, "unauthorized_client", description)


async def test_a_disabled_client_is_unknown(realm: Realm) -> None:
    Clients(realm.engine).set_enabled("ltu-api", False)
    answer = await realm.client.post(TOKEN, data=LOGIN)
    assert refusal(answer)[:2] == (401, "invalid_client")


async def test_a_disabled_user_hears_it_only_with_the_right_password(realm: Realm) -> None:
    realm.users.set_enabled("ada", False)
    right = await realm.client.post(TOKEN, data=LOGIN)
    wrong = await realm.client.post(TOKEN, data=LOGIN | {"password": "wrong"})
    assert refusal(right) == (400, "invalid_grant", "Account disabled")
    assert refusal(wrong) == (401, "invalid_grant", "Invalid user credentials")


async def test_empty_fields_and_unknown_ones_are_ignored(realm: Realm) -> None:
    tokens = await realm.log_in(code="", redirect_uri="", scope="", audience="x")
    assert tokens["scope"] == "openid email profile"


async def test_basic_with_an_empty_password_names_the_public_client(realm: Realm) -> None:
    form = {name: value for name, value in LOGIN.items() if name != "client_id"}
    answer = await realm.client.post(TOKEN, data=form, auth=("ltu-api", ""))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header", ["Basic", "Basic !", "Basic /w==", "Bearer x", "Basic " + "A" * 9], ids=str
)
async def test_a_header_that_names_no_client_is_as_good_as_none(realm: Realm, header: str) -> None:
    form, headers = {"grant_type": "password"}, {"authorization": header}
    answer = await realm.client.post(TOKEN, data=form, headers=headers)
    assert refusal(answer) == (400, "invalid_client", "Missing client_id parameter")


@pytest.mark.parametrize("name", ["a%00b", "a%FFb", "a\0b", "../x", "x" * 5_000])
async def test_a_client_of_an_impossible_name_is_unknown(realm: Realm, name: str) -> None:
    form = {"grant_type": "password"}
    answer = await realm.client.post(TOKEN, data=form, auth=(name, ""))
    assert refusal(answer)[:2] == (401, "invalid_client")


async def test_the_body_wins_over_basic(realm: Realm) -> None:
    answer = await realm.client.post(TOKEN, data=LOGIN, auth=("nobody", "secret"))
    assert answer.status_code == 200


async def test_a_stray_secret_of_a_public_client_is_ignored(realm: Realm) -> None:
    assert (await realm.log_in(client_secret="anything"))["token_type"] == "bearer"


async def test_a_confidential_client_needs_its_secret(realm: Realm) -> None:
    secret = Clients(realm.engine).add("backend", is_confidential=True)
    form = LOGIN | {"client_id": "backend"}
    wrong = await realm.client.post(TOKEN, data=form | {"client_secret": "wrong"})
    right = await realm.client.post(TOKEN, data=form | {"client_secret": secret or ""})
    basic = await realm.client.post(TOKEN, data=form, auth=("backend", secret or ""))
    description = "Invalid client or Invalid client credentials"
    assert refusal(wrong) == (401, "unauthorized_client", description)
    assert (right.status_code, basic.status_code) == (200, 200)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("openid", "openid email profile"),
        ("email", "email profile"),
        ("offline_access openid", "openid email profile offline_access"),
    ],
)
async def test_the_scope_is_printed_in_keycloaks_order(
    realm: Realm, asked: str, answered: str
) -> None:
    tokens = await realm.log_in(scope=asked)
    assert tokens["scope"] == answered
    assert claims_of(tokens["access_token"])["scope"] == answered


async def test_an_access_token_carries_keycloaks_claims(realm: Realm) -> None:
    claims = claims_of((await realm.log_in())["access_token"])
    told = {name: claims[name] for name in claims if name not in ("jti", "sub", "sid")}
    assert told.pop("session_state") == claims["sid"]
    assert told == {
        "exp": claims["iat"] + 600,  # type: ignore[operator]
        "iat": int(realm.clock()),
        "iss": f"{PUBLIC_URL}/realms/Production",
        "aud": "account",
        "typ": "Bearer",
        "azp": "ltu-api",
        "acr": "1",
        "realm_access": {
            "roles": ["offline_access", "uma_authorization", "default-roles-production"]
        },
        "resource_access": {
            "account": {"roles": ["manage-account", "manage-account-links", "view-profile"]}
        },
        "scope": "openid email profile",
        "email_verified": True,
        "name": "Ada Lovelace",
        "preferred_username": "ada",
        "given_name": "Ada",
        "family_name": "Lovelace",
        "email": "ada@example.com",
    }


async def test_an_id_token_is_meant_for_the_client_alone(realm: Realm) -> None:
    tokens = await realm.log_in()
    claims = claims_of(tokens["id_token"])
    assert (claims["typ"], claims["aud"], claims["azp"]) == ("ID", "ltu-api", "ltu-api")
    assert claims["auth_time"] == int(realm.clock())
    assert claims["preferred_username"] == "ada"
    assert not {"realm_access", "resource_access", "scope"} & claims.keys()


async def test_an_id_token_is_bound_to_its_access_token(realm: Realm) -> None:
    tokens, plain = await realm.log_in(), await realm.log_in(scope="email")
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    half = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert claims_of(tokens["id_token"])["at_hash"] == half
    assert "at_hash" not in claims_of(plain["id_token"])


async def test_access_and_id_tokens_name_a_published_key(realm: Realm) -> None:
    tokens = await realm.log_in()
    certs = (await realm.client.get(f"{OPENID}/certs")).json()
    expected = {"alg": "RS256", "typ": "JWT", "kid": certs["keys"][0]["kid"]}
    assert header_of(tokens["access_token"]) == header_of(tokens["id_token"]) == expected


async def test_a_refresh_token_is_not_signed_by_a_published_key(realm: Realm) -> None:
    token = (await realm.log_in())["refresh_token"]
    claims = claims_of(token)
    assert header_of(token)["alg"] == "HS256"
    assert (claims["typ"], claims["aud"]) == ("Refresh", f"{PUBLIC_URL}/realms/Production")
    assert "email" not in claims


async def test_an_offline_token_does_not_expire(realm: Realm) -> None:
    tokens = await realm.log_in(scope="offline_access")
    claims = claims_of(tokens["refresh_token"])
    assert claims["typ"] == "Offline"
    assert "exp" not in claims
    assert tokens["refresh_expires_in"] == 0
    realm.clock.turn(20 * 86_400)
    assert (await realm.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_refresh_keeps_the_session_and_its_scope(realm: Realm) -> None:
    first = await realm.log_in()
    second = (await realm.refresh(first["refresh_token"])).json()
    assert list(second) == list(first)
    assert second["session_state"] == first["session_state"]
    assert second["access_token"] != first["access_token"]
    assert second["scope"] == first["scope"]


async def test_a_refresh_may_narrow_the_scope_but_not_widen_it(realm: Realm) -> None:
    tokens = await realm.log_in()
    wider = await realm.refresh(tokens["refresh_token"], scope="offline_access")
    narrower = await realm.refresh(tokens["refresh_token"], scope="email")
    assert refusal(wider) == (400, "invalid_scope", "Invalid scopes: offline_access")
    assert narrower.json()["scope"] == "email profile"


async def test_a_refresh_after_a_narrower_one_has_the_whole_scope_again(realm: Realm) -> None:
    tokens = await realm.log_in()
    narrower = (await realm.refresh(tokens["refresh_token"], scope="email")).json()
    again = await realm.refresh(narrower["refresh_token"])
    assert again.json()["scope"] == "openid email profile"


async def test_an_expired_refresh_token_is_not_active(realm: Realm) -> None:
    tokens = await realm.log_in()
    realm.clock.turn(1_800)
    answer = await realm.refresh(tokens["refresh_token"])
    assert refusal(answer) == (400, "invalid_grant", "Token is not active")


async def test_a_session_has_an_absolute_lifetime(make_realm: MakeRealm, realm: Realm) -> None:
    realm = make_realm(session_seconds=2_000)
    tokens = await realm.log_in()
    realm.clock.turn(1_700)
    tokens = (await realm.refresh(tokens["refresh_token"])).json()
    assert (tokens["expires_in"], tokens["refresh_expires_in"]) == (300, 300)
    realm.clock.turn(300)
    assert refusal(await realm.refresh(tokens["refresh_token"]))[2] == "Token is not active"


async def test_another_client_cannot_use_a_refresh_token(realm: Realm) -> None:
    Clients(realm.engine).add("other")
    token = (await realm.log_in())["refresh_token"]
    answer = await realm.refresh(token, client_id="other")
    description = "Invalid refresh token. Token client and authorized client don't match"
    assert refusal(answer) == (400, "invalid_grant", description)


@pytest.mark.parametrize("kind", ["access_token", "id_token"])
async def test_no_other_token_refreshes(realm: Realm, kind: str) -> None:
    answer = await realm.refresh((await realm.log_in())[kind])
    assert refusal(answer) == (400, "invalid_grant", "Invalid refresh token")


async def test_a_removed_user_has_no_session(realm: Realm) -> None:
    token = (await realm.log_in())["refresh_token"]
    realm.users.remove("ada")
    assert refusal(await realm.refresh(token)) == (400, "invalid_grant", "Session not active")


async def test_a_new_password_ends_the_sessions_of_the_old_one(realm: Realm) -> None:
    token = (await realm.log_in())["refresh_token"]
    realm.users.set_password("ada", "battery staple")
    assert refusal(await realm.refresh(token))[2] == "Session not active"


async def test_a_body_that_is_no_form_is_refused(realm: Realm) -> None:
    answer = await realm.client.post(TOKEN, json=LOGIN)
    error = "The content-type header value did not match the value in @Consumes"
    assert refusal(answer) == (415, error, None)


async def test_a_form_above_the_bound_is_refused(realm: Realm) -> None:
    answer = await realm.client.post(TOKEN, data=LOGIN | {"padding": "x" * 65_536})
    assert refusal(answer)[:2] == (413, "invalid_request")


@pytest.mark.parametrize("body", [b"grant_type=%FF", b"grant_type=\xff", b"a=%00", b"a&" * 65])
async def test_a_form_that_cannot_be_read_is_refused(realm: Realm, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await realm.client.post(TOKEN, content=body, headers=headers)
    assert refusal(answer)[:2] == (400, "invalid_request")


async def test_the_host_header_is_never_repeated(realm: Realm) -> None:
    headers = {"host": "evil.example"}
    answer = await realm.client.post(TOKEN, data=LOGIN, headers=headers)
    configuration = await realm.client.get(
        "/realms/Production/.well-known/openid-configuration", headers=headers
    )
    assert claims_of(answer.json()["access_token"])["iss"] == f"{PUBLIC_URL}/realms/Production"
    assert "evil.example" not in configuration.text


@pytest.mark.parametrize("path", ["/realms", "/realms/", "/realms/Production/", f"{OPENID}/x"])
async def test_a_path_that_is_not_served_is_404_and_never_a_redirect(
    realm: Realm, path: str
) -> None:
    answer = await realm.client.get(path)
    assert answer.status_code == 404
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize("path", [TOKEN, "/realms/production", "/auth/realms/other/x"])
async def test_an_unknown_realm_is_told_as_such(realm: Realm, path: str) -> None:
    answer = await realm.client.post(path.replace("Production", "production"), data=LOGIN)
    assert refusal(answer) == (404, "Realm does not exist", None)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "token", "POST, OPTIONS"),
        ("PUT", "userinfo", "GET, POST, OPTIONS"),
        ("POST", "certs", "GET, OPTIONS"),
    ],
)
async def test_a_wrong_method_is_told_the_right_ones(
    realm: Realm, method: str, path: str, allowed: str
) -> None:
    answer = await realm.client.request(method, f"{OPENID}/{path}")
    assert refusal(answer) == (405, "HTTP 405 Method Not Allowed", None)
    assert answer.headers["allow"] == allowed


async def test_a_preflight_is_answered(realm: Realm) -> None:
    answer = await realm.client.options(TOKEN, headers={"origin": "https://page.example"})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-methods"] == "POST, OPTIONS"
    assert "access-control-allow-origin" not in answer.headers


async def test_plain_http_is_refused_where_tls_is_demanded(make_realm: MakeRealm) -> None:
    answer = await make_realm(require_https=True).client.post(TOKEN, data=LOGIN)
    assert refusal(answer) == (403, "invalid_request", "HTTPS required")


async def test_interactive_login_is_a_page_that_says_it_is_not_offered(realm: Realm) -> None:
    answer = await realm.client.get(f"{OPENID}/auth")
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("text/html")


async def test_the_realm_may_have_another_name(make_realm: MakeRealm, realm: Realm) -> None:
    other = make_realm(realm="Staging")
    answer = await other.client.post(TOKEN.replace("Production", "Staging"), data=LOGIN)
    assert claims_of(answer.json()["access_token"])["iss"] == f"{PUBLIC_URL}/realms/Staging"
