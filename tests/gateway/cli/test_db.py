"""`pixelgate db`: what it says of the schema, and what it changes."""

from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.settings import Settings
from gateway.store.database import connect, known_revisions
from tests.gateway.conftest import Run

NEWEST = known_revisions()[0]


def test_an_empty_database_is_left_empty_by_a_look_and_filled_by_an_upgrade(run: Run) -> None:
    assert run("db", "status").output.startswith("The database is empty; ")
    assert run("db", "status").output.startswith("The database is empty; ")
    assert run("db", "upgrade").stdout == f"The database is at revision {NEWEST}.\n"
    assert run("db", "status").output.endswith(f"{NEWEST}, the newest of this version.\n")


def test_a_look_makes_no_database(run: Run, tmp_path: Path) -> None:
    assert run("db", "status").output.startswith("The database is empty; ")
    assert not any(tmp_path.iterdir())


def test_a_file_that_is_no_database_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pixelgate.db").write_bytes(b"no rows" * 1000)
    said = f"file is not a database (sqlite:///{tmp_path}/pixelgate.db).\n"
    refused = run("db", "status")
    assert refused.exit_code == 1
    assert refused.output == f"The database cannot be opened: {said}"


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("0001", f"0001; `pixelgate db upgrade`, or the next start, brings it to {NEWEST}."),
        ("9999", f"9999, of a newer version; this one knows {NEWEST}."),
    ],
)
def test_a_database_of_another_version_is_told(
    run: Run, ada: str, tmp_path: Path, revision: str, said: str
) -> None:
    database = connect(Settings(data=tmp_path).database_url)
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :at"), {"at": revision})
    database.dispose()
    assert run("db", "status").output == f"The database is at revision {said}\n"
