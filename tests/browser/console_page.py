"""The console as people use it: what they press, and what they see."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.needs import need_npm_file
from tests.serving import WAIT_SECONDS

MOST_TABS = 60
_IS_DONE = """
    return !document.querySelector(".working") &&
        !!document.querySelector("dialog, .result > .failure, .result > .outcome");
"""
_OUTLINES = """
    const frame = document.querySelectorAll(".frame")[arguments[0]];
    const picture = frame.querySelector("img");
    const { left, top, width } = picture.getBoundingClientRect();
    const scale = picture.naturalWidth / width;
    return Array.from(frame.querySelectorAll("polygon"), (polygon) => {
        const shown = polygon.getScreenCTM();
        const seen = Array.from(polygon.points, (one) => one.matrixTransform(shown));
        const [x, y] = [seen.map((one) => one.x - left), seen.map((one) => one.y - top)];
        return [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)]
            .map((value) => value * scale);
    });
"""

Box = tuple[float, ...]


class ConsolePage:
    """A console in a browser, at the address of its folder."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self.browser = browser
        self.url = url

    def open(self, service: str = "edges") -> None:
        """Load it anew, so that nobody is signed in."""
        self.browser.get("about:blank")
        self.browser.get(f"{self.url}#try/{service}")
        self.find("#run")

    def go(self, service: str) -> None:
        """To another service without loading the page anew."""
        link = self.browser.find_element(By.CSS_SELECTOR, f"a[href='#try/{service}']")
        name = link.get_property("textContent")
        self.browser.execute_script("arguments[0].click()", link)
        self.until(f"return document.querySelector('h1').textContent === {json.dumps(name)}")

    def visit(self, view: str) -> None:
        """To another view."""
        self.find(f"#views a[href='#{view}']").click()
        self.until(f"return !!document.querySelector('#views a[href=\"#{view}\"][aria-current]')")

    def find(self, selector: str) -> WebElement:
        """Wait for an element."""
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def count(self, selector: str) -> int:
        """How many there are just now."""
        script = "return document.querySelectorAll(arguments[0]).length"
        return int(self.browser.execute_script(script, selector))

    def until(self, script: str) -> None:
        """Wait until a script answers what is true."""
        WebDriverWait(self.browser, WAIT_SECONDS, 0.05).until(
            lambda browser: browser.execute_script(script)
        )

    def sign_in(self, user: str, password: str) -> None:
        self.find("#sign-in").click()
        self.fill_in(user, password)
        self.find("#sign-out")

    def fill_in(self, user: str, password: str) -> None:
        """What the dialog asks for."""
        for name, value in {"username": user, "password": password}.items():
            field = self.find(f"#signin-{name}")
            field.clear()
            field.send_keys(value)
        self.find("dialog .primary").click()

    def take_sample(self) -> None:
        self.find("#sample").click()
        # Once it is there, the next step has the focus.
        self.until("return document.activeElement.id === 'run'")

    def choose(self, path: Path) -> None:
        """A file for the first input."""
        self.find("input[type='file']").send_keys(str(path))
        self.find(".chosen")

    def run(self) -> None:
        """Press the button, and wait for a result, a sentence or the dialog."""
        script = "document.querySelectorAll('.outcome, .failure').forEach((one) => one.remove())"
        self.browser.execute_script(script)
        self.find("#run").click()
        self.until(_IS_DONE)

    def shown(self, service: str) -> dict[str, Any]:
        """The service's result for its sample: the part that the page shows as JSON."""
        self.go(service)
        self.take_sample()
        self.run()
        assert not self.count(".result > .failure"), self.failure()
        result: dict[str, Any] = self.answer()["result"]
        return result

    def answer(self) -> dict[str, Any]:
        """The JSON that is folded below the result, long texts cut."""
        answer: dict[str, Any] = json.loads(str(self.find(".raw pre").get_property("textContent")))
        return answer

    def failure(self) -> str:
        """The sentence that is shown in place of a result."""
        return self.find(".result > .failure").text

    def outlines(self, frame: int = 0) -> list[Box]:
        """Where outlines stand on a picture, as boxes in its pixels."""
        return [tuple(one) for one in self.browser.execute_script(_OUTLINES, frame)]

    def press_on(self, selector: str) -> None:
        """Go to an element by the Tab key, and press Enter."""
        is_there = "return document.activeElement.matches(arguments[0])"
        for _ in range(MOST_TABS):
            if self.browser.execute_script(is_there, selector):
                ActionChains(self.browser).send_keys(Keys.ENTER).perform()
                return
            ActionChains(self.browser).send_keys(Keys.TAB).perform()
        pytest.fail(f"{selector} is not reached by the Tab key")

    @contextmanager
    def narrow(self) -> Iterator[None]:
        """As on the narrowest phone."""
        metrics = {"width": 320, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        try:
            yield
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    @contextmanager
    def network(self, **changes: object) -> Iterator[None]:
        """For a while none (`offline`), or a slow one (`uploadThroughput`, in bytes a second)."""
        usual = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        command = "Network.emulateNetworkConditions"
        self.browser.execute_cdp_cmd(command, {**usual, **changes})
        try:
            yield
        finally:
            self.browser.execute_cdp_cmd(command, usual)

    def prefer(self, scheme: str) -> None:
        """Light or dark."""
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)

    def serious_faults(self) -> list[str]:
        """What axe says, with the elements it says it of."""
        self.browser.execute_script(need_npm_file("axe-core/axe.min.js").read_text())
        script = """
            return axe.run().then(({ violations }) => violations
                .filter(({ impact }) => ["serious", "critical"].includes(impact))
                .map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.target).join(", ")}`));
        """
        return [str(one) for one in self.browser.execute_script(script)]
