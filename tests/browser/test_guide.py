"""The guide as people read it, in a real Chromium."""

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.browser.conftest import complaints, keep, requested
from tests.needs import ROOT, lack
from tests.serving import Served


@pytest.fixture
def guide(browser: Chrome, served: Served) -> Chrome:
    """Open at its first page."""
    if not (ROOT / "gateway" / "console" / "docs").is_dir():
        lack("the guide is not built: make docs")
    browser.get(f"{served.url}/docs")
    return browser


def test_a_word_is_found_and_nothing_is_asked_of_another_host(
    guide: Chrome, served: Served
) -> None:
    guide.get(f"{served.url}/docs/index.html?q=SIGHUP")
    found = guide.find_element(By.CSS_SELECTOR, "#mkdocs-search-results article a")
    keep(guide, found, "guide-search")
    assert str(found.get_property("href")).startswith(f"{served.url}/docs/deploying.html")
    assert not [one for one in complaints(guide) if one["level"] == "SEVERE"]
    asked = {url for url in requested(guide) if not url.startswith("data:")}
    assert all(url.startswith(f"{served.url}/docs") for url in asked)


def test_it_leads_to_swagger(guide: Chrome, served: Served) -> None:
    guide.find_element(By.LINK_TEXT, "Swagger UI").click()
    assert guide.current_url.startswith(f"{served.url}/swagger?")
    assert guide.find_element(By.CSS_SELECTOR, "button.authorize.unlocked")
