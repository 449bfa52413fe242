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
    assert run("db", "upgrade").output == f"The database is at revision {NEWEST}.\n"
    assert run("db", "status").output.endswith(f"{NEWEST}, the newest of this version.\n")


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
