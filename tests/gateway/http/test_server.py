"""The service's processes: how they start, drain, and go."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from gateway.settings import CONFIG_VARIABLE
from tests.serving import (
    REPOSITORY,
    TINY,
    WAIT_SECONDS,
    Served,
    free_port,
    running,
    settings_environment,
    wait_until,
)


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that tests leave running; what the servers below it would heed is set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GUNICORN_CMD_ARGS", "--workers=1 --bind=127.0.0.1:1")
        patch.setenv("FORWARDED_ALLOW_IPS", "*")
        patch.setenv("WEB_CONCURRENCY", "1")
        with running(tmp_path_factory.mktemp("steady"), TINY) as served:
            yield served


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Served]:
    """A service that a test may end; what runs then is waited for longer than by the test."""
    with running(tmp_path, TINY, drain_seconds=10 * WAIT_SECONDS) as served:
        yield served


@contextmanager
def request_under_way(served: Served, file: Path) -> Iterator[Future[httpx.Response]]:
    """One request that runs until the file is there."""
    with ThreadPoolExecutor(1) as pool:
        begun = pool.submit(served.get, f"/?file={file}")
        wait_until(lambda: served.logged("request begun"))
        yield begun


def test_no_worker_interrupts_what_computes(steady: Served) -> None:
    assert [os.sched_getscheduler(one.pid) for one in steady.workers()] == [os.SCHED_BATCH] * 2


def test_both_workers_answer(steady: Served) -> None:
    answered: set[int] = set()

    def ask() -> bool:
        answered.add(int(steady.get().text))
        return len(answered) == 2

    wait_until(ask)
    assert answered == {process.pid for process in steady.workers()}


@pytest.mark.parametrize("workers", [2, 4])
def test_workers_share_connections_evenly(tmp_path: Path, workers: int) -> None:
    def is_shared_evenly() -> bool:
        counts, share = burst(served), 64 // workers
        return len(counts) == workers and all(
            share / 2 <= count <= share * 1.5 for count in counts.values()
        )

    with running(tmp_path, TINY, workers=workers) as served:
        # A worker that a busy machine gives no time cannot take its share of one burst.
        assert any(is_shared_evenly() for _ in range(5))


def burst(served: Served) -> Counter[bytes]:
    """How many of 64 connections made at once each worker took."""
    with ExitStack() as open_until:
        clients = [open_until.enter_context(served.connect()) for _ in range(64)]
        for client in clients:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        return Counter(client.recv(65536).rpartition(b"\r\n")[2] for client in clients)


def test_answers_tell_the_date_and_not_the_server(steady: Served) -> None:
    fields = steady.get().headers
    assert "date" in fields
    assert "server" not in fields


def test_nobody_is_believed_to_be_a_proxy(steady: Served) -> None:
    headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    answer = steady.get("/client", headers=headers)
    assert "127.0.0.1" in answer.text


def test_a_proxy_that_is_named_is_believed(tmp_path: Path) -> None:
    with running(tmp_path, TINY, trusted_proxies="127.0.0.1") as served:
        headers = {"X-Forwarded-For": "192.0.2.1"}
        answer = served.get("/client", headers=headers)
        assert "192.0.2.1" in answer.text


def test_nothing_else_listens(steady: Served) -> None:
    connections = [one for process in steady.processes() for one in process.net_connections("all")]
    listening = {one.laddr for one in connections if one.status == psutil.CONN_LISTEN}
    assert listening == {("127.0.0.1", steady.port)}
    assert all(not one.laddr for one in connections if one.family == socket.AF_UNIX)


def test_a_request_whose_client_left_is_abandoned(steady: Served) -> None:
    with steady.connect() as connection:
        connection.sendall(b"GET /?seconds=1000 HTTP/1.1\r\nHost: pixelgate.test\r\n\r\n")
    wait_until(lambda: steady.logged("request abandoned"))


def test_a_port_in_use_is_one_sentence(steady: Served, tmp_path: Path) -> None:
    found = f"Port {steady.port} of 127.0.0.1 cannot be listened on: Address already in use.\n"
    taken = f"a.toml:{steady.port}"
    for told in ({"port": steady.port}, {"port": free_port(), "pekat_projects": taken}):
        second = run_to_its_end(TINY, data=tmp_path, **told)
        assert (second.returncode, second.stderr) == (1, found)


def test_an_application_that_cannot_be_made_ends_the_service(tmp_path: Path) -> None:
    ended = run_to_its_end(
        "tests.gateway.http.unstartable_service", data=tmp_path, port=free_port()
    )
    assert ended.returncode != 0
    assert "service cannot start" in ended.stderr
    assert "no database at" in ended.stderr
    assert "hush" not in ended.stderr
    assert all(line.startswith("{") for line in ended.stderr.splitlines())


def test_a_storage_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    storage = f"file://{tmp_path}/file"
    ended = run_to_its_end("gateway", "serve", data=tmp_path, port=free_port(), storage=storage)
    assert "service cannot start" in ended.stderr
    assert "Traceback" not in ended.stderr


def run_to_its_end(
    module: str, *words: str, **settings: object
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **settings_environment(settings)}
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(
        command,
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )


def test_a_killed_worker_is_replaced(steady: Served) -> None:
    steady.workers()[0].kill()
    wait_until(lambda: steady.logged("worker ready") == 3)
    assert len(steady.workers()) == 2
    assert steady.get().status_code == 200


@pytest.fixture
def configured(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A service that has its log level from a file."""
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    with running(tmp_path, TINY) as served:
        yield served


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """That file."""
    file = tmp_path / "pixelgate.toml"
    file.write_text('log_level = "info"')
    return file


