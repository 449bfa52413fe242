"""Swagger UI as people use it, in a real Chromium."""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.browser.conftest import complaints, keep, requested
from tests.browser.prefix import PREFIX, proxy
from tests.serving import WAIT_SECONDS, Served, free_port, serving

PAGE = "/swagger?urls.primaryName=Core"
EDGES = "operations-Get_image_infos-edges"
DIFFERENCES = "operations-Compare_images-differences"
DISTANCE = "operations-Compare_images-distance"
OBJECTS = "operations-Analyse_images-objectDetection"


def authorise(browser: Chrome, served: Served) -> None:
    browser.find_element(By.CSS_SELECTOR, "button.authorize.unlocked").click()
    browser.find_element(By.ID, "oauth_username").send_keys(served.user)
    browser.find_element(By.ID, "oauth_password").send_keys(served.password)
    browser.find_element(By.CSS_SELECTOR, ".auth-container button.authorize").click()
    assert browser.find_elements(By.XPATH, "//button[text()='Logout']")
    browser.find_element(By.CSS_SELECTOR, ".close-modal").click()


def open_operation(browser: Chrome, name: str = EDGES) -> WebElement:
    operation = browser.find_element(By.ID, name)
    operation.find_element(By.CSS_SELECTOR, ".opblock-summary-control").click()
    return operation


def execute(operation: WebElement, photograph: Path, button: str = "execute") -> None:
    required = "//tr[.//*[contains(@class, 'required')]]//input[@type='file']"
    for picker in operation.find_elements(By.XPATH, f".{required}"):
        picker.send_keys(str(photograph))
    operation.find_element(By.CSS_SELECTOR, f"button.{button}").click()


def is_on_the_screen(browser: Chrome, element: WebElement) -> bool:
    """Whether people see an element, and nothing lies over it, without scrolling."""
    middle = """
        const { left, right, top, bottom } = arguments[0].getBoundingClientRect();
        const found = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
        return bottom <= innerHeight && arguments[0].contains(found);
    """
    return bool(browser.execute_script(middle, element))


def shown_picture(browser: Chrome, operation: WebElement) -> WebElement:
    """The picture of the answer, once it is loaded."""
    picture = operation.find_element(By.CSS_SELECTOR, ".responses-wrapper img")
    is_loaded = "return arguments[0].naturalWidth > 0"
    WebDriverWait(browser, WAIT_SECONDS).until(lambda _: browser.execute_script(is_loaded, picture))
    return picture


def test_a_picture_is_sent_and_its_answer_shown(
    browser: Chrome, served: Served, photograph: Path
) -> None:
    browser.get(served.url + PAGE)
    authorise(browser, served)
    operation = open_operation(browser)
    execute(operation, photograph)
    picture = shown_picture(browser, operation)
    assert str(picture.get_attribute("src")).startswith("data:image/png;base64,")
    body = operation.find_element(By.CSS_SELECTOR, ".live-responses-table .microlight")
    assert '"message": "Edges found."' in str(body.get_attribute("textContent"))
    keep(browser, operation, "json")
    assert complaints(browser) == []


def test_a_picture_answer_is_shown_as_a_picture(
    browser: Chrome, served: Served, photograph: Path
) -> None:
    browser.get(served.url + PAGE)
    authorise(browser, served)
    operation = open_operation(browser)
    media_type = operation.find_element(By.CSS_SELECTOR, "select[aria-label='Media Type']")
    Select(media_type).select_by_visible_text("image/png")
    execute(operation, photograph)
    picture = shown_picture(browser, operation)
    assert str(picture.get_attribute("src")).startswith("blob:")
    keep(browser, operation, "picture")
    assert complaints(browser) == []


@pytest.mark.parametrize("name", [DIFFERENCES, DISTANCE, OBJECTS])
def test_a_button_beside_execute_shows_the_answer_as_a_picture(
    browser: Chrome, served: Served, photograph: Path, name: str
) -> None:
    browser.get(served.url + PAGE)
    authorise(browser, served)
    operation = open_operation(browser, name)
    execute(operation, photograph, "execute-as-picture")
    picture = shown_picture(browser, operation)
    assert str(picture.get_attribute("src")).startswith("blob:")
    keep(browser, operation, name)
    assert complaints(browser) == []


def test_after_a_picture_execute_answers_json_again(
    browser: Chrome, served: Served, photograph: Path
) -> None:
    browser.get(served.url + PAGE)
    authorise(browser, served)
    operation = open_operation(browser)
    execute(operation, photograph, "execute-as-picture")
    shown_picture(browser, operation)
    operation.find_element(By.CSS_SELECTOR, "button.execute").click()
    told = "//*[contains(@class, 'microlight')][contains(., 'Edges found.')]"
    assert operation.find_elements(By.XPATH, f".//*[contains(@class, 'live-responses')]{told}")


def test_the_first_screen_shows_services(browser: Chrome, served: Served) -> None:
    browser.set_window_size(1280, 800)
    browser.get(served.url + PAGE)
    services = browser.find_elements(By.CSS_SELECTOR, ".opblock-summary-control")
    keep(browser, browser.find_element(By.ID, "swagger-ui"), "first-screen")
    seen = [one.text for one in services if is_on_the_screen(browser, one)]
    assert len(seen) >= 3
    assert all("/v2/services/image/" in text for text in seen)


def test_the_dialog_shows_its_button_without_scrolling(browser: Chrome, served: Served) -> None:
    browser.set_window_size(1280, 800)
    browser.get(served.url + PAGE)
    browser.find_element(By.CSS_SELECTOR, "button.authorize.unlocked").click()
    button = browser.find_element(By.CSS_SELECTOR, ".auth-container button.authorize")
    WebDriverWait(browser, WAIT_SECONDS).until(lambda _: is_on_the_screen(browser, button))


def test_what_swagger_fills_in_by_itself_is_taken(
    browser: Chrome, served: Served, photograph: Path
) -> None:
    browser.get(served.url + PAGE)
    authorise(browser, served)
    operation = open_operation(browser, DIFFERENCES)
    execute(operation, photograph)
    status = operation.find_element(
        By.CSS_SELECTOR, ".live-responses-table tbody .response-col_status"
    )
    keep(browser, operation, "differences")
    assert status.text == "200"


def test_the_dialog_begins_with_user_and_password(browser: Chrome, served: Served) -> None:
    browser.get(served.url + PAGE)
    browser.find_element(By.CSS_SELECTOR, "button.authorize.unlocked").click()
    name = browser.find_element(By.ID, "oauth_username")
    WebDriverWait(browser, WAIT_SECONDS).until(lambda _: browser.switch_to.active_element == name)
    keep(browser, name, "authorise")


def test_nothing_is_asked_of_another_host(browser: Chrome, served: Served) -> None:
    browser.get(served.url + PAGE)
    open_operation(browser)
    asked = {url for url in requested(browser) if not url.startswith(("data:", "blob:"))}
    assert asked
    assert all(url.startswith(f"{served.url}/") for url in asked)


def test_it_works_behind_a_proxy_that_strips_a_prefix(
    browser: Chrome, tmp_path: Path, photograph: Path
) -> None:
    port = free_port()
    public_url = f"http://127.0.0.1:{port}{PREFIX}"
    with serving(tmp_path, public_url=public_url) as served, proxy(port, served.url):
        browser.get(f"{public_url}{PAGE}")
        authorise(browser, served)
        operation = open_operation(browser)
        execute(operation, photograph)
        shown_picture(browser, operation)
        assert complaints(browser) == []
