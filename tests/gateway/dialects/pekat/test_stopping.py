"""A project is stopped by its key, in every worker, and started again by the operator."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import httpx
import pytest
from sqlalchemy import Engine

from gateway.dialects.pekat import stopping
from gateway.dialects.pekat.projects import sha256_of
from gateway.dialects.pekat.stopping import StoppedProjects, stopped_names
from gateway.settings import Settings
from gateway.store.database import open_database
from gateway.store.known_rows import REREAD_SECONDS
from tests.keys import api_key
from tests.plates import png, scratched
from tests.serving import WAIT_SECONDS, Served, free_port, running, wait_until

KEY = "pg_stop_hush-hush-hush-hush"
PART = png(scratched())
QUALITY = '[[module]]\nuse = "image_quality"\n'


class Clock:
    """A time that tests move."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.anyio
async def test_a_stop_is_known_at_once_where_it_was_made_and_soon_elsewhere(
    database: Engine,
) -> None:
    clock = Clock()
    one, other = (StoppedProjects(database, clock=clock) for _ in range(2))
    await one.add("plates")
    assert (await one.has("plates"), await one.has("labels")) == (True, False)
    assert not await other.has("plates")
    clock.now = REREAD_SECONDS
    assert await other.has("plates")


@pytest.mark.anyio
async def test_a_stop_outlives_the_worker_and_ends_with_a_start(database: Engine) -> None:
    await StoppedProjects(database).add("plates")
    await StoppedProjects(database).add("plates")
    clock = Clock()
    fresh = StoppedProjects(database, clock=clock)
    assert await fresh.has("plates")
    assert stopping.start(database, "plates")
    assert not stopping.start(database, "plates")
    clock.now = REREAD_SECONDS
    assert not await fresh.has("plates")


@pytest.mark.anyio
async def test_a_database_that_fails_changes_nothing(database: Engine) -> None:
    clock = Clock()
    stopped = StoppedProjects(database, clock=clock)
    await stopped.add("plates")
    with database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE stopped_projects")
    clock.now = REREAD_SECONDS
    assert await stopped.has("plates")


@pytest.fixture(scope="module")
def port() -> int:
    """Of the project that can be stopped."""
    return free_port()


@pytest.fixture(scope="module")
def stoppable(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Served]:
    """The service with a project that has a stop key, and one that has none."""
    folder = tmp_path_factory.mktemp("stoppable")
    (folder / "other.toml").write_text(QUALITY)
    stop_key = f'stop_key_sha256 = "{sha256_of(KEY)}"\n'
    (folder / "plates.toml").write_text(stop_key + QUALITY)
    told = f"{folder}/other.toml,{folder}/plates.toml:{port}"
    with running(folder, "gateway", "serve", slots=1, pekat_projects=told) as started:
        yield started


@pytest.fixture
def own(stoppable: Served, port: int) -> Iterator[httpx.Client]:
    """A client of that project, which runs in every worker; it is started again afterwards."""
    with a_connection_to_each(stoppable) as connections:
        wait_until(lambda: answered(connections, "/pekat/plates/ping") == {200})
    key = {"api_key": api_key(stoppable)}
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, params=key, trust_env=False, timeout=WAIT_SECONDS) as client:
        yield client
    start(stoppable)


def stopped(served: Served) -> frozenset[str]:
    """What the rows say."""
    database = open_database(Settings(data=served.log.parent).database_url)
    try:
        return stopped_names(database)
    finally:
        database.dispose()


def start(served: Served) -> None:
    """As the operator does."""
    database = open_database(Settings(data=served.log.parent).database_url)
    stopping.start(database, "plates")
    database.dispose()


@contextmanager
def a_connection_to_each(served: Served) -> Iterator[list[HTTPConnection]]:
    """One that each of the workers has accepted."""
    found: dict[int, HTTPConnection] = {}
    opened = []
    while len(found) < served.worker_count:
        connection = HTTPConnection("127.0.0.1", served.port, timeout=WAIT_SECONDS)
        opened.append(connection)
        connection.request("GET", "/version")
        connection.getresponse().read()
        _, ours = connection.sock.getsockname()
        for worker in served.workers():
            if any(one.raddr and one.raddr.port == ours for one in worker.net_connections()):
                found[worker.pid] = connection
    try:
        yield list(found.values())
    finally:
        for connection in opened:
            connection.close()


def answered(connections: list[HTTPConnection], path: str) -> set[int]:
    """The statuses of all their answers."""
    statuses = set()
    for connection in connections:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        statuses.add(answer.status)
    return statuses


def test_a_stop_reaches_every_worker_and_no_other_project(
    stoppable: Served, own: httpx.Client
) -> None:
    with a_connection_to_each(stoppable) as connections:
        own.get("/stop", params={"key": KEY}).raise_for_status()
        wait_until(lambda: answered(connections, "/pekat/plates/ping") == {503})
        assert answered(connections, "/ping") == {200}
    refused = own.post("/analyze_image", content=PART)
    assert refused.json() == {"error": "The project plates is stopped.", "result": None}
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert own.get("/last_image").status_code == 503
    assert own.get("/health/ready").status_code == 200


def test_what_has_begun_is_ended(own: httpx.Client, port: int) -> None:
    path = own.build_request("POST", "/analyze_image").url.raw_path
    head = b"POST %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\n"
    head += b"Content-Length: %d\r\n\r\n"
    address = ("127.0.0.1", port)
    with socket.create_connection(address, timeout=WAIT_SECONDS) as connection:
        connection.sendall(head % (path, len(PART)))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100")  # the body is being waited for
        own.get("/stop", params={"key": KEY}).raise_for_status()
        connection.sendall(PART)
        with connection.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 200")


def test_a_stop_outlives_the_workers(stoppable: Served, own: httpx.Client) -> None:
    own.get("/stop", params={"key": KEY}).raise_for_status()
    started = stoppable.logged("worker ready")
    for worker in stoppable.workers():
        worker.kill()
    wait_until(lambda: stoppable.logged("worker ready") == started + 2)
    with a_connection_to_each(stoppable) as connections:
        assert answered(connections, "/pekat/plates/ping") == {503}


def test_a_start_is_noticed_by_every_worker(stoppable: Served, own: httpx.Client) -> None:
    own.get("/stop", params={"key": KEY}).raise_for_status()
    with a_connection_to_each(stoppable) as connections:
        wait_until(lambda: answered(connections, "/pekat/plates/ping") == {503})
        start(stoppable)
        wait_until(lambda: answered(connections, "/pekat/plates/ping") == {200})


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/stop", {}),
        ("/stop", {"key": ""}),
        ("/stop", {"key": KEY[:-1]}),
        ("/stop", {"key": sha256_of(KEY)}),
        ("/pekat/other/stop", {"key": KEY}),
        ("/pekat/other/stop", {"key": ""}),
    ],
)
def test_without_its_key_no_project_is_stopped(
    stoppable: Served, own: httpx.Client, path: str, told: dict[str, str]
) -> None:
    refused = own.get(path, params=own.params.merge(told))
    assert refused.status_code == 403
    assert set(refused.json()) == {"error", "result"}
    assert KEY[:-1] not in refused.text
    assert not stopped(stoppable)


def test_no_stop_key_is_logged(stoppable: Served, own: httpx.Client) -> None:
    for path in (f"/stop?key={KEY}", f"/stop&key={KEY}", f"/stop/{KEY}", f"/stop?key={KEY}x"):
        own.get(path)
    assert stoppable.logged("project stopped")
    assert "hush" not in stoppable.log.read_text()
