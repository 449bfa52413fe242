"""What goes on in the console: tasks and who is told of them."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import chromium, keep, requested, violations
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
def window(working: Served) -> Iterator[ConsolePage]:
    with chromium() as browser:
        yield ConsolePage(browser, f"{working.url}/console/")


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
def console(window: ConsolePage, working: Served) -> Iterator[ConsolePage]:
    """Loaded anew, and signed in."""
    window.open()
    window.sign_in(working.user, working.password)
    yield window
    assert violations(window.browser) == []


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
    assert any(one.endswith("/events") for one in requested(console.browser))
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
    assert client.get(f"/v2/tasks/{id}").status_code == 404


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
