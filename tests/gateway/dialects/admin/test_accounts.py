"""Accounts, clients and API keys: made by one gateway worker, known to the other."""

import secrets

import httpx
import orjson
import pytest

from auth.users import Users
from gateway.store.database import Database
from tests.auth.workers import CONTOURS, EDGES, Workers, ask_by_key, log_in, open_client
from tests.serving import Served, wait_until

ACCOUNTS, CLIENTS, KEYS = (f"/v2/admin/{name}" for name in ("accounts", "clients", "apikeys"))
PASSWORD = "correct horse"


@pytest.fixture
def eve(admin: httpx.Client) -> str:
    """A new account for edges."""
    name = f"eve-{secrets.token_hex(4)}"
    sent = {"name": name, "password": PASSWORD, "scopes": ["edges"]}
    assert admin.post(ACCOUNTS, json=sent).status_code == 201
    return name


def listed(client: httpx.Client, path: str, name: str, value: str) -> list[dict[str, object]]:
    told = client.get(path, params={"limit": 200}).json()
    (every,) = (told[name] for name in ("accounts", "clients", "keys") if name in told)
    return [one for one in every if one[name] == value]


def test_an_account_that_one_worker_added_logs_in_at_the_other(
    workers: Workers, served: Served, eve: str
) -> None:
    with open_client(served) as client:
        assert log_in(client, eve, PASSWORD)["scope"].endswith(" edges")
    (account,) = listed(workers[1], ACCOUNTS, "name", eve)
    assert (account["scopes"], account["is_enabled"]) == (["edges"], True)
    assert not [name for name in account if "password" in name]


def test_a_removed_account_is_gone_with_its_keys(
    workers: Workers, served: Served, eve: str
) -> None:
    key = workers[0].post(KEYS, json={"owner": eve}).json()["key"]
    with open_client(served) as client:
        assert ask_by_key(client, key).status_code == 400
        assert workers[1].delete(f"{ACCOUNTS}/{eve}").status_code == 204
        wait_until(lambda: ask_by_key(client, key).status_code == 401)
    assert not listed(workers[0], ACCOUNTS, "name", eve)
    assert not listed(workers[0], KEYS, "owner", eve)


def test_an_account_is_limited_anew(workers: Workers, eve: str) -> None:
    path = f"{ACCOUNTS}/{eve}/scopes"
    assert workers[0].put(path, json={"scopes": ["contours", "edges"]}).status_code == 204
    assert listed(workers[1], ACCOUNTS, "name", eve)[0]["scopes"] == ["contours", "edges"]
    assert workers[0].put(path, json={}).status_code == 204
    assert "scopes" not in listed(workers[1], ACCOUNTS, "name", eve)[0]


def test_another_password_takes_the_place_of_the_old_one(
    admin: httpx.Client, rows: Database, eve: str
) -> None:
    path = f"{ACCOUNTS}/{eve}/password"
    assert admin.put(path, json={"password": "battery staple"}).status_code == 204
    users = Users(rows)
    assert users.with_password(eve, "battery staple")
    assert not users.with_password(eve, PASSWORD)


def test_a_key_is_shown_once_and_is_limited(workers: Workers, served: Served, eve: str) -> None:
    sent = {"owner": eve, "label": "night job", "scopes": ["edges"], "days": 1}
    key = workers[0].post(KEYS, json=sent).json()["key"]
    with open_client(served) as client:
        assert ask_by_key(client, key, EDGES).status_code == 400
        assert ask_by_key(client, key, CONTOURS).status_code == 403
    (shown,) = listed(workers[1], KEYS, "owner", eve)
    assert key.startswith(f"{shown['prefix']}_")
    assert (shown["label"], shown["scopes"]) == ("night job", ["edges"])
    assert key not in workers[1].get(KEYS).text


def test_a_key_that_one_worker_made_is_revoked_by_the_other(
    workers: Workers, served: Served, eve: str
) -> None:
    key = workers[0].post(KEYS, json={"owner": eve}).json()["key"]
    (shown,) = listed(workers[0], KEYS, "owner", eve)
    assert workers[1].delete(f"{KEYS}/{shown['prefix']}").status_code == 204
    with open_client(served) as client:
        wait_until(lambda: ask_by_key(client, key).status_code == 401)
    assert listed(workers[0], KEYS, "owner", eve)[0]["revoked_at"]
    assert workers[0].delete(f"{KEYS}/{shown['prefix']}").status_code == 404


