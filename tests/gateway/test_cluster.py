"""The whole service with its engines in a worker that a Dask scheduler lists."""

import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from gateway.cli import doctor
from gateway.cli.doctor import State
from gateway.settings import Settings
from tests.engines.videos.films import film
from tests.gateway.dialects.aerovision import matches
from tests.gateway.dialects.celantur.pictures import ASYNC, FILE, TASK, sent
from tests.gateway.pool.cluster import Cluster, kill, running_cluster
from tests.pictures import encoded
from tests.serving import WAIT_SECONDS, Served, running, wait_until

PICTURE = encoded("PNG", matches.SCENE)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=0) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def served(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    told = {"pool": f"dask://127.0.0.1:{cluster.port}", "workers": 1}
    opened = "ltu,pekat,aerovision,celantur"
    folder = tmp_path_factory.mktemp("served")
    with running(folder, "gateway", "serve", open_dialects=opened, **told) as served:
        yield served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.url, trust_env=False, timeout=WAIT_SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def queued(client: httpx.Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Tasks that were sent when there was no engine yet: a match's answer, and a video's."""
    shown = np.full((96, 128, 3), 110, np.uint8)
    video = film(tmp_path_factory.mktemp("sent") / "in.mp4", [shown] * 3).read_bytes()
    return {
        "match": client.post(matches.TEMPLATE, files=matches.both()),
        "video": client.post(
            FILE, params={"face": True}, files=sent(video, "in.mp4"), headers=ASYNC
        ),
    }


@pytest.fixture(scope="module")
def worker(cluster: Cluster, queued: dict[str, Any]) -> subprocess.Popen[bytes]:
    """`pixelgate worker`, which comes after the tests without one."""
    address = f"tcp://127.0.0.1:{cluster.port}"
    words = ("-m", "gateway", "worker", address, "--slots", "1", "--name", "first")
    cluster.workers.append(cluster.start(*words))
    return cluster.workers[-1]


@pytest.fixture
def ready(served: Served, worker: subprocess.Popen[bytes]) -> None:
    wait_until(lambda: served.get("/health/ready").status_code == 200)


def examined(cluster: Cluster) -> doctor.Finding:
    return doctor._cluster(Settings(pool=f"dask://127.0.0.1:{cluster.port}"))


@pytest.mark.parametrize(
    "path", ["/v2/services/image/edges", "/v2/services/image/templateMatch", "/analyze_image"]
)
def test_without_an_engine_a_request_is_told_when_to_come_again(
    client: httpx.Client, path: str
) -> None:
    files = dict.fromkeys(("image", "template"), PICTURE)
    answer = client.post(path, files=files) if "v2" in path else client.post(path, content=PICTURE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2"), answer.text
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200


def test_the_doctor_misses_a_worker(cluster: Cluster) -> None:
    wait_until(lambda: "0 slots of 0 workers" in examined(cluster).text)
    assert examined(cluster).state is State.WRONG
    assert "pixelgate worker tcp://127.0.0.1:" in examined(cluster).text


def test_tasks_wait_for_an_engine_to_come(
    client: httpx.Client, queued: dict[str, Any], ready: None
) -> None:
    told = matches.ended(client, queued["match"])
    assert told["status"] == "done", told
    link = f"{TASK}/{queued['video'].json()['id']}"
    wait_until(lambda: client.get(link).json()["status"] not in ("queued", "processing"))
    assert client.get(link).json()["status"] == "done", client.get(link).text


def test_the_doctor_counts_the_slots(cluster: Cluster, ready: None) -> None:
    assert (examined(cluster).state, examined(cluster).text) == (
        State.FINE,
        "1 slots of 1 workers",
    )


def test_a_request_is_answered_by_the_worker(client: httpx.Client, ready: None) -> None:
    answer = client.post("/v2/services/image/edges", files={"image": PICTURE})
    assert answer.status_code == 200, answer.text
    assert answer.json()["version"]


def test_a_worker_ends_by_a_signal_and_the_service_is_no_longer_ready(
    served: Served, worker: subprocess.Popen[bytes], cluster: Cluster, ready: None
) -> None:
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(WAIT_SECONDS) == 0
    wait_until(lambda: served.get("/health/ready").status_code == 503)
    kill(cluster.scheduler)
    assert "no scheduler answers" in examined(cluster).text
