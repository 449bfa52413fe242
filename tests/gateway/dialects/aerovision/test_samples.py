"""The document's own samples, unchanged but for the host; the API is open, as theirs is."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import httpx
import numpy as np
import pytest

from tests.clouds import TURN, pebble, placed, ply, seen
from tests.needs import need
from tests.serving import REPOSITORY, WAIT_SECONDS, serving, wait_until

SAMPLES = REPOSITORY / "tests" / "data" / "aerovision"
HOST = "http://localhost:8888"
FILES = {
    "imageInput": "screenshot.png",
    "templateInput": "icon.png",
    "fileInput1": "photo1.jpg",
    "fileInput2": "photo2.jpg",
    "imageFile": "photo.png",
    "templateFile": "icon.png",
    "modelInput": "model.ply",
    "sceneInput": "scene.ply",
}
"""What a page has chosen, by the names that the samples give it."""
PAGE = """
const fs = require("fs");
const file = (name) => new File([fs.readFileSync(name)], name);
const chosen = (name) => Object.assign(file(name), {files: [file(name)]});
const ask = globalThis.fetch;
globalThis.fetch = (path, init) => ask(new URL(path, "%(url)s"), init);
(async () => {
%(names)s
%(sample)s
  console.log("\\n" + JSON.stringify(%(result)s));
})();
"""
EXPRESS = """
const http = require("http");
const handlers = {};
const app = {post: (path, handler) => { handlers[path] = handler; }};
%(sample)s
const server = http.createServer((req, response) => {
  const parts = [];
  req.on("data", (part) => parts.push(part)).on("end", () => {
    req.body = JSON.parse(Buffer.concat(parts));
    const res = {
      status: (code) => { response.statusCode = code; return res; },
      send: (text) => response.end(text),
      sendStatus: (code) => { response.statusCode = code; response.end(); },
    };
    handlers[req.url](req, res);
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""


@dataclass
class Stage:
    """Where the samples run: the service, and a folder of the pictures that they name."""

    url: str
    folder: Path

    def sample(self, name: str) -> str:
        return (SAMPLES / f"{name}.txt").read_text().replace(HOST, self.url)

    def python(self, name: str, result: str) -> tuple[Any, list[str]]:
        """What a sample leaves behind under some names, and what it prints."""
        sample = self.sample(f"{name}.py")
        told = f"import json; print(json.dumps({result}))"
        # In a process of its own: the samples leave their files open.
        *printed, left = self.run(sys.executable, "-c", f"{sample}\n{told}")
        return json.loads(left), printed

    def node(self, name: str, result: str) -> Any:
        """What a sample leaves behind under one name."""
        chosen = [f'  const {name} = chosen("{file}");' for name, file in FILES.items()]
        sample = textwrap.indent(self.sample(f"{name}.js"), "  ")
        page = PAGE % {
            "url": self.url,
            "names": "\n".join(chosen),
            "sample": sample,
            "result": result,
        }
        return json.loads(self.run(need("node", "apt-get install nodejs"), "-e", page)[-1])

    def curl(self, name: str) -> dict[str, Any]:
        command = self.sample(f"{name}.sh").replace("curl ", "curl -s ", 1)
        answer: dict[str, Any] = json.loads(self.run("bash", "-c", command)[-1])
        return answer

    def run(self, *command: str) -> list[str]:
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=WAIT_SECONDS
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()

    def ask(self, method: str, path: str, **sent: Any) -> httpx.Response:
        answer = httpx.request(
            method, self.url + path, trust_env=False, timeout=WAIT_SECONDS, **sent
        )
        return answer.raise_for_status()

    def settings(self, tool: str) -> Any:
        return self.ask("GET", f"/api/v1/settings/{tool}").json()

    def ended(self, task: dict[str, Any]) -> dict[str, Any]:
        told: dict[str, Any] = {}

        def has_ended() -> bool:
            told.update(self.ask("GET", f"/api/v1/tasks/{task['uid']}").json())
            return told["status"] in ("done", "error")

        wait_until(has_ended)
        return told


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The service, open and able to reach receivers here, and the pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    photo = cv2.imread(str(REPOSITORY / "gateway" / "console" / "static" / "sample.jpg"))
    assert photo is not None
    for name in ("screenshot.png", "photo.png", "photo1.jpg", "photo2.jpg"):
        cv2.imwrite(str(folder / name), photo)
    cv2.imwrite(str(folder / "icon.png"), photo[60:140, 200:300])
    (folder / "model.ply").write_bytes(ply(pebble()))
    (folder / "scene.ply").write_bytes(ply(seen(placed(pebble(3000, seed=1)))))
    told = {"open_dialects": "aerovision", "fetch_allow": "127.0.0.1", "slots": 1}
    with serving(tmp_path_factory.mktemp("data"), **told) as served:
        yield Stage(served.url, folder)


def check_template(task: dict[str, Any]) -> None:
    assert task["status"] == "done", task
    best = task["result_data"]["matches"][0]
    assert (best["x"], best["y"], best["w"], best["h"], best["score"]) == (200, 60, 100, 80, 1)


def check_feature(task: dict[str, Any]) -> None:
    assert task["status"] == "done", task
    result = task["result_data"]
    assert result["good_matches"] > 100
    assert (result["detector"], result["matcher"]) == ("SIFT", "FLANN")
    assert len(task["result_files"]) == 1


def check_surface(task: dict[str, Any]) -> None:
    assert task["status"] == "done", task
    assert task["params"]["relative_sampling_step"] == 0.025
    assert np.abs(np.array(task["result_data"]["pose"])[:3, :3] - TURN).max() < 0.03


def check_chain(task: dict[str, Any]) -> None:
    assert task["result_data"]["chain_result"] == "found", task
    assert task["result_data"]["completed_step"] == 1


def test_template_in_python(stage: Stage) -> None:
    (status, task), _ = stage.python("template", "[resp.status_code, status]")
    assert status == 201
    check_template(task)


def test_feature_in_python(stage: Stage) -> None:
    (status, task), _ = stage.python("feature", "[resp.status_code, status]")
    assert status == 200
    check_feature(task)


def test_surface_in_python(stage: Stage) -> None:
    (status, task), _ = stage.python("surface", "[resp.status_code, result]")
    assert status == 200
    check_surface(task)


def test_chain_in_python(stage: Stage) -> None:
    (status, task), _ = stage.python("chain", "[resp.status_code, resp.json()]")
    assert status == 200
    check_chain(stage.ended(task))


def test_tasks_in_python(stage: Stage) -> None:
    stage.curl("chain")
    data, printed = stage.python("tasks", "data")
    assert printed[0] == f"Всего задач: {data['total']}"
    assert len(printed) == 1 + len(data["tasks"]) > 1


def test_an_unknown_task_in_python(stage: Stage) -> None:
    answer, printed = stage.python("task", "resp.json()")
    assert answer == {"detail": "Task not found"}
    assert printed == ["Задача не найдена"]


def test_settings_in_python(stage: Stage) -> None:
    before = stage.settings("feature")
    (template, first, changed), _ = stage.python("settings", "[tmpl, current, resp.json()]")
    assert (template["tool"], first) == ("template", before)
    assert changed == stage.settings("feature")
    assert changed["params"] == {
        "detector": "ORB",
        "matcher": "BFMatcher",
        "ratio_threshold": 0.8,
        "max_matches": 500,
    }
    stage.ask("PUT", "/api/v1/settings/feature", json=before["params"])


def test_webhooks_in_python(stage: Stage) -> None:
    (made, listed), printed = stage.python("webhooks", "[wh, hooks]")
    assert made.keys() == {"id", "url", "created_at"}
    assert listed == [made]
    assert printed == [f" {made['id']} → {made['url']}"]
    assert stage.ask("GET", "/api/v1/webhooks").json() == []


def test_template_in_node(stage: Stage) -> None:
    check_template(stage.node("template", "result"))


def test_feature_in_node(stage: Stage) -> None:
    check_feature(stage.node("feature", "result"))


def test_surface_in_node(stage: Stage) -> None:
    task = stage.node("surface", "result")  # asked for once, and perhaps not yet done
    check_surface(stage.ended(task))


def test_chain_in_node(stage: Stage) -> None:
    check_chain(stage.ended(stage.node("chain", "data")))


def test_webhooks_in_node(stage: Stage) -> None:
    made, listed = stage.node("webhooks", "[wh, hooks]")
    assert listed == [made]
    assert stage.ask("GET", "/api/v1/webhooks").json() == []


def test_template_by_curl(stage: Stage) -> None:
    task = stage.ended(stage.curl("template"))
    assert task["params"]["method"] == "TM_CCORR_NORMED"
    assert task["result_data"]["matches"][0]["score"] == 1


def test_chain_by_curl(stage: Stage) -> None:
    check_chain(stage.ended(stage.curl("chain")))


def test_settings_by_curl(stage: Stage) -> None:
    assert stage.curl("settings")["params"]["threshold"] == 0.9


def test_the_express_sample_verifies_what_it_is_sent(stage: Stage) -> None:
    express = EXPRESS % {"sample": stage.sample("signature.js")}
    command = [need("node", "apt-get install nodejs"), "-e", express]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as node:
        try:
            assert node.stdout is not None
            url = f"http://127.0.0.1:{node.stdout.readline().strip()}/callback"
            wanted = {"url": url, "secret": "my-secret"}
            hook = stage.ask("POST", "/api/v1/webhooks", json=wanted).json()
            uid = stage.curl("template")["uid"]
            sent = f"/api/v1/webhooks/{hook['id']}/deliveries"

            def is_verified() -> bool:
                # A wrong signature it answers with 401, and is asked again.
                told = {one["uid"]: one for one in stage.ask("GET", sent).json()}
                return uid in told and told[uid]["last_status"] == 200

            wait_until(is_verified)
        finally:
            node.kill()
        assert f"Task {uid} done" in node.stdout.read().splitlines()
    stage.ask("DELETE", f"/api/v1/webhooks/{hook['id']}")
