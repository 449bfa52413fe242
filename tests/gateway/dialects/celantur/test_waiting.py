"""Tasks that are waited for, while no engine process answers."""

from pathlib import Path
from typing import Any

import httpx

from tests.attack.engine_processes import frozen_engines
from tests.gateway.dialects.celantur.callers import caller
from tests.gateway.dialects.celantur.pictures import ASYNC, FILE, TASK, encoded, ended, sent
from tests.serving import Served, serving, wait_until


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = client.get(f"{TASK}/list").json()
    return tasks


def test_an_upload_whose_client_leaves_is_cancelled(hiding: Served) -> None:
    with caller(hiding) as client, frozen_engines(hiding), hiding.connect() as leaving:
        body = encoded()
        head = (
            f"POST {FILE} HTTP/1.1\r\nHost: here\r\nX-API-Key: {client.headers['X-API-Key']}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        leaving.sendall(head.encode() + body)
        wait_until(lambda: listed(client))
        leaving.close()
        wait_until(lambda: not listed(client))


def test_an_upload_is_waited_for_as_long_as_its_engine_may_take(tmp_path: Path) -> None:
    hasty = serving(tmp_path, workers=1, slots=1, deadline_seconds=0.001)
    with hasty as served, caller(served) as client:
        assert client.post(FILE, files=sent(encoded())).status_code == 200


def test_a_result_before_its_time_is_refused(hiding: Served) -> None:
    with caller(hiding) as client:
        with frozen_engines(hiding):
            task = client.post(FILE, files=sent(encoded()), headers=ASYNC).json()
            assert task["status"] == "queued"
            assert "anonymised_link" not in task
            answer = client.get(f"{FILE}/{task['id']}/anonymised")
            assert (answer.status_code, answer.json()["status_code"]) == (409, 409)
        assert ended(client, task["id"])["status"] == "done"


def test_a_task_is_cancelled_with_its_files(hiding: Served) -> None:
    with caller(hiding) as client, frozen_engines(hiding):
        id = client.post(FILE, files=sent(encoded()), headers=ASYNC).json()["id"]
        client.delete(f"{TASK}/{id}", params={"record": "false"}).raise_for_status()
        assert client.get(f"{TASK}/{id}").json()["status"] == "deleted"
        assert client.delete(f"{TASK}/{id}").json() == {"id": id, "status": "deleted"}
