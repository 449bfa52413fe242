"""A project is stopped by its key, in every worker, and started again by the operator."""

import socket
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import Engine

from gateway.dialects.pekat import stopping
from gateway.dialects.pekat.projects import sha256_of
from gateway.dialects.pekat.stopping import REREAD_SECONDS, StoppedProjects, stopped_names
from gateway.settings import Settings
from gateway.store.database import open_database
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
    """A client of that project on its own port; it is started again afterwards."""
    key = {"api_key": api_key(stoppable)}
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, params=key, trust_env=False, timeout=WAIT_SECONDS) as client:
        yield client
    database = open_database(Settings(data=stoppable.log.parent).database_url)
    stopping.start(database, "plates")
    database.dispose()


def answers(served: Served, path: str) -> set[int]:
    """What several connections, which both workers accept, are answered."""
    return {served.get(path).status_code for _ in range(8)}


def test_a_stop_reaches_every_worker_and_no_other_project(
    stoppable: Served, own: httpx.Client
) -> None:
    own.post("/analyze_image", content=PART).raise_for_status()
    assert own.get("/stop", params={"key": KEY}).text == "OK"
    wait_until(lambda: answers(stoppable, "/pekat/plates/ping") == {503})
    refused = own.post("/analyze_image", content=PART)
    assert refused.json() == {"error": "The project plates is stopped.", "result": None}
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert own.get("/last_image").status_code == 503
    assert own.get("/health/ready").status_code == 200
    assert answers(stoppable, "/ping") == {200}


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
    assert own.get("/stop", params={"key": KEY}).text == "OK"
    started = stoppable.logged("worker ready")
    for worker in stoppable.workers():
        worker.kill()
    wait_until(lambda: stoppable.logged("worker ready") == started + 2)
    assert answers(stoppable, "/pekat/plates/ping") == {503}


def test_a_start_is_noticed_by_every_worker(stoppable: Served, own: httpx.Client) -> None:
    own.get("/stop", params={"key": KEY}).raise_for_status()
    database = open_database(Settings(data=stoppable.log.parent).database_url)
    assert stopped_names(database) == {"plates"}
    stopping.start(database, "plates")
    database.dispose()
    wait_until(lambda: answers(stoppable, "/pekat/plates/ping") == {200})


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
    assert answers(stoppable, "/pekat/plates/ping") == {200}


def test_no_stop_key_is_logged(stoppable: Served, own: httpx.Client) -> None:
    for path in (f"/stop?key={KEY}", f"/stop&key={KEY}", f"/stop/{KEY}", f"/stop?key={KEY}x"):
        own.get(path)
    assert stoppable.logged("project stopped")
    assert "hush" not in stoppable.log.read_text()
