"""Work that goes on in the console: batches, and tasks with who is told of them."""

import csv
import json
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import console_of, keep
from tests.browser.console_page import ConsolePage
from tests.serving import Served, serving, wait_until
from tests.sources import Quiet, source

HOSTILE = '<img src=x onerror="window.hit = 1">'
DONE = ".task-state[data-status='done']"
FAILED = ".task-state[data-status='error']"


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two workers, which may call back to this machine."""
    folder = tmp_path_factory.mktemp("working")
    with serving(folder, slots=1, fetch_allow="127.0.0.1") as started:
        yield started


@pytest.fixture(scope="module")
def client(working: Served) -> Iterator[httpx.Client]:
    """The same account in another program."""
    with working.client() as made:
        yield made


class Receiver(Quiet, BaseHTTPRequestHandler):
    """Counts what it is sent."""

    posted: list[bytes] = []  # noqa: RUF012  one for all requests

    def do_POST(self) -> None:
        self.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204)
        self.end_headers()


@pytest.fixture
def console(window: Chrome, working: Served) -> Iterator[ConsolePage]:
    """Loaded anew, and signed in."""
    with console_of(working, window) as page:
        page.open()
        page.sign_in(working.user, working.password)
        yield page


def queue(client: httpx.Client, picture: bytes = b"no picture") -> str:
    headers = {"Prefer": "respond-async"}
    answer = client.post("/v2/services/image/edges", headers=headers, files={"image": picture})
    return str(answer.raise_for_status().json()["id"])


def row(id: str) -> str:
    return f".task[data-id='{id}']"


def test_a_task_is_queued_where_one_tries_and_its_result_lies_on_the_picture(
    console: ConsolePage,
) -> None:
    console.go("objectDetection")
    console.take_sample()
    console.find("#later").click()
    console.find(f".task {DONE}")
    console.find(".task button").click()
    count = len(console.answer()["result"]["objects"])
    assert console.count(".task .outline") == count > 0
    assert console.count(".task .frame > img") == 1
    keep(console.browser, console.find("header"), "console-tasks")


NEWS = """
    const task = { id: "1", status: "processing", progress: 0, created_at: "2026-01-01T00:00:00Z" };
    const changed = (changes) => ({ ...task, service: arguments[0], ...changes });
    window.tell = (changes) => window.news.enqueue(
        new TextEncoder().encode(`event: task\\ndata: ${JSON.stringify(changed(changes))}\\n\\n`)
    );
    const asked = window.fetch;
    window.fetch = async (address, options) => {
        const { pathname } = new URL(address);
        if (pathname.endsWith("/tasks")) return Response.json({ total: 1, tasks: [changed()] });
        if (!pathname.endsWith("/events")) return asked(address, options);
        options.signal.addEventListener("abort", () => (window.isLeft = true));
        return new Response(new ReadableStream({ start: (one) => (window.news = one) }));
    };
    location.hash = "tasks";