def test_the_secret_of_a_client_is_shown_once(workers: Workers) -> None:
    name = f"client-{secrets.token_hex(4)}"
    made = workers[0].post(CLIENTS, json={"name": name, "is_confidential": True})
    secret = made.json()["secret"]
    assert made.headers["Cache-Control"] == "no-store"
    assert len(secret) > 40
    assert listed(workers[1], CLIENTS, "name", name)[0]["is_confidential"]
    assert secret not in workers[1].get(CLIENTS).text
    assert workers[1].delete(f"{CLIENTS}/{name}").status_code == 204
    assert not listed(workers[0], CLIENTS, "name", name)


def test_a_public_client_has_no_secret(admin: httpx.Client) -> None:
    name = f"client-{secrets.token_hex(4)}"
    made = admin.post(CLIENTS, json={"name": name, "has_password_grant": False})
    assert (made.status_code, made.json()) == (201, {"name": name})
    assert not listed(admin, CLIENTS, "name", name)[0]["has_password_grant"]


@pytest.mark.parametrize(
    ("path", "sent", "status", "said"),
    [
        (ACCOUNTS, {"name": "a b", "password": PASSWORD}, 422, "A user name has 1 to 128"),
        (ACCOUNTS, {"name": "bob", "password": "ä" * 1024}, 422, "The password has 2048 bytes"),
        (ACCOUNTS, {"name": "bob", "password": PASSWORD, "scopes": ["x"]}, 422, "x is no service"),
        (KEYS, {"owner": "nobody"}, 404, "There is no user nobody."),
        (KEYS, {"owner": "nobody", "days": 0}, 422, "days: Input should be greater than"),
        (KEYS, {"owner": "nobody", "label": "\0"}, 422, "label: String should match"),
        (KEYS, {"owner": "nobody", "scopes": None}, 422, "scopes: null is no value"),
        (CLIENTS, {"name": "ltu-api"}, 409, "There is already a client ltu-api."),
    ],
)
def test_what_cannot_be_made_is_refused_in_words(
    admin: httpx.Client, path: str, sent: object, status: int, said: str
) -> None:
    answer = admin.post(path, json=sent)
    assert (answer.status_code, answer.json()["message"][: len(said)]) == (status, said)
    assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("path", [f"{ACCOUNTS}/nobody", f"{CLIENTS}/nobody", f"{KEYS}/pg_1"])
def test_what_is_not_there_cannot_be_removed(admin: httpx.Client, path: str) -> None:
    answer = admin.delete(path)
    assert (answer.status_code, answer.json()["error"]) == (404, "no_such_account")


def test_each_change_is_written_down_with_who_made_it_and_no_secret(
    admin: httpx.Client, served: Served, boss: str, eve: str
) -> None:
    key = admin.post(KEYS, json={"owner": eve}).json()["key"]
    admin.put(f"{ACCOUNTS}/{eve}/password", json={"password": "battery staple"})
    admin.delete(f"{ACCOUNTS}/{eve}")
    log = served.log.read_text()
    lines = [orjson.loads(line) for line in log.splitlines() if eve in line]
    events = ["account added", "API key added", "account password set", "account removed"]
    assert [line["event"] for line in lines] == events
    assert {line["caller_name"] for line in lines} == {boss}
    assert lines[1]["key"] == key[:11]
    assert not [secret for secret in (key, PASSWORD, "battery staple") if secret in log]


@pytest.mark.parametrize(
    ("path", "listed"), [(ACCOUNTS, "accounts"), (CLIENTS, "clients"), (KEYS, "keys")]
)
def test_a_list_is_told_in_pages(workers: Workers, eve: str, path: str, listed: str) -> None:
    workers[0].post(CLIENTS, json={"name": f"program-of-{eve}"})
    for _ in range(2):
        workers[0].post(KEYS, json={"owner": eve})
    whole = workers[0].get(path, params={"limit": 200}).json()
    pages = [workers[1].get(path, params={"limit": 1, "offset": at}).json() for at in range(2)]
    assert [page["total"] for page in pages] == [len(whole[listed])] * 2
    assert [page[listed] for page in pages] == [[one] for one in whole[listed][:2]]


@pytest.mark.parametrize("asked", [{"limit": 0}, {"limit": 201}, {"offset": -1}])
def test_a_page_of_no_sense_is_refused(admin: httpx.Client, asked: dict[str, int]) -> None:
    assert admin.get(ACCOUNTS, params=asked).status_code == 422
