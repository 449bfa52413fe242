"""A real Chromium, and what it says of a page."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.console_page import ConsolePage
from tests.needs import need
from tests.serving import WAIT_SECONDS, Served

SIZE = (1200, 1800)


@contextmanager
def chromium() -> Iterator[Chrome]:
    """A browser, and its end."""
    options = ChromeOptions()
    options.binary_location = need("chromium", "apt-get install chromium chromium-driver")
    for argument in (
        "headless=new",
        "no-sandbox",
        "no-proxy-server",
        "enable-unsafe-swiftshader",  # WebGL without a graphics processor.
        f"window-size={SIZE[0]},{SIZE[1]}",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = need("chromedriver", "apt-get install chromium-driver")
    started = Chrome(options=options, service=Service(driver))
    started.implicitly_wait(WAIT_SECONDS)
    try:
        yield started
    finally:
        started.quit()


@pytest.fixture(scope="session")
def chromium_at_work() -> Iterator[Chrome]:
    with chromium() as started:
        yield started


@pytest.fixture
def browser(chromium_at_work: Chrome) -> Iterator[Chrome]:
    """A tab of its own in a browser that knows of nothing that came before."""
    started = chromium_at_work
    first = started.current_window_handle
    started.switch_to.new_window("tab")
    started.set_window_size(*SIZE)
    started.execute_cdp_cmd("Network.clearBrowserCookies", {})
    started.execute_cdp_cmd("Network.clearBrowserCache", {})
    started.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "all"})
    for kind in ("browser", "performance"):
        logged(started, kind)
    yield started
    started.close()
    started.switch_to.window(first)


@pytest.fixture(scope="module")
def window() -> Iterator[Chrome]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def console(window: Chrome, served: Served) -> Iterator[ConsolePage]:
    """Signed in; tests go from service to service as people do."""
    with console_of(served, window) as page:
        page.open()
        page.sign_in(served.user, served.password)
        yield page


@contextmanager
def console_of(served: Served, window: Chrome) -> Iterator[ConsolePage]:
    """A service's console, which must not do what its policy forbids."""
    yield ConsolePage(window, f"{served.url}/console/")
    assert violations(window) == []


def logged(browser: Any, kind: str) -> list[dict[str, Any]]:
    """One of Chromium's logs; Selenium has no types for it."""
    return [dict(entry) for entry in browser.get_log(kind)]


def violations(browser: Any) -> list[str]:
    """What a page's policy refused, since this was asked last."""
    messages = [str(entry["message"]) for entry in logged(browser, "browser")]
    return [one for one in messages if "Content Security" in one or "violates" in one]


def complaints(browser: Chrome) -> list[dict[str, Any]]:
    """What the console says, but for the browser's advice about forms."""
    return [entry for entry in logged(browser, "browser") if entry["level"] != "DEBUG"]


def requested(browser: Chrome) -> set[str]:
    """Every address that the page asked for."""
    events = [json.loads(entry["message"])["message"] for entry in logged(browser, "performance")]
    sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
    return {str(one["request"]["url"]) for one in sent}


def keep(browser: Chrome, element: WebElement, name: str) -> None:
    """A screenshot for people to look at, where they ask for it."""
    folder = os.environ.get("PIXELGATE_SCREENSHOTS")
    if folder:
        browser.execute_script("arguments[0].scrollIntoView()", element)
        browser.save_screenshot(f"{folder}/{name}.png")
