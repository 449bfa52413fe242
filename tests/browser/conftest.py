"""Chromium without a window."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.needs import need
from tests.serving import WAIT_SECONDS


@pytest.fixture
def browser() -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = need("chromium", "apt-get install chromium chromium-driver")
    for argument in ("headless=new", "no-sandbox", "no-proxy-server", "window-size=1200,1800"):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = need("chromedriver", "apt-get install chromium-driver")
    started = Chrome(options=options, service=Service(driver))
    started.implicitly_wait(WAIT_SECONDS)
    yield started
    started.quit()
