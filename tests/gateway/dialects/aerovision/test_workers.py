"""Tasks and settings are the same in every worker, and after a restart."""

from pathlib import Path

import httpx

from tests.auth.workers import each_worker
from tests.gateway.dialects.aerovision.matches import TASKS, TEMPLATE, both, ended
from tests.keys import api_key
from tests.serving import WAIT_SECONDS, Served, serving

SETTINGS = "/api/v1/settings/template"


def test_what_one_worker_was_told_the_other_knows(matching: Served) -> None:
    key = {"X-API-Key": api_key(matching)}
    with each_worker(matching) as (one, other):
        one.headers.update(key)
        other.headers.update(key)
        one.put(SETTINGS, json={"threshold": 0.9}).raise_for_status()
        created = other.post(TEMPLATE, files=both())
        assert created.json()["params"]["threshold"] == 0.9
        task = ended(one, created)
        assert other.get(f"{TASKS}/{task['uid']}").json() == task
        for path in (task["thumbnails"][0], task["result_files"][0]):
            assert one.get(f"/{path}").content == other.get(f"/{path}").content


def test_settings_and_results_outlive_the_service(tmp_path: Path) -> None:
    with serving(tmp_path, slots=1, workers=1) as served:
        key = {"X-API-Key": api_key(served)}
        with httpx.Client(
            base_url=served.url, headers=key, trust_env=False, timeout=WAIT_SECONDS
        ) as client:
            client.put(SETTINGS, json={"use_grayscale": False}).raise_for_status()
            task = ended(client, client.post(TEMPLATE, files=both()))
    with serving(tmp_path, slots=1, workers=1) as served:
        assert served.get(SETTINGS, key).json()["params"]["use_grayscale"] is False
        assert served.get(f"{TASKS}/{task['uid']}", key).json() == task
        assert served.get(f"/{task['result_files'][0]}", key).status_code == 200
