"""The sample page, served from another origin than the service."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from engines.core.registry import catalogue
from tests.needs import ROOT
from tests.serving import WAIT_SECONDS, Served, serving


class Files(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing on standard error."""


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """Where the examples are served."""
    handler = partial(Files, directory=ROOT / "examples")
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def letting(origin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that lets the page ask."""
    folder = tmp_path_factory.mktemp("letting")
    with serving(folder, workers=1, slots=1, allowed_origins=origin) as started:
        yield started


def fill_in(browser: Chrome, origin: str, served: Served, picture: Path, service: str) -> None:
    """Put everything into the form but the click."""
    browser.get(f"{origin}/page.html")
    fields = {"url": served.url, "username": served.user, "password": served.password}
    for name, value in fields.items():
        field = browser.find_element(By.NAME, name)
        field.clear()
        field.send_keys(value)
    browser.find_element(By.NAME, "image").send_keys(str(picture))
    Select(browser.find_element(By.NAME, "service")).select_by_visible_text(service)


def send(browser: Chrome, shown: str) -> str:
    """Press the button; the text of an element once it has one."""
    browser.find_element(By.TAG_NAME, "button").click()
    element = browser.find_element(By.ID, shown)
    WebDriverWait(browser, WAIT_SECONDS).until(lambda _: element.text)
    return element.text


def test_a_page_of_a_named_origin_shows_the_answer(
    browser: Chrome, origin: str, letting: Served, photograph: Path
) -> None:
    fill_in(browser, origin, letting, photograph, "colorPalette")
    assert '"message": "Found 8 colors"' in send(browser, "answer")


def test_the_page_shows_a_picture(
    browser: Chrome, origin: str, letting: Served, photograph: Path
) -> None:
    fill_in(browser, origin, letting, photograph, "objectDetection")
    browser.find_element(By.NAME, "picture").click()
    browser.find_element(By.TAG_NAME, "button").click()
    shown = browser.find_element(By.ID, "shown")
    width = partial(shown.get_property, "naturalWidth")
    WebDriverWait(browser, WAIT_SECONDS).until(lambda _: width() == 600)


def test_the_page_says_a_refusal_in_the_service_s_words(
    browser: Chrome, origin: str, letting: Served, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    fill_in(browser, origin, letting, broken, "edges")
    assert send(browser, "failure").startswith("422 image: cannot decode the picture")


def test_a_page_of_another_origin_says_which_setting_would_name_it(
    browser: Chrome, origin: str, served: Served, photograph: Path
) -> None:
    fill_in(browser, origin, served, photograph, "edges")
    said = send(browser, "failure")
    assert said.startswith(f"Nothing was heard from {served.url}.")
    assert said.endswith(f"PIXELGATE_ALLOWED_ORIGINS={origin}")


def test_the_page_offers_every_service_for_one_picture(browser: Chrome, origin: str) -> None:
    browser.get(f"{origin}/page.html")
    offered = Select(browser.find_element(By.NAME, "service")).options
    engines = catalogue().values()
    single = {one.service for one in engines if sum(each.is_required for each in one.inputs) == 1}
    assert {option.text for option in offered} == single
