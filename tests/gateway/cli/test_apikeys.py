"""`pixelgate apikeys …`: what they print, keep and refuse."""

from pathlib import Path

import pytest
from sqlalchemy import select

from auth.api_keys import ApiKeys
from auth.tables import api_keys
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.gateway.conftest import Run


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
        (("add", "--owner", "nobody"), "There is no user nobody."),
        (("revoke", "pg_00000000"), "There is no valid API key pg_00000000."),
        (("add", "--owner", "ada", "--scope", "edgess"), "edgess is no service; there"),
        (("add", "--owner", "ada", "--days", "0"), "0 is not in the range"),
    ],
)
def test_a_refusal_is_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    refused = run("apikeys", *words)
    assert refused.exit_code != 0
    assert said in refused.output
    assert "Traceback" not in refused.output
