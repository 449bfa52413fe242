"""The whole service with its rows in PostgreSQL and its request counts in Redis."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Table, func, select

from auth.tables import users
from gateway.__main__ import main
from gateway.store.database import open_database
from gateway.store.tables import request_counts
from tests.auth.workers import Workers, ask, each_worker, log_in
from tests.servers import new_database
from tests.serving import Served, serving, settings_environment, wait_until


@pytest.fixture(scope="module")
def rows(postgresql: str) -> str:
    """The address of the service's database."""
    return new_database(postgresql)


@pytest.fixture(scope="module")
def scaled_out(rows: str, redis: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("scaled_out")
    with serving(folder, database=rows, limits=redis, rate_limit="6/hour", slots=1) as started:
        yield started


@pytest.fixture
def workers(scaled_out: Served) -> Iterator[Workers]:
    with each_worker(scaled_out) as clients:
        yield clients


def run(served: Served, rows: str, *words: str, typed: str = "") -> Result:
    """`pixelgate …` beside the running service."""
    environment = settings_environment({"data": served.log.parent, "database": rows})
    return CliRunner(env=environment).invoke(main, words, input=typed)


def count(address: str, table: Table) -> int:
    database = open_database(address)
    with database.connect() as connection:
        found = connection.execute(select(func.count()).select_from(table)).scalar_one()
    database.dispose()
    return int(found)


def test_both_workers_count_in_redis_and_not_in_the_database(
    scaled_out: Served, workers: Workers, rows: str
) -> None:
    token = scaled_out.token()
    statuses = [ask(workers[i % 2], token).status_code for i in range(8)]
    assert statuses == [400] * 6 + [429] * 2
    assert count(rows, request_counts) == 0


def test_an_account_of_the_command_line_is_known_to_both_workers_until_it_is_removed(
    scaled_out: Served, workers: Workers, rows: str
) -> None:
    before = count(rows, users)
    run(scaled_out, rows, "users", "add", "bob", "--password-stdin", typed="correct horse\n")
    assert count(rows, users) == before + 1
    token = log_in(workers[0], "bob", "correct horse")["access_token"]
    assert [ask(worker, token).status_code for worker in workers] == [400, 400]
    run(scaled_out, rows, "users", "remove", "bob")
    wait_until(lambda: [ask(worker, token).status_code for worker in workers] == [401, 401])