def reload(served: Served, event: str) -> None:
    """Tell a service that its configuration is new, and wait for what it says of it."""
    before = served.logged(event)
    served.process.send_signal(signal.SIGHUP)
    wait_until(lambda: served.logged(event) > before)


def ask_all(served: Served) -> int:
    """Ask until every worker has answered, which on an idle machine takes a while; how often."""
    workers, answers = {str(one.pid) for one in served.workers()}, list[str]()

    def have_answered() -> bool:
        answers.append(served.get().text)
        return {*answers} == workers

    wait_until(have_answered)
    return len(answers)


def test_a_misspelt_setting_is_named_when_it_is_read(configured: Served, config: Path) -> None:
    config.write_text('log_levle = "warning"')
    reload(configured, "no such setting")
    assert "PIXELGATE_LOG_LEVEL" in configured.log.read_text()


def test_a_new_log_level_holds_in_all_workers_that_run(configured: Served, config: Path) -> None:
    config.write_text('log_level = "warning"\nrealm = "Elsewhere"')
    reload(configured, "restart needed")
    assert '"settings":"realm"' in configured.log.read_text()
    ask_all(configured)
    assert configured.logged("request begun") == 0
    config.write_text('log_level = "info"')
    reload(configured, "configuration reloaded")
    count = ask_all(configured)
    assert configured.logged("request begun") == count


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('log_level = "loud"', "PIXELGATE_LOG_LEVEL is 'loud': Input should be 'debug'"),
        ("log_level =", "A file of settings or secrets cannot be read: "),
    ],
)
def test_a_bad_configuration_is_refused_and_the_old_one_stays(
    configured: Served, config: Path, text: str, told: str
) -> None:
    config.write_text(text)
    reload(configured, "configuration refused")
    assert told in configured.log.read_text()
    assert configured.get().status_code == 200
    assert configured.logged("request begun") == 1


