"""Native services as tasks, asked of two gateway workers in turns."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import AsyncMock

import httpx
import pytest
from click.testing import CliRunner

from engines.core.run import Job
from engines.core.shapes import Parameters
from gateway.__main__ import main
from gateway.dialects.ltu import tasks
from gateway.errors import QueueFull, TaskUnfinished
from gateway.flow import Call
from gateway.limits.admission import Places
from gateway.limits.memory_budget import MemoryBudget, Share
from gateway.tasks.status import Status
from gateway.tasks.task import StoredFile, Task
from tests.auth.workers import EDGES, Workers, each_worker
from tests.gateway.pool.running import LoopClock
from tests.serving import Served, settings_environment

TASKS = "/v2/tasks"
LATER = {"Prefer": "respond-async"}


@pytest.fixture(scope="module")
def workers(served: Served) -> Iterator[Workers]:
    """A client of each worker, both with the demo account's token."""
    with each_worker(served) as clients:
        for client in clients:
            client.headers["Authorization"] = f"Bearer {served.token()}"
        yield clients


def key_of(served: Served, owner: str, *scopes: str) -> str:
    """A new API key."""
    words = ["apikeys", "add", "--owner", owner, *(w for one in scopes for w in ("--scope", one))]
    environment = settings_environment({"data": served.log.parent})
    made = CliRunner(env=environment).invoke(main, words, catch_exceptions=False)
    return made.stdout.split()[-1]


def ask_later(
    client: httpx.Client, picture: bytes, path: str = EDGES, **headers: str
) -> httpx.Response:
    return client.post(path, files={"image": picture}, headers=LATER | headers)


def ended(client: httpx.Client, location: str) -> dict[str, Any]:
    """The task when it has ended, however often that has to be asked."""
    task: dict[str, Any] = {}
    while "finished_at" not in task:
        task = client.get(location, params={"wait": 25}).json()
    return task


@pytest.fixture(scope="module")
def picture(photograph: Path) -> bytes:
    return photograph.read_bytes()


def test_a_task_is_accepted_and_answers_what_the_service_answers(
    workers: Workers, picture: bytes
) -> None:
    accepted = ask_later(workers[0], picture)
    assert accepted.status_code == 202
    assert accepted.headers["Preference-Applied"] == "respond-async"
    assert accepted.headers["Retry-After"] == "1"
    location = accepted.headers["Location"]
    assert location == f"{TASKS}/{accepted.json()['id']}"
    task = ended(workers[1], location)
    assert (task["status"], task["service"], task["progress"]) == ("done", "edges", 1)
    later, at_once = workers[0].get(task["result"]), ask(workers[1], picture)
    assert later.json() == at_once.json()
    assert later.headers["Content-Type"] == at_once.headers["Content-Type"]


def ask(client: httpx.Client, picture: bytes, **headers: str) -> httpx.Response:
    return client.post(EDGES, files={"image": picture}, headers=headers)


def test_a_picture_as_answer_is_kept_as_one(workers: Workers, picture: bytes) -> None:
    location = ask_later(workers[0], picture, Accept="image/png").headers["Location"]
    later = workers[1].get(ended(workers[1], location)["result"])
    assert later.headers["Content-Type"] == "image/png"
    assert later.content == ask(workers[0], picture, Accept="image/png").content


def test_the_head_of_a_result_is_asked_for_alone(workers: Workers, picture: bytes) -> None:
    result = ended(workers[0], ask_later(workers[0], picture).headers["Location"])["result"]
    whole, head = workers[1].get(result), workers[1].head(result)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type"):
        assert head.headers[name] == whole.headers[name]