"""


def test_progress_is_seen_as_it_is_told_while_one_looks(console: ConsolePage) -> None:
    console.browser.execute_script(NEWS, "edges")
    console.until("return window.news")
    console.browser.execute_script("window.tell({ progress: 0.5 })")
    console.until("return document.querySelector('.task progress').value === 0.5")
    console.browser.execute_script("location.hash = 'try'")
    console.until("return window.isLeft")


def test_what_tasks_say_stays_text(console: ConsolePage) -> None:
    console.browser.execute_script(NEWS, HOSTILE)
    console.until("return window.news")
    script = "window.tell({ status: 'error', error: { message: arguments[0] } })"
    console.browser.execute_script(script, HOSTILE)
    console.until("return document.querySelector('.task-state').dataset.status === 'error'")
    assert console.find(".task h2").text == HOSTILE
    assert console.find(".task .failure").text == HOSTILE
    assert console.browser.execute_script("return window.hit") is None


def test_a_task_is_deleted_by_the_keyboard_when_that_is_confirmed(
    console: ConsolePage, client: httpx.Client
) -> None:
    id = queue(client)
    console.visit("tasks")
    console.find(f"{row(id)} {FAILED}")
    console.press_on(f"{row(id)} .quiet")
    console.find("dialog").send_keys(Keys.ESCAPE)
    console.until("return !document.querySelector('dialog')")
    assert console.count(row(id)) == 1
    console.press_on(f"{row(id)} .quiet")
    console.press_on("dialog .wrong")
    console.until(f'return !document.querySelector("{row(id)}")')
    console.until("return document.activeElement.closest('main')")
    assert client.get(f"/v2/tasks/{id}").status_code == 404


def test_who_has_signed_out_sees_no_tasks(console: ConsolePage, client: httpx.Client) -> None:
    id = queue(client)
    console.visit("tasks")
    console.find(row(id))
    console.find("#sign-out").click()
    assert console.find("main .empty").text.startswith("Sign in to see your tasks.")
    assert console.count(".task") == 0


def test_older_tasks_are_on_the_next_page(console: ConsolePage, client: httpx.Client) -> None:
    ids = [queue(client) for _ in range(21)]
    console.visit("tasks")
    console.find(row(ids[-1]))
    assert console.count(".task") == 20
    console.find(".page > .bar button:last-child").click()
    console.find(row(ids[0]))


def test_a_webhook_is_told_and_told_again(
    console: ConsolePage, client: httpx.Client, photograph: Path
) -> None:
    console.visit("tasks")
    console.find(".webhooks summary").click()
    with source(Receiver) as url:
        console.find(".webhook-form input").send_keys(url, Keys.ENTER)
        console.find(".webhook summary")
        files = {"image": photograph.read_bytes(), "template": photograph.read_bytes()}
        client.post("/api/v1/match/template", files=files).raise_for_status()
        wait_until(lambda: len(Receiver.posted) == 1)
        console.find(".webhook summary").click()
        console.find(".webhook li button").click()
        wait_until(lambda: len(Receiver.posted) == 2)
    assert Receiver.posted[0] == Receiver.posted[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_tasks(
    console: ConsolePage, client: httpx.Client, photograph: Path, scheme: str
) -> None:
    console.prefer(scheme)
    done = queue(client, photograph.read_bytes())
    queue(client)
    console.visit("tasks")
    console.find(".webhooks summary").click()
    console.find(".webhook-form")
    console.find(f"{row(done)} {DONE}")
    console.find(f"{row(done)} button").click()
    console.find(f"{row(done)} .frame")
    assert console.serious_faults() == []
    console.find(f"{row(done)} .quiet").click()
    assert console.serious_faults() == []


def test_tasks_are_no_wider_than_a_narrow_phone(console: ConsolePage, client: httpx.Client) -> None:
    id = queue(client)
    console.visit("tasks")
    console.find(".webhooks summary").click()
    console.find(f"{row(id)} {FAILED}")
    with console.narrow():
        width = console.browser.execute_script("return document.documentElement.scrollWidth")
        keep(console.browser, console.find("header"), "console-tasks-narrow")
    assert width <= 320


HOSTILE_NAME = f"{HOSTILE.replace('/', '')}.jpg"
ALL_ENDED = "return document.querySelector('#stop').hidden"
BUSY = """
    const Real = XMLHttpRequest;
    window.refused = 0;
    window.XMLHttpRequest = class extends Real {
        send(body) {
            if (window.refused === 2) return super.send(body);
            window.refused += 1;
            Object.defineProperty(this, "status", { value: 503 });
            Object.defineProperty(this, "response", { value: new Blob(["{}"]) });
            this.getResponseHeader = (name) => (name === "retry-after" ? "1" : null);
            queueMicrotask(() => this.onload());
        }
    };
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 pictures, two files that only claim to be some, and one that claims nothing."""
    made = tmp_path_factory.mktemp("pictures")
    for number in range(48):
        picture = np.full((40, 60, 3), 5 * number, np.uint8)
        cv2.imwrite(str(made / f"picture {number}.png"), picture)
    for name in ("=1+1.jpg", HOSTILE_NAME):
        (made / name).write_bytes(b"no picture")
    (made / "notes.txt").write_text("not meant")
    return made


def start_batch(console: ConsolePage, service: str, *paths: Path) -> None:
    console.go(service)
    console.visit("batch")
    kind = "folder" if paths[0].is_dir() else "files"
    console.find(f"#{kind}").send_keys("\n".join(map(str, paths)))
    console.find(".batch tbody tr")


def saved(console: ConsolePage, folder: Path, kind: str) -> Path:
    """A file that the page lets save."""
    allowed = {"behavior": "allow", "downloadPath": str(folder)}
    console.browser.execute_cdp_cmd("Browser.setDownloadBehavior", allowed)
    console.browser.find_element("xpath", f"//button[text()='{kind.upper()}']").click()
    path = folder / f"imageQuality.{kind}"
    wait_until(lambda: path.exists() and path.stat().st_size)  # Chromium keeps its place empty.
    return path


def test_a_folder_of_fifty_with_two_bad_ones_is_worked_through_and_saved(
    console: ConsolePage, folder: Path, tmp_path: Path
) -> None:
    start_batch(console, "imageQuality", folder)
    assert console.count(".batch tbody tr") == 50
    console.find("#run").click()
    console.until(ALL_ENDED)
    assert console.count(f".batch {DONE}") == 48
    console.browser.find_element("xpath", "//label[text()='Failed']").click()
    bad = console.browser.find_elements("css selector", ".batch tbody tr:not([hidden]) th")
    names = [f"{folder.name}/{name}" for name in ("=1+1.jpg", HOSTILE_NAME)]
    assert {one.text.split("\n")[0] for one in bad} == set(names)
    assert all("cannot decode the picture" in one.text for one in bad)
    with saved(console, tmp_path, "csv").open(encoding="utf-8-sig") as file:
        table = {line["file"]: line for line in csv.DictReader(file)}
    told = {one["file"]: one for one in json.loads(saved(console, tmp_path, "json").read_text())}
    assert table.keys() == told.keys()
    name = f"{folder.name}/picture 7.png"
    assert float(table[name]["brightness.l_mean"]) == 7 * 5
    assert all("cannot decode" in told[one]["error"] for one in names)
    with zipfile.ZipFile(saved(console, tmp_path, "zip")) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read(f"{name}.json")) == told[name]["answer"]
        mask = np.frombuffer(archive.read(f"{name}.brightness.under_mask.png"), np.uint8)
        pixels = cv2.imdecode(mask, cv2.IMREAD_GRAYSCALE)
        assert pixels is not None
        assert pixels.shape == (40, 60)
    assert console.browser.execute_script("return window.hit") is None


def test_a_name_like_a_formula_is_a_text_in_spreadsheets(
    console: ConsolePage, folder: Path, tmp_path: Path
) -> None:
    start_batch(console, "imageQuality", folder / "=1+1.jpg")
    console.find("#run").click()
    console.until(ALL_ENDED)
    with saved(console, tmp_path, "csv").open(encoding="utf-8-sig") as file:
        assert [line["file"] for line in csv.DictReader(file)] == ["'=1+1.jpg"]


def test_a_batch_is_stopped_and_goes_on(console: ConsolePage, folder: Path) -> None:
    start_batch(console, "edges", folder)
    with console.network(uploadThroughput=2000):
        console.find("#run").click()
        console.find("#stop").click()
        console.until(ALL_ENDED)
    assert console.count(".batch [data-status='working']") == 0
    assert console.count(".batch [data-status='waiting']") > 40
    console.find("#run").click()
    console.until(ALL_ENDED)
    assert console.count(f".batch {DONE}") == 48


def test_a_batch_waits_as_long_as_the_service_asks(console: ConsolePage, photograph: Path) -> None:
    start_batch(console, "edges", photograph)
    console.browser.execute_script(BUSY)
    console.find("#run").click()
    console.until("return document.querySelector('.bar').textContent.includes('is busy')")
    console.find(f".batch {DONE}")
    assert console.browser.execute_script("return window.refused") == 2


def test_files_wait_when_the_service_is_gone(console: ConsolePage, photograph: Path) -> None:
    start_batch(console, "edges", photograph)
    with console.network(offline=True):
        console.find("#run").click()
        assert console.failure().startswith("The service cannot be reached.")
    console.find("#run").click()
    console.find(f".batch {DONE}")


def test_all_files_are_compared_with_one_picture(
    console: ConsolePage, photograph: Path, tmp_path: Path
) -> None:
    grey = tmp_path / "grey.png"
    cv2.imwrite(str(grey), np.full((40, 60, 3), 128, np.uint8))
    start_batch(console, "distance", photograph, grey)
    console.find("#run").click()
    assert console.failure() == "A picture is missing: choose one, or use the sample."
    console.find(".picker input[type='file']").send_keys(str(photograph))
    console.find(".chosen")
    console.press_on("#run")
    console.until(ALL_ENDED)
    console.press_on(".batch tbody tr button")
    assert console.answer()["result"]["distance"] == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_a_batch(
    console: ConsolePage, photograph: Path, tmp_path: Path, scheme: str
) -> None:
    console.prefer(scheme)
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no picture")
    start_batch(console, "differences", photograph, bad)
    assert console.serious_faults() == []
    console.find(".picker input[type='file']").send_keys(str(photograph))
    console.find(".chosen")
    console.find("#run").click()
    console.until(ALL_ENDED)
    console.find(".batch button:not([hidden])").click()
    console.find(".batch .frame")
    assert console.serious_faults() == []
    with console.narrow():
        width = console.browser.execute_script("return document.documentElement.scrollWidth")
        keep(console.browser, console.find("header"), f"console-batch-narrow-{scheme}")
    assert width <= 320


def test_what_is_dropped_anywhere_goes_into_the_batch(console: ConsolePage, folder: Path) -> None:
    console.visit("batch")
    console.find("#files")
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
        event = {"type": kind, "x": 800, "y": 600, "data": data}
        console.browser.execute_cdp_cmd("Input.dispatchDragEvent", event)
    console.find(".batch tbody tr")
    names = console.browser.find_elements("css selector", ".batch .file-name")
    assert len(names) == 50
    assert names[-1].text == f"{folder.name}/picture 47.png"


@pytest.mark.parametrize(
    ("service", "count"), [("celanturUploadFile", 3), ("matchChain", 2), ("matchSurface", 1)]
)
def test_other_apis_answer_with_their_files(console: ConsolePage, service: str, count: int) -> None:
    console.go(service)
    console.take_sample()
    console.run()
    assert console.answer()["status"] == "done"
    assert console.count(".pair .frame > img") == count
    assert console.count("#later") == 0


def test_a_match_that_fails_is_a_sentence(console: ConsolePage, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.png"
    damaged.write_bytes(b"\x89PNG\r\n\x1a\n")
    console.go("matchFeature")
    console.take_sample()
    console.find("button[aria-label^='Remove']").click()
    console.find(".well input[type='file']").send_keys(str(damaged))
    console.until("return document.querySelectorAll('.chosen').length === 2")
    console.run()
    assert console.failure() == "query_image: cannot decode the picture (image/png, damaged)"


def test_what_an_other_api_refuses_is_a_sentence(console: ConsolePage) -> None:
    console.go("matchChain")
    console.take_sample()
    console.find("input[name='steps']").send_keys(Keys.CONTROL, "a", Keys.DELETE)
    console.run()
    assert console.failure() == "steps: Field required"