def test_the_end_of_its_terminal_ends_the_service(tmp_path: Path) -> None:
    terminal, theirs = os.openpty()
    settings = {"data": tmp_path, "port": free_port()}
    with subprocess.Popen(
        ["setsid", "--ctty", sys.executable, "-m", TINY],
        cwd=REPOSITORY,
        env=os.environ | settings_environment(settings),
        stdin=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        with os.fdopen(terminal) as lines:
            assert any("worker ready" in line for line in lines)
        assert process.wait(WAIT_SECONDS) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_runs_is_finished_and_what_comes_is_told(
    tiny: Served, number: int, tmp_path: Path
) -> None:
    with request_under_way(tiny, tmp_path / "go") as begun:
        # As Ctrl-C and systemd do: to all processes at once.
        os.killpg(tiny.process.pid, number)
        # Either may take the next request.
        wait_until(lambda: tiny.logged("worker drains") == 2)
        refused = tiny.get()
        assert refused.json()["error"] == "shutting_down"
        assert refused.headers["connection"] == "close"
        assert int(refused.headers["retry-after"]) > 0
        (tmp_path / "go").touch()
    assert begun.result().status_code == 200
    assert tiny.process.wait(WAIT_SECONDS) == 0


def test_a_request_beyond_the_time_to_drain_is_answered_503(tmp_path: Path) -> None:
    with running(tmp_path, TINY, drain_seconds=0.5) as served:
        with request_under_way(served, tmp_path / "never") as begun:
            served.process.send_signal(signal.SIGTERM)
        assert begun.result().json()["error"] == "shutting_down"
        assert served.process.wait(WAIT_SECONDS) == 0


def test_a_thread_that_hangs_keeps_no_process(tmp_path: Path) -> None:
    with running(tmp_path, TINY, drain_seconds=1) as served:
        served.get("/thread")
        assert served.end() == 0
        assert "SIGKILL" not in served.log.read_text()


def test_after_a_second_signal_nothing_is_waited_for(tiny: Served, tmp_path: Path) -> None:
    with request_under_way(tiny, tmp_path / "never") as begun:
        tiny.process.send_signal(signal.SIGTERM)
        wait_until(lambda: tiny.logged("worker drains") == 2)
        tiny.process.send_signal(signal.SIGTERM)
    assert begun.result().json()["error"] == "shutting_down"
    assert tiny.process.wait(WAIT_SECONDS) == 0


class Load:
    """Clients that ask again and again until nobody listens."""

    def __init__(self, url: str, *, keeps_connections: bool) -> None:
        self._url = url + "/read?seconds=0.02"
        self._limits = httpx.Limits(max_keepalive_connections=None if keeps_connections else 0)
        self._threads = [threading.Thread(target=self._ask) for _ in range(8)]
        self.statuses: list[int] = []
        self.lost: list[str] = []
        for thread in self._threads:
            thread.start()

    def _ask(self) -> None:
        with httpx.Client(trust_env=False, limits=self._limits, timeout=WAIT_SECONDS) as client:
            while True:
                try:
                    answer = client.post(self._url, content=bytes(200_000))
                except httpx.ConnectError:
                    return
                except httpx.TransportError as error:
                    self.lost.append(repr(error))
                    return
                self.statuses.append(answer.status_code)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join(WAIT_SECONDS)


@pytest.mark.parametrize("keeps_connections", [True, False])
def test_under_load_no_request_is_lost(tiny: Served, keeps_connections: bool) -> None:
    load = Load(tiny.url, keeps_connections=keeps_connections)
    wait_until(lambda: len(load.statuses) > 50)
    assert tiny.end() == 0
    load.wait()
    assert load.lost == []
    assert set(load.statuses) <= {200, 503}


def test_every_port_is_served_by_all_workers_and_loses_no_request(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, TINY, pekat_projects=f"a.toml:{port}") as served:
        loads = [
            Load(url, keeps_connections=False) for url in (served.url, f"http://127.0.0.1:{port}")
        ]
        wait_until(lambda: all(len(load.statuses) > 50 for load in loads))
        assert served.end() == 0
        for load in loads:
            load.wait()
            assert load.lost == []
            assert set(load.statuses) <= {200, 503}


def test_a_single_worker_that_is_told_to_end_is_replaced_and_nothing_is_lost(
    tiny: Served,
) -> None:
    load = Load(tiny.url, keeps_connections=False)
    wait_until(lambda: len(load.statuses) > 50)
    for count in (1, 2):
        leaving = tiny.workers()[0]
        leaving.terminate()
        wait_until(lambda: not leaving.is_running())  # noqa: B023
        wait_until(lambda: tiny.logged("worker ready") == 2 + count)  # noqa: B023
    before = len(load.statuses)
    wait_until(lambda: len(load.statuses) > before + 100)
    assert tiny.end() == 0
    load.wait()
    assert load.lost == []
    assert set(load.statuses) <= {200, 503}


def test_no_process_outlives_a_killed_master(tiny: Served) -> None:
    workers = tiny.workers()
    tiny.process.kill()
    tiny.process.wait(WAIT_SECONDS)
    assert psutil.wait_procs(workers, timeout=WAIT_SECONDS)[1] == []
