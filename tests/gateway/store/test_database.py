"""The database: migrated once however many processes open it, and private."""

import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, Table, delete, insert, make_url, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.schema import CreateTable

from auth.tables import api_keys, clients, metadata, revoked_tokens
from gateway.store import database as database_module
from gateway.store.database import OUTAGES, connect, known_revisions, open_database, revision_of
from tests import servers
from tests.hosts import Host, hosts
from tests.serving import WAIT_SECONDS

OPEN_AND_COUNT = """
import sys
from sqlalchemy import func, select
from auth.tables import clients
from gateway.store.database import open_database

with open_database(sys.argv[1]).connect() as connection:
    print(connection.execute(select(func.count()).select_from(clients)).scalar())
"""


def test_the_migrations_make_the_tables_that_the_code_names(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        ours = [change for change in compare_metadata(context, metadata) if _is_of_auth(change)]
    assert ours == []


def test_opening_again_changes_nothing(database: Engine, database_url: str) -> None:
    with database.begin() as connection:
        connection.execute(delete(clients))
    open_database(database_url).dispose()
    with database.connect() as connection:
        assert connection.execute(select(clients)).all() == []


def test_a_version_without_the_last_migration_goes_on_with_a_database_that_has_it(
    database: Engine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    last, folder = known_revisions()[0], database_module.MIGRATIONS
    shutil.copytree(folder, tmp_path / "older", ignore=shutil.ignore_patterns(f"{last}_*"))
    monkeypatch.setattr(database_module, "MIGRATIONS", tmp_path / "older")
    older = open_database(database_url)
    assert (known_revisions()[0] < last, revision_of(older)) == (True, last)
    with older.connect() as connection:
        assert connection.execute(select(clients.c.id)).all()
    older.dispose()


@pytest.mark.parametrize("file", sorted((database_module.MIGRATIONS / "versions").glob("0*.py")))
def test_a_migration_takes_nothing_from_gateways_that_run(file: Path) -> None:
    # Without an index they go on, only slower.
    assert not re.search(r"op\.(drop_(?!index)|alter_|rename_)", file.read_text())


def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    command = [sys.executable, "-c", OPEN_AND_COUNT, database_url]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    assert [start.communicate(timeout=WAIT_SECONDS)[0].strip() for start in starts] == [b"1"] * 3


def test_nobody_else_may_read_the_rows(tmp_path: Path) -> None:
    open_database(f"sqlite:///{tmp_path / 'new' / 'rows.sqlite'}").dispose()
    assert stat.S_IMODE((tmp_path / "new" / "rows.sqlite").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


WRITE_TWICE = """
import os
import sys
from sqlalchemy import insert
from auth.tables import revoked_tokens
from gateway.store.database import open_database

for id in "ab":
    database = open_database(sys.argv[1])
    with database.begin() as connection:
        connection.execute(insert(revoked_tokens).values(id=id, expires_at=0))
    if id == "a":
        database.dispose()
os._exit(0)  # nothing is tidied up
"""


def test_who_opens_it_twice_sees_what_others_write(database: Engine, database_url: str) -> None:
    open_database(database_url).dispose()
    command = [sys.executable, "-c", WRITE_TWICE, database_url]
    subprocess.run(command, check=True, timeout=WAIT_SECONDS)
    with database.connect() as connection:
        assert connection.execute(select(revoked_tokens.c.id)).all() == [("a",), ("b",)]


def test_a_database_without_a_file_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a file"):
        open_database("sqlite://")


def test_a_row_needs_what_it_refers_to(database: Engine) -> None:
    row = {"prefix": "p", "digest": "d", "user_id": "nobody", "label": "", "created_at": 0}
    with database.begin() as connection, pytest.raises(IntegrityError):
        connection.execute(insert(api_keys).values(row))


def test_a_reader_does_not_wait_for_a_writer(database: Engine) -> None:
    reads = database.execution_options(reads_only=True)
    with database.begin() as writer:
        writer.execute(insert(revoked_tokens).values(id="a", expires_at=0))
        with reads.connect() as reader:
            assert reader.execute(select(revoked_tokens)).all() == []


def test_a_failed_transaction_leaves_nothing(database: Engine) -> None:
    with database.connect() as connection:
        connection.execute(insert(revoked_tokens).values(id="a", expires_at=0))
        with pytest.raises(IntegrityError):
            connection.execute(insert(revoked_tokens).values(id="a", expires_at=0))
    with database.connect() as connection:
        assert connection.execute(select(revoked_tokens)).all() == []


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=str)
def test_every_table_can_be_made_on_postgresql(table: Table) -> None:
    dialect = make_url("postgresql://").get_dialect()()
    assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=dialect))


