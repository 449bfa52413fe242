"""`pixelgate clients …`: what they print, keep and refuse."""

from pathlib import Path

import pytest
from sqlalchemy import select

from auth.clients import ClientCredentials, Clients
from auth.tables import clients
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
    assert added.stdout == ""
    assert added.stderr.endswith("\nAdded viewer.\n")


def test_clients_are_listed_and_removed(run: Run) -> None:
    run("clients", "add", "backend", "--confidential", "--no-password-grant")
    listed = run("clients", "list").stdout.splitlines()
    assert listed == ["backend  confidential  no password grant", "ltu-api  public"]
    assert run("clients", "remove", "backend").exit_code == 0
    assert run("clients", "list").stdout.splitlines() == ["ltu-api  public"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("remove", "nobody"), "There is no client nobody."),
        (("add", "ltu-api"), "There is already a client ltu-api."),
        (("add", "a b"), "A client's name has 1 to 128 letters"),
    ],
)
def test_a_refusal_is_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    refused = run("clients", *words)
    assert refused.exit_code != 0
    assert said in refused.output
    assert "Traceback" not in refused.output
