"""The test page of the PEKAT Vision API, as people use it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browser.conftest import complaints, keep
from tests.browser.prefix import PREFIX, proxy
from tests.keys import api_key
from tests.plates import PROJECT, plate, png, scratched
from tests.serving import WAIT_SECONDS, Served, free_port, running


@pytest.fixture(scope="module")
def inspecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service, which compares with the good plate; on another port it looks at the quality."""
    folder = tmp_path_factory.mktemp("inspecting")
    (folder / "good.png").write_bytes(png(plate()))
    (folder / "part.png").write_bytes(png(scratched()))
    project = folder / "project.toml"
    project.write_text(PROJECT)
    quality = folder / "quality.toml"
    quality.write_text('[[module]]\nuse = "image_quality"\n')
    told = f"{project},{quality}:{free_port()}"
    with running(folder, "gateway", "serve", slots=1, pekat_projects=told) as started:
        yield started


@pytest.fixture
def own_port(inspecting: Served) -> int:
    """Of the project that looks at the quality."""
    return int(re.findall(r"on port (\d+)", inspecting.log.read_text())[0])


@pytest.fixture
def page(browser: Chrome, inspecting: Served) -> Chrome:
    """With a key and the scratched plate chosen."""
    return fill_in(browser, inspecting.url, inspecting)


def fill_in(browser: Chrome, url: str, inspecting: Served) -> Chrome:
    browser.get(url)
    browser.find_element(By.ID, "key").send_keys(api_key(inspecting))
    browser.find_element(By.ID, "file").send_keys(str(inspecting.log.with_name("part.png")))
    return browser


def send(page: Chrome) -> dict[str, Any]:
    """Press the button; the context that is shown."""
    page.execute_script("document.getElementById('answer').hidden = true")
    page.find_element(By.CSS_SELECTOR, "button").click()
    answer = page.find_element(By.ID, "answer")
    WebDriverWait(page, WAIT_SECONDS).until(lambda _: answer.is_displayed())
    context: dict[str, Any] = json.loads(page.find_element(By.ID, "context").text)
    return context


def picture_width(page: Chrome) -> int:
    """0 without a picture."""
    image = page.find_element(By.ID, "picture")
    if not image.is_displayed():
        return 0
    is_loaded = "return arguments[0].naturalWidth"
    WebDriverWait(page, WAIT_SECONDS).until(lambda _: page.execute_script(is_loaded, image))
    return int(page.execute_script(is_loaded, image))


@pytest.mark.parametrize("in_body", [False, True])
def test_a_picture_is_sent_and_its_context_and_picture_are_shown(
    page: Chrome, in_body: bool
) -> None:
    page.find_element(By.ID, "data").send_keys("Los 7 ü")
    if in_body:
        page.find_element(By.ID, "in-body").click()
    context = send(page)
    assert (context["result"], context["data"]) == (False, "Los 7 ü")
    assert picture_width(page) == 480
    told = page.find_element(By.ID, "response").text
    assert told.startswith("200 OK")
    assert ("imagelen" in told) == in_body
    keep(page, page.find_element(By.TAG_NAME, "main"), "pekat")
    assert "pg_" not in page.find_element(By.ID, "request").text
    assert complaints(page) == []


def test_the_last_image_is_shown(page: Chrome) -> None:
    send(page)
    page.find_element(By.CSS_SELECTOR, "input[value='last']").click()
    Select(page.find_element(By.ID, "kind")).select_by_value("heatmap")
    assert send(page)["result"] is False
    assert picture_width(page) == 480
    assert page.find_element(By.ID, "request").text.startswith("GET /last_image?")


def test_a_context_comes_without_a_picture(page: Chrome) -> None:
    Select(page.find_element(By.ID, "kind")).select_by_value("context")
    assert send(page)["result"] is False
    assert picture_width(page) == 0


def test_a_project_s_own_port_opens_its_page(
    browser: Chrome, inspecting: Served, own_port: int
) -> None:
    page = fill_in(browser, f"http://127.0.0.1:{own_port}", inspecting)
    assert list(send(page)["modules"]) == ["image_quality"]
    assert page.find_element(By.ID, "request").text.startswith("POST /analyze_image?")


def test_a_page_below_a_prefix_asks_its_own_project(browser: Chrome, inspecting: Served) -> None:
    port = free_port()
    with proxy(port, inspecting.url):
        url = f"http://127.0.0.1:{port}{PREFIX}/pekat/quality"
        page = fill_in(browser, url, inspecting)
        assert list(send(page)["modules"]) == ["image_quality"]
        told = page.find_element(By.ID, "request").text
    assert told.startswith(f"POST {PREFIX}/pekat/quality/analyze_image?")
    assert picture_width(page) == 480
    assert complaints(page) == []


@pytest.mark.parametrize("path", ["/", "/pekat", "/pekat/quality/"])
@pytest.mark.parametrize(
    ("link", "page"),
    [
        ("services", "/console/"),
        ("swagger", "/swagger?urls.primaryName=Core"),
        ("guide", "/docs/"),
    ],
)
def test_the_page_leads_to_all_services(
    browser: Chrome, inspecting: Served, path: str, link: str, page: str
) -> None:
    browser.get(inspecting.url + path)
    assert browser.find_element(By.ID, link).get_property("href") == inspecting.url + page


def test_a_wrong_key_shows_the_message(page: Chrome) -> None:
    page.find_element(By.ID, "key").send_keys("0")
    assert "API key" in send(page)["error"]
    assert page.find_element(By.ID, "response").text.startswith("401")


def test_nothing_is_wider_than_a_phone(page: Chrome) -> None:
    page.set_window_size(500, 900)
    send(page)
    width = page.execute_script("return document.documentElement.scrollWidth - innerWidth")
    assert width <= 0
    keep(page, page.find_element(By.TAG_NAME, "main"), "pekat-phone")
