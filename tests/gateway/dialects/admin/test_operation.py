"""How it runs, as the admin API tells it."""

import hashlib
import time
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import insert

from engines.models import weights
from gateway.dialects.admin.figures import figures
from gateway.dialects.admin.operation import list_settings
from gateway.flow import Call
from gateway.metrics import Metrics
from gateway.pool.contract import Snapshot, Timing
from gateway.settings import Settings, explain
from gateway.store.database import Database
from gateway.store.tables import refused_jobs
from tests.auth.workers import Workers
from tests.serving import wait_until

DIGEST = "1a2b" * 16


def test_metrics_are_those_of_all_gateway_workers(workers: Workers) -> None:
    def counted() -> list[int]:
        told = [client.get("/v2/admin/metrics").json() for client in workers]
        return [
            sum(one["count"] for one in each["requests"] if one["status"] == "404") for each in told
        ]

    before = counted()
    for client in workers:
        client.get("/no-such-path")
    # A request is counted once its answer is out, so perhaps after the caller has gone on.
    wait_until(lambda: counted() == [count + 2 for count in before])


def test_metrics_tell_what_there_is(admin: httpx.Client) -> None:
    wait_until(lambda: admin.get("/v2/admin/metrics").json()["slots"])
    told = admin.get("/v2/admin/metrics").json()
    assert told["gateways"] == 2
    assert told["queue_limit"] == 2 * Settings.model_fields["queue_length"].default
    assert told["held_limit"] == 2 * Settings.model_fields["max_held_bytes"].default


def test_latencies_are_counted_between_their_bounds() -> None:
    metrics = Metrics()
    metrics.answered("ltu", "/edges", 200, 0.2)
    metrics.answered("ltu", "/contours", 200, 0.2)
    metrics.answered("ltu", "/edges", 503, 99)
    metrics.computed("edges", Timing(0.001, 0.2))
    told = figures(metrics.samples(), Settings())
    by_kind = {(one.of, one.name): one for one in told.latencies}
    assert by_kind.keys() == {("request", "ltu"), ("queue", "edges"), ("engine", "edges")}
    of_requests = by_kind["request", "ltu"]
    assert of_requests.seconds == pytest.approx(99.4)
    counts = dict(zip([*told.bounds_seconds, None], of_requests.counts, strict=True))
    assert {bound: count for bound, count in counts.items() if count} == {0.25: 2, None: 1}


def test_slots_and_their_ends_are_told() -> None:
    metrics = Metrics()
    metrics.sample(Snapshot(pids=(1, 2), busy=1, queued=5, done=3, crashes=1), held_bytes=10)
    told = figures(metrics.samples(), Settings(queue_length=7))
    assert (told.slots, told.slots_busy, told.queue_length, told.queue_limit) == (2, 1, 5, 7)
    assert (told.jobs, told.slot_crashes, told.slot_kills, told.held_bytes) == (3, 1, 0, 10)


def test_models_are_listed_as_their_files_are(admin: httpx.Client) -> None:
    listed: dict[str, Any] = {
        one["name"]: one for one in admin.get("/v2/admin/models").json()["models"]
    }
    file = weights.FOLDER / "efficientnet_lite0_fp16w.onnx"
    classifier = listed["classifier"]
    assert classifier["bytes"] == file.stat().st_size
    assert classifier["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert classifier["licence"] == "Apache-2.0"


def test_settings_are_told_with_their_sources(admin: httpx.Client) -> None:
    told = {one.pop("name"): one for one in admin.get("/v2/admin/settings").json()["settings"]}
    assert told.keys() == {one.name for one in explain(Settings())}
    assert told["PIXELGATE_WORKERS"] == {"value": "2", "source": "environment"}


@pytest.mark.anyio
async def test_no_secret_is_told_as_a_setting() -> None:
    settings = Settings(
        database="postgresql://pixelgate:hush-hush@db/rows",
        limits="redis://:hush-hush@counts",
        metrics_token=SecretStr("hush-hush-hush-hush"),
    )
    call = SimpleNamespace(request=SimpleNamespace(state={"settings": settings}))
    answer = await list_settings(cast(Call, call))
    assert b"postgresql://pixelgate:***@db/rows" in answer.body
    assert b"hush" not in bytes(answer.body)


def test_a_refused_job_is_listed_and_released(workers: Workers, rows: Database) -> None:
    with rows.begin() as connection:
        row = {"digest": DIGEST, "until": time.time() + 600}
        connection.execute(insert(refused_jobs).values(row))
    assert [one["digest"] for one in workers[0].get("/v2/admin/quarantine").json()["jobs"]] == [
        DIGEST
    ]
    assert workers[1].delete(f"/v2/admin/quarantine/{DIGEST}").status_code == 204
    assert workers[0].get("/v2/admin/quarantine").json() == {"jobs": []}
    gone = workers[1].delete(f"/v2/admin/quarantine/{DIGEST}")
    assert (gone.status_code, gone.json()["error"]) == (404, "no_such_refused_job")
