"""Tasks whose worker, engine process, master or database is killed amid them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from sqlalchemy import Engine, select

from gateway.settings import Settings
from gateway.store.database import open_database
from gateway.store.tables import tasks
from tests import servers
from tests.attack.engine_processes import busy_engines
from tests.attack.task_ends import ends, note_ends
from tests.attack.test_slots import slow_picture
from tests.serving import WAIT_SECONDS, Served, serving, wait_until

SLOW = "/v2/services/image/featureMatch"
FILES = dict.fromkeys(("query", "train"), slow_picture(size=(3600, 2700)))
"""What it computes for two seconds."""


class Tried:
    """A started service with its database and a client."""

    def __init__(self, served: Served, database: Engine) -> None:
        self.served = served
        self.database = database
        self.client = served.client()
        # Else a connection may lead to a worker that was killed.
        self.client.headers["Connection"] = "close"
        self.answer = self.client.post(SLOW, files=FILES).raise_for_status().content

    def queue(self) -> str:
        """Queue a task; its path."""
        later = {"Prefer": "respond-async"}
        accepted = self.client.post(SLOW, files=FILES, headers=later)
        return str(accepted.raise_for_status().headers["Location"])

    @contextmanager
    def computing(self) -> Iterator[tuple[str, psutil.Process]]:
        """A task's path, and the engine process that computes it, which stands still."""
        path = self.queue()
        engine = next(busy_engines(self.served))
        engine.suspend()
        try:
            assert self.row(path).status == "processing"
            yield path, engine
        finally:
            with suppress(psutil.NoSuchProcess):
                engine.resume()

    def row(self, path: str) -> Any:
        """A task as the database has it; None where it has none."""
        with self.database.begin() as connection:
            asked = select(tasks).where(tasks.c.id == path.rpartition("/")[2])
            return connection.execute(asked).one_or_none()

    def is_right(self, path: str) -> bool:
        """Whether a task ends once, with the answer that the service gives at once."""
        wait_until(lambda: self.row(path).finished_at)
        answer: httpx.Response = self.client.get(f"{path}/result")
        return answer.content == self.answer and ends(self.database)[self.row(path).id] == 1


@contextmanager
def trying(folder: Path, **settings: object) -> Iterator[Tried]:
    database = open_database(
        Settings(data=folder, database=str(settings.get("database", ""))).database_url
    )
    note_ends(database)
    with serving(folder, slots=1, deadline_seconds=600, **settings) as served:
        tried = Tried(served, database)
        yield tried
        tried.client.close()
    database.dispose()


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """A service whose rows lie in SQLite."""
    with trying(tmp_path_factory.mktemp("tried")) as made:
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[servers.Server]:
    """A PostgreSQL server."""
    with servers.postgresql() as started:
        yield started


@pytest.fixture(scope="module")
def distant(server: servers.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """A service whose rows lie in that server."""
    address = servers.new_database(server.address)
    with trying(tmp_path_factory.mktemp("distant"), database=address) as made:
        yield made


def kill_master(served: Served) -> None:
    served.process.kill()
    served.process.wait(WAIT_SECONDS)
    wait_until(lambda: not served.processes())


def test_a_task_of_a_killed_worker_is_done_by_another(tried: Tried) -> None:
    ready = tried.served.logged("worker ready")
    with tried.computing() as (task, engine):
        engine.parents()[1].kill()
        assert tried.is_right(task)
    assert tried.row(task).attempts == 2
    wait_until(lambda: tried.served.logged("worker ready") == ready + 1)


def test_a_task_of_a_killed_engine_process_is_computed_again(tried: Tried) -> None:
    with tried.computing() as (task, engine):
        engine.kill()
        assert tried.is_right(task)
    assert tried.row(task).attempts == 1


def test_tasks_outlive_a_killed_master(tried: Tried) -> None:
    with tried.computing() as (begun, _):
        others = [tried.queue() for _ in range(2)]
        kill_master(tried.served)
        assert tried.row(begun).status == "processing"
    tried.served.start()
    assert all(tried.is_right(task) for task in (begun, *others))
    assert tried.row(begun).attempts == 2


def test_an_orderly_end_gives_tasks_back_at_once(tried: Tried) -> None:
    with tried.computing() as (begun, _):
        others = [tried.queue() for _ in range(2)]
        assert tried.served.end() == 0
    left = [tried.row(task) for task in (begun, *others)]
    assert {(row.status, row.attempts) for row in left} == {("queued", 0)}
    tried.served.start()
    assert all(tried.is_right(task) for task in (begun, *others))
    assert [tried.row(task).attempts for task in (begun, *others)] == [1, 1, 1]


def test_a_task_deleted_amid_its_work_leaves_no_file(tried: Tried) -> None:
    with tried.computing() as (task, _):
        assert files_of(tried, task)
        assert tried.client.delete(task).status_code == 204
    assert tried.served.end() == 0
    assert files_of(tried, task) == []
    tried.served.start()


def files_of(tried: Tried, path: str) -> list[Path]:
    folder = tried.served.log.parent / "blobs" / "tasks" / path.rpartition("/")[2]
    return [one for one in folder.rglob("*") if one.is_file()]


def test_a_task_outlives_a_restart_of_its_database(distant: Tried, server: servers.Server) -> None:
    silences = distant.served.logged("the database does not answer")
    with distant.computing() as (task, _):
        server.stop()
        wait_until(lambda: distant.served.logged("the database does not answer") > silences)
        server.start()
    assert distant.is_right(task)


def test_a_worker_that_starts_without_its_database_waits_for_it(
    distant: Tried, server: servers.Server
) -> None:
    ready = distant.served.logged("worker ready")
    with distant.computing() as (task, engine):
        server.stop()
        engine.parents()[1].kill()
        wait_until(lambda: distant.served.logged("the database cannot be opened yet"))
        server.start()
        assert distant.is_right(task)
    wait_until(lambda: distant.served.logged("worker ready") == ready + 1)


def test_an_end_without_the_database_is_orderly(distant: Tried, server: servers.Server) -> None:
    with distant.computing() as (task, _):
        server.stop()
        assert distant.served.end() == 0
    server.start()
    distant.served.start()
    assert distant.is_right(task)