def _is_of_auth(change: object) -> bool:
    """Other packages have tables too; theirs are not in this metadata."""
    is_foreign = isinstance(change, tuple) and change[0] in ("remove_table", "remove_index")
    return not is_foreign


@pytest.mark.parametrize("query", ["", "?connect_timeout=2"])
def test_a_server_that_never_answers_is_given_up(
    query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "CONNECT_SECONDS", 3600 if query else 2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(OperationalError, match="timeout"):
            open_database(f"postgresql://somebody@127.0.0.1:{port}/rows{query}", patience_seconds=0)


@pytest.mark.parametrize(("slow_seconds", "tries"), [(0.5, 1), (3600, 2)])
def test_a_server_that_was_waited_for_in_vain_is_not_tried_again_at_once(
    slow_seconds: float, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "UNREACHED_SECONDS", 3600)
    monkeypatch.setattr(database_module, "SLOW_SECONDS", slow_seconds)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        database = connect(f"postgresql://somebody@127.0.0.1:{port}/rows?connect_timeout=2")
        for _ in range(2):
            with pytest.raises(OperationalError):
                database.connect()
        silent.setblocking(False)
        assert len(called(silent)) == tries


def called(server: socket.socket) -> list[socket.socket]:
    """Who has called and was not let in yet."""
    callers = []
    with suppress(BlockingIOError):
        while True:
            callers.append(server.accept()[0])
    for one in callers:
        one.close()
    return callers


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", {"connect_timeout": "5", "tcp_user_timeout": "5000", "keepalives_idle": "5"}),
        ("?connect_timeout=7", {"connect_timeout": "7", "tcp_user_timeout": "5000"}),
        ("?tcp_user_timeout=0&keepalives_idle=60", {"tcp_user_timeout": "0"}),
    ],
)
def test_a_server_is_waited_for_as_long_as_its_url_says_or_five_seconds(
    scheme: str, query: str, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    psycopg = pytest.importorskip("psycopg")
    told = dict[str, str]()

    def refuse(**arguments: str) -> None:
        told.update(arguments)
        raise psycopg.OperationalError("refused")

    monkeypatch.setattr(psycopg, "connect", refuse)
    with pytest.raises(OperationalError, match="refused"):
        open_database(f"{scheme}://somebody@127.0.0.1/rows{query}", patience_seconds=0)
    assert told.items() >= asked.items()


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Host, Host, Engine]]:
    """A gateway's host, which is entered, a database's, and the database, not waited for long."""
    monkeypatch.setitem(database_module.SILENCE, "tcp_user_timeout", "300")
    with hosts("gateway", "rows") as made:
        gateway, rows = made["gateway"], made["rows"]
        with ExitStack() as stack:
            with rows.entered():
                server = stack.enter_context(servers.postgresql(rows.address))
            stack.enter_context(gateway.entered())
            database = open_database(server.address)
            stack.callback(database.dispose)
            yield gateway, rows, database


def test_a_server_that_falls_silent_amid_its_answers_is_given_up(
    far: tuple[Host, Host, Engine],
) -> None:
    gateway, rows, database = far
    with database.connect() as connection:
        connection.execute(select(clients))
        with gateway.silent_to(rows), pytest.raises(OperationalError, match="timed out"):
            connection.execute(select(clients))
    with database.connect() as connection:
        assert connection.execute(select(clients)).all()


def test_a_row_of_whom_nothing_more_is_heard_is_let_go(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "IDLE_TRANSACTION_SECONDS", 1)
    database = open_database(servers.new_database(postgresql))
    disabling = update(clients).values(is_enabled=False)
    with database.connect() as unheard, database.connect() as heard:
        unheard.execute(disabling)
        heard.execute(text(f"SET lock_timeout = '{WAIT_SECONDS}s'"))
        assert heard.execute(disabling).rowcount
        with pytest.raises(OUTAGES):
            unheard.execute(disabling)
    database.dispose()
