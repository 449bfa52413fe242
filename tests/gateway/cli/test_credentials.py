"""`pixelgate clients|apikeys|keys …`: what they print, keep and refuse."""

from pathlib import Path

import pytest
from sqlalchemy import select

from auth.api_keys import ApiKeys
from auth.clients import ClientCredentials, Clients
from auth.tables import api_keys, clients
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.gateway.conftest import Run


def test_a_confidential_client_is_told_its_secret_once(run: Run, tmp_path: Path) -> None:
    secret = run("clients", "add", "backend", "--confidential").stdout.strip()
    database = open_database(Settings(data=tmp_path).database_url)
    credentials = ClientCredentials("backend", secret)
    assert Clients(database).authenticate(credentials).is_confidential
    with database.connect() as connection:
        assert secret not in str(connection.execute(select(clients)).all())
    assert secret not in run("clients", "list").stdout


def test_a_public_client_has_nothing_to_tell(run: Run) -> None:
    added = run("clients", "add", "viewer")
    assert (added.stdout, added.stderr) == ("", "Added viewer.\n")


def test_clients_are_listed_and_removed(run: Run) -> None:
    run("clients", "add", "backend", "--confidential", "--no-password-grant")
    listed = run("clients", "list").stdout.splitlines()
    assert listed == ["backend  confidential  no password grant", "ltu-api  public"]
    assert run("clients", "remove", "backend").exit_code == 0
    assert run("clients", "list").stdout.splitlines() == ["ltu-api  public"]


def test_an_api_key_is_printed_alone_and_once(run: Run, ada: str, tmp_path: Path) -> None:
    key = run("apikeys", "add", "--owner", ada).stdout.strip()
    database = open_database(Settings(data=tmp_path).database_url)
    assert ApiKeys(database).caller(key).name == ada
    with database.connect() as connection:
        assert key not in str(connection.execute(select(api_keys)).all())
    assert key not in run("apikeys", "list").stdout


def test_a_list_tells_keys_apart(run: Run, ada: str) -> None:
    options = ("--label", "night job", "--scope", "edges", "--scope", "contours", "--days", "1")
    key = run("apikeys", "add", "--owner", ada, *options).stdout
    listed = run("apikeys", "list").stdout
    assert listed.startswith(f"{key[:11]}  ada  contours,edges  never used  until 2")
    assert listed.endswith("  night job\n")


def test_a_revoked_key_is_listed_as_such(run: Run, ada: str) -> None:
    key = run("apikeys", "add", "--owner", ada).stdout
    assert run("apikeys", "revoke", key[:11]).exit_code == 0
    assert "(revoked 2" in run("apikeys", "list").stdout
    assert run("apikeys", "revoke", key[:11]).exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("apikeys", "add", "--owner", "nobody"), "There is no user nobody."),
        (("apikeys", "revoke", "pg_00000000"), "There is no valid API key pg_00000000."),
        (("clients", "remove", "nobody"), "There is no client nobody."),
        (("clients", "add", "ltu-api"), "There is already a client ltu-api."),
        (("clients", "add", "a b"), "A client's name has 1 to 128 letters"),
        (("apikeys", "add", "--owner", "ada", "--scope", "edgess"), "edgess is no service; there"),
        (("apikeys", "add", "--owner", "ada", "--days", "0"), "0 is not in the range"),
    ],
)
def test_a_refusal_is_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    refused = run(*words)
    assert refused.exit_code != 0
    assert said in refused.output
    assert "Traceback" not in refused.output


def test_rotating_names_the_new_key_and_keeps_the_old_one(run: Run, tmp_path: Path) -> None:
    said = [run("keys", "rotate").stdout for _ in range(2)]
    kids = {line.split()[2] for line in said}
    kept = {path.stem.partition("-")[2] for path in (tmp_path / "keys").glob("*.pem")}
    assert len(kids) == 2
    assert kids < kept
