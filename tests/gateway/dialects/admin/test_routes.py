"""Who the admin API answers, and how it reads what is sent."""

import httpx
import pytest
from pydantic import ValidationError

from gateway.dialects.admin.routes import DIALECT
from gateway.dialects.table import DIALECTS
from gateway.settings import Settings
from tests.serving import WAIT_SECONDS, Served

OPERATIONS = [
    (method, endpoint.path.format(name="ada", prefix="pg_1a2b3c4d", digest="1a2b"))
    for endpoint in DIALECT.endpoints()
    if endpoint.scope
    for method in endpoint.methods
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_account_without_limits_is_no_admin(
    caller: httpx.Client, method: str, path: str
) -> None:
    answer = caller.request(method, path)
    assert answer.status_code == 403
    assert answer.json()["message"] == "The caller may not use the scope admin."
    assert 'scope="admin"' in answer.headers["WWW-Authenticate"]


def test_nobody_is_no_admin(served: Served) -> None:
    assert {served.get(path).status_code for method, path in OPERATIONS if method == "GET"} == {401}


def test_no_token_can_be_asked_for_that_is_an_admins(served: Served) -> None:
    path = "/realms/Production/protocol/openid-connect/token"
    form = {"grant_type": "password", "client_id": "ltu-api", "scope": "openid admin"}
    told = form | {"username": served.user, "password": served.password}
    answer = httpx.post(served.url + path, data=told, trust_env=False, timeout=WAIT_SECONDS)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


def test_every_dialect_but_this_can_be_opened_to_everybody() -> None:
    names = {one.name for one in DIALECTS}
    Settings.model_validate({"open_dialects": names - {"admin"}})
    with pytest.raises(ValidationError, match="Input should be 'ltu', 'pekat'"):
        Settings.model_validate({"open_dialects": names})


def test_a_caller_is_told_what_they_may(
    admin: httpx.Client, caller: httpx.Client, served: Served, boss: str
) -> None:
    told = {"name": boss, "is_admin": True, "scopes": ["admin"]}
    assert admin.get("/v2/admin/caller").json() == told
    assert caller.get("/v2/admin/caller").json() == {"name": served.user, "is_admin": False}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "The body is no object; expected one in JSON."),
        (b"[]", 400, "The body is no object; expected one in JSON."),
        (b"{", 400, "The JSON cannot be read"),
        (b"{}", 422, "password: Field required."),
        (b'{"password": "wellknown", "hint": 1}', 422, "hint: Extra inputs are not permitted."),
        (b'{"password": 12345678}', 422, "password: Input should be a valid string."),
    ],
)
def test_a_body_is_refused_in_words(
    admin: httpx.Client, boss: str, body: bytes, status: int, said: str
) -> None:
    json = {"Content-Type": "application/json"}
    answer = admin.put(f"/v2/admin/accounts/{boss}/password", content=body, headers=json)
    assert (answer.status_code, answer.json()["message"][: len(said)]) == (status, said)


def test_no_refusal_repeats_a_password(admin: httpx.Client, boss: str) -> None:
    path = f"/v2/admin/accounts/{boss}/password"
    answers = [admin.put(path, json={"password": sent}) for sent in ("secret!", ["secret!"])]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert not [answer for answer in answers if "secret!" in answer.text]


def test_a_form_of_another_site_changes_nothing(admin: httpx.Client, served: Served) -> None:
    form = {"name": "mallory", "password": "correct horse"}
    assert (
        httpx.post(f"{served.url}/v2/admin/accounts", data=form, timeout=WAIT_SECONDS).status_code
        == 401
    )
    assert admin.post("/v2/admin/accounts", data=form).status_code == 415
