"""`pixelgate users …`: accounts and the services they are limited to."""

import sqlite3
from pathlib import Path

import pytest

from auth.users import Users
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.gateway.conftest import Run


def test_an_account_is_added_listed_and_removed(run: Run, ada: str) -> None:
    assert run("users", "list").stdout == "ada    all services\n"
    assert run("users", "remove", ada).stdout == "Removed ada.\n"
    assert run("users", "list").stdout == ""


def test_scopes_limit_an_account(run: Run, tmp_path: Path) -> None:
    run("users", "add", "bob", "--password-stdin", "--scope", "edges", typed="correct horse\n")
    database = open_database(Settings(data=tmp_path).database_url)
    assert Users(database).get("bob").scopes == frozenset({"edges"})
    assert run("users", "list").stdout == "bob    edges\n"


def test_a_limit_is_changed_and_lifted(run: Run, ada: str) -> None:
    words = ("users", "limit", ada, "--scope", "edges", "--scope", "distance")
    assert run(*words).stdout == "ada may use distance,edges.\n"
    assert run("users", "limit", ada).stdout == "ada may use all services.\n"


def test_a_service_that_does_not_exist_limits_nobody(run: Run, ada: str) -> None:
    refused = run("users", "limit", ada, "--scope", "edgess")
    assert refused.exit_code == 2
    assert "edgess is no service; there are admin, aerovision, " in refused.stderr


def test_a_new_password_replaces_the_old_one(run: Run, ada: str, tmp_path: Path) -> None:
    assert (
        run("users", "password", ada, "--password-stdin", typed="battery staple\n").exit_code == 0
    )
    users = Users(open_database(Settings(data=tmp_path).database_url))
    assert users.with_password(ada, "battery staple")
    assert users.with_password(ada, "correct horse") is None


def test_a_wrong_setting_ends_in_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXELGATE_PORT", "0")
    refused = run("users", "list")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("PIXELGATE_PORT is '0': ")


def test_who_made_a_database_is_told_where(run: Run, tmp_path: Path) -> None:
    told = f"There is no database yet; sqlite:///{tmp_path}/pixelgate.db is made.\n"
    assert [run("users", "list").stderr for _ in range(2)] == [told, ""]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_password_ends_before_the_end_of_its_line(run: Run, tmp_path: Path, end: str) -> None:
    run("users", "add", "bob", "--password-stdin", typed=f"correct höörse{end}next line\n")
    users = Users(open_database(Settings(data=tmp_path).database_url))
    assert users.with_password("bob", "correct höörse" + ("" if end else "next line"))


def test_a_password_of_other_bytes_than_utf8_is_refused_in_a_sentence(run: Run) -> None:
    refused = run("users", "add", "bob", "--password-stdin", typed=b"correct h\xf6rse\n")
    assert (refused.exit_code, refused.output) == (1, "The password is no UTF-8 text.\n")


def test_a_database_that_fails_later_is_one_sentence(run: Run, ada: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "pixelgate.db") as rows:
        rows.execute("CREATE TRIGGER t BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'no'); END")
    rows.close()
    refused = run("users", "remove", ada)
    assert (refused.exit_code, refused.output) == (1, "The database does not do it: no.\n")