def test_a_refusal_is_the_tasks_error_and_its_result(workers: Workers) -> None:
    location = ask_later(workers[0], b"no picture").headers["Location"]
    task = ended(workers[1], location)
    refused, at_once = workers[0].get(f"{location}/result"), ask(workers[0], b"no picture")
    assert (task["status"], "result" in task) == ("error", False)
    assert refused.status_code == at_once.status_code == 422
    assert refused.json() == task["error"]
    same = ("code", "error", "message", "errors")
    assert [refused.json()[key] for key in same] == [at_once.json()[key] for key in same]


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("respond-async, wait=5", 202),
        ('wait=5;x="a,b", Respond-Async; why="x"', 202),
        ('respond-async=""', 202),
        ('note="a, respond-async, b"', 200),
        ("note; respond-async", 200),
        ("respond-async=no", 200),
    ],
)
def test_later_is_a_preference_and_no_others_value(
    workers: Workers, picture: bytes, prefer: str, status: int
) -> None:
    assert ask(workers[0], picture, Prefer=prefer).status_code == status


def test_bad_parameters_are_refused_at_once(workers: Workers, picture: bytes) -> None:
    answer = workers[0].post(
        EDGES, files={"image": picture}, data={"edge_thickness": "51"}, headers=LATER
    )
    assert answer.status_code == 422


def test_an_idempotency_key_names_one_task_on_both_workers(
    workers: Workers, picture: bytes
) -> None:
    named = {"Idempotency-Key": "lot-7"}
    first, second = (ask_later(client, picture, **named) for client in workers)
    assert first.headers["Location"] == second.headers["Location"]
    other = ask_later(workers[0], picture + b" ", **named)
    assert (other.status_code, other.json()["error"]) == (422, "idempotency_key_reused")
    unreadable = ask_later(workers[0], picture, **{"Idempotency-Key": "a b"})
    assert unreadable.status_code == 400


def test_a_task_is_nobody_elses(served: Served, workers: Workers, picture: bytes) -> None:
    location = ask_later(workers[0], picture).headers["Location"]
    environment = settings_environment({"data": served.log.parent})
    words = ["users", "add", "eve", "--password-stdin"]
    CliRunner(env=environment).invoke(main, words, input="correct horse\n")
    eve = {"X-API-Key": key_of(served, "eve")}
    with served.client(eve) as client:
        asked = [client.get(location), client.get(f"{location}/result"), client.delete(location)]
        assert [one.status_code for one in asked] == [404, 404, 404]
        assert client.get(TASKS).json() == {"total": 0, "tasks": []}
    assert ended(workers[0], location)["status"] == "done"


def test_a_key_sees_tasks_of_its_services_alone(
    served: Served, workers: Workers, picture: bytes
) -> None:
    location = ask_later(workers[0], picture).headers["Location"]
    for scope, status in (("edges", 200), ("heatMap", 404)):
        headers = {"X-API-Key": key_of(served, served.user, scope)}
        with served.client(headers) as client:
            assert client.get(location).status_code == status
            assert (client.get(TASKS).json()["total"] > 0) == (status == 200)


def test_a_deleted_task_is_gone(workers: Workers, picture: bytes) -> None:
    location = ask_later(workers[0], picture).headers["Location"]
    gone = workers[1].delete(location)
    assert (gone.status_code, gone.content) == (204, b"")
    unknown = workers[0].get(location)
    assert (unknown.status_code, unknown.json()["error"]) == (404, "no_such_task")


def test_events_tell_of_a_task_until_it_ends(workers: Workers, picture: bytes) -> None:
    location = ask_later(workers[0], picture, "/v2/services/image/heatMap").headers["Location"]
    with workers[1].stream("GET", f"{location}/events") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        lines = [line.partition(": ")[::2] for line in stream.iter_lines() if line]
    told = [json.loads(data) for name, data in lines if name == "data"]
    assert {data for name, data in lines if name == "event"} == {"task"}
    assert [one["status"] for one in told][-1] == "done"
    assert told[-1] == workers[0].get(location).json()


