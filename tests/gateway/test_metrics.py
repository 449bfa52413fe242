"""What Prometheus is told: exact numbers of a known load, in labels that callers cannot fill."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.errors import UrlRefused
from gateway.metrics import Metrics
from gateway.pool.contract import Snapshot, Timing
from tests.auth.workers import EDGES, Workers, each_worker, log_in
from tests.pictures import encoded
from tests.serving import Served, serving, wait_until

SECRET = "the-token-of-prometheus"
Figures = dict[str, float]


def figures(text: str) -> Figures:
    """Every sample by its name and the values of its labels."""
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(metrics: Metrics) -> Figures:
    return figures(metrics.exposition().decode())


def test_a_request_is_counted_and_timed_by_what_answered() -> None:
    metrics = Metrics()
    metrics.answered("ltu", "/v2/tasks/{id}", 200, 0.2)
    metrics.answered("ltu", "/v2/tasks/{id}", 0, 0.3)
    counted = of(metrics)
    assert counted["pixelgate_requests_total ltu /v2/tasks/{id} 200"] == 1
    assert counted["pixelgate_requests_total ltu /v2/tasks/{id} abandoned"] == 1
    assert counted["pixelgate_request_seconds_bucket ltu 0.25 /v2/tasks/{id}"] == 1
    assert counted["pixelgate_request_seconds_sum ltu /v2/tasks/{id}"] == 0.5


def test_a_job_whose_turn_did_not_come_was_in_no_engine() -> None:
    metrics = Metrics()
    metrics.computed("edges", Timing(2.0, 3.0))
    metrics.computed("edges", Timing(4.0))
    counted = of(metrics)
    assert counted["pixelgate_queue_seconds_sum edges"] == 6
    assert counted["pixelgate_engine_seconds_sum edges"] == 3
    assert counted["pixelgate_engine_seconds_count edges"] == 1


def test_a_sample_says_what_is_now_and_adds_what_came_to_pass() -> None:
    metrics = Metrics()
    metrics.sample(Snapshot(pids=(1, 2), busy=2, queued=5, done=3, crashes=1), held_bytes=10)
    metrics.sample(Snapshot(pids=(2,), busy=1, queued=0, done=7, crashes=1), held_bytes=4)
    counted = of(metrics)
    now = {"slots": 1, "slots_busy": 1, "queue_length": 0, "held_bytes": 4}
    ever = {"jobs_total": 7, "slot_crashes_total": 1, "slot_kills_total": 0}
    for name, value in {**now, **ever}.items():
        assert counted[f"pixelgate_{name}"] == value


@pytest.mark.anyio
async def test_what_is_fetched_is_counted_and_what_is_not_by_the_word_for_why() -> None:
    async def fetch(url: str, owner: str) -> bytes:
        if url != "good":
            raise UrlRefused("The address is not fetched.")
        return b"picture"

    metrics = Metrics()
    counted = metrics.counting(fetch)
    assert await counted("good", "ada") == b"picture"
    with pytest.raises(UrlRefused):
        await counted("bad", "ada")
    assert of(metrics)["pixelgate_fetches_total fetched"] == 1
    assert of(metrics)["pixelgate_fetches_total url_refused"] == 1


def test_attempts_to_tell_a_webhook_are_counted_by_the_kind_of_answer() -> None:
    metrics = Metrics()
    for status in (200, 204, 503, None):
        metrics.delivered(status)
    counted = of(metrics)
    assert [counted[f"pixelgate_deliveries_total {one}"] for one in ("2xx", "5xx", "none")] == [
        *(2, 1, 1)
    ]


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("counting"), slots=1, metrics_token=SECRET) as served:
        yield served


@pytest.fixture
def workers(counting: Served) -> Iterator[Workers]:
    with each_worker(counting) as clients:
        yield clients


def scrape(client: httpx.Client) -> Figures:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})
    return figures(answer.raise_for_status().text)


@pytest.mark.parametrize("token", ["", "Bearer another-long-token", "Basic dTpw"])
def test_the_figures_are_for_who_has_their_token(counting: Served, token: str) -> None:
    answer = counting.get("/metrics", {"Authorization": token} if token else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_known_load_on_both_workers_is_told_as_one_sum_by_each(
    counting: Served, workers: Workers
) -> None:
    before, token = scrape(workers[0]), {"Authorization": f"Bearer {counting.token()}"}
    for at in range(20):
        sent = encoded("PNG") if at % 5 else b"no picture"
        workers[at % 2].post(EDGES, files={"image": sent}, headers=token)
    with pytest.raises(httpx.HTTPStatusError):
        log_in(workers[1], "ada", "wrong")
    workers[0].get("/hush/%00")
    expected: Figures = {
        f"pixelgate_requests_total ltu {EDGES} 200": 16,
        f"pixelgate_requests_total ltu {EDGES} 422": 4,
        f"pixelgate_request_seconds_count ltu {EDGES}": 20,
        "pixelgate_engine_seconds_count edges": 20,
        "pixelgate_jobs_total": 20,
        "pixelgate_refusals_total undecodable_picture": 4,
        "pixelgate_refusals_total password_wrong": 1,
        "pixelgate_requests_total gateway unknown 404": 1,
    }
    sampled = {"pixelgate_jobs_total"}
    at_once = {name: count for name, count in expected.items() if name not in sampled}
    for worker in workers:
        assert more(scrape(worker), before, at_once) == at_once
        wait_until(lambda: more(scrape(worker), before, expected) == expected)  # noqa: B023


def more(now: Figures, before: Figures, names: Figures) -> Figures:
    return {name: now.get(name, 0) - before.get(name, 0) for name in names}


def test_a_worker_that_died_is_no_longer_there_but_what_it_counted_is(counting: Served) -> None:
    with each_worker(counting) as workers:
        wait_until(lambda: scrape(workers[0])["pixelgate_slots"] == 2)
        before = scrape(workers[0])
    counting.workers()[0].kill()
    wait_until(lambda: counting.logged("worker ready") == 3)
    with each_worker(counting) as workers:
        wait_until(lambda: scrape(workers[1])["pixelgate_slots"] == 2)
        after = scrape(workers[1])
    name = "pixelgate_requests_total gateway /metrics 200"
    assert after[name] > before[name]


def test_without_a_token_there_are_no_figures_to_ask_for(tmp_path: Path) -> None:
    with serving(tmp_path, slots=1) as served:
        answer = served.get("/metrics")
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