def test_the_newest_tasks_come_first(workers: Workers, picture: bytes) -> None:
    locations = [ask_later(workers[place % 2], picture).headers["Location"] for place in range(3)]
    page = workers[0].get(TASKS, params={"limit": 2, "offset": 1}).json()
    assert [f"{TASKS}/{one['id']}" for one in page["tasks"]] == locations[1::-1]
    assert page["total"] >= 3


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "offset=-1", "wait=26", "wait=-1", "wait=1.5"]
)
def test_every_number_has_a_range(workers: Workers, picture: bytes, query: str) -> None:
    is_of_list = not query.startswith("wait")
    path = TASKS if is_of_list else ask_later(workers[0], picture).headers["Location"]
    assert workers[0].get(f"{path}?{query}").status_code == 422


def test_tasks_need_a_token(served: Served) -> None:
    for path in (TASKS, f"{TASKS}/1", f"{TASKS}/1/result", f"{TASKS}/1/events"):
        assert served.get(path).status_code == 401


@pytest.mark.anyio
async def test_an_unfinished_task_has_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unfinished(call: Call) -> Any:
        return SimpleNamespace(failure=None, is_finished=False, status=Status.PROCESSING)

    monkeypatch.setattr(tasks, "_task", unfinished)
    with pytest.raises(TaskUnfinished, match="processing") as refused:
        await tasks.result(cast(Call, None))
    assert refused.value.retry_after_seconds == 1


@pytest.fixture
def share() -> Iterator[Share]:
    """Of a budget of 100 bytes, 11 of which somebody else holds."""
    budget = MemoryBudget(100)
    with budget.share() as other, budget.share() as share:
        other.hold(11)
        yield share


@pytest.mark.anyio
async def test_the_inputs_of_a_task_count_while_they_are_stored(share: Share) -> None:
    job = Job("edges", (bytes(90),), Parameters(), "", names=("image",))
    with pytest.raises(QueueFull):
        await tasks.queue(cast(Call, SimpleNamespace(share=share)), job)


@pytest.mark.anyio
async def test_a_result_for_which_there_is_no_room_is_not_read(
    share: Share, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def done(call: Call) -> Any:
        return SimpleNamespace(failure=None, is_finished=True, files=[StoredFile("", "", 90)])

    monkeypatch.setattr(tasks, "_task", done)
    with pytest.raises(QueueFull):
        await tasks.result(cast(Call, SimpleNamespace(share=share)))


@pytest.mark.anyio
async def test_an_end_by_a_clock_that_is_behind_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = SimpleNamespace(id="1", owner="ada", work="ltu.edges", updated_at=2, is_finished=False)
    ended = SimpleNamespace(updated_at=1, is_finished=True)
    watch = SimpleNamespace(is_ending=lambda: False, changed=AsyncMock())
    known = SimpleNamespace(streams=Places(1), watch=watch, get=AsyncMock(return_value=ended))
    monkeypatch.setattr(tasks, "_event", lambda call, task: f"{task.is_finished}")
    call = SimpleNamespace(owner="ada", request=SimpleNamespace(state={"tasks": known}))
    told = [one async for one in tasks._events(cast(Call, call), cast(Task, begun))]
    assert told == ["False", "True"]


@pytest.mark.anyio
async def test_a_stream_ends_after_a_while_though_its_task_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = LoopClock(monkeypatch)
    begun = SimpleNamespace(id="1", owner="ada", work="ltu.edges", updated_at=2, is_finished=False)
    waited: list[float] = []

    async def changed(id: str, version: float, seconds: float) -> None:
        waited.append(seconds)
        await clock.forward(seconds)

    watch = SimpleNamespace(is_ending=lambda: False, changed=changed)
    known = SimpleNamespace(streams=Places(1), watch=watch, get=AsyncMock(return_value=begun))
    monkeypatch.setattr(tasks, "_event", lambda call, task: "told")
    call = SimpleNamespace(owner="ada", request=SimpleNamespace(state={"tasks": known}))
    told = [one async for one in tasks._events(cast(Call, call), cast(Task, begun))]
    assert told == ["told"] + [":\n\n"] * len(waited)
    assert sum(waited) == pytest.approx(tasks.STREAM_SECONDS, abs=5)
    with known.streams.taken_by("ada"):
        pass  # its place is free again
