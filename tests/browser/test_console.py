"""The console around its results: who asks, what goes wrong, and who can use it."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import console_of, keep
from tests.browser.console_page import ConsolePage
from tests.browser.prefix import PREFIX, proxy
from tests.keys import api_key
from tests.serving import Served, free_port, serving

MOST_FIRST_BYTES = 200_000
CHOSEN = """
    import { openAsBlob } from "node:fs";
    const TOKEN = process.env.TOKEN;
    const imageFile = await openAsBlob(process.env.PICTURE);
"""
PROGRAMS: dict[str, Callable[[str], list[str]]] = {
    "curl": lambda code: ["sh", "-c", code],
    "Python": lambda code: [sys.executable, "-c", code],
    "JavaScript": lambda code: ["node", "--input-type=module", "-e", CHOSEN + code],
}
HOSTILE = '<img src=x onerror="window.hit = 1">'


@pytest.fixture(scope="module")
def trying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that may fetch pictures from itself."""
    folder = tmp_path_factory.mktemp("trying")
    with serving(folder, workers=1, slots=1, fetch_allow="127.0.0.1") as started:
        yield started


@pytest.fixture
def console(window: Chrome, trying: Served) -> Iterator[ConsolePage]:
    """Loaded anew, with nobody signed in."""
    with console_of(trying, window) as page:
        page.open()
        yield page


@pytest.fixture
def signed_in(console: ConsolePage, trying: Served) -> ConsolePage:
    console.sign_in(trying.user, trying.password)
    return console


def test_running_asks_who_it_is_and_goes_on(console: ConsolePage, trying: Served) -> None:
    console.take_sample()
    console.run()
    console.fill_in(trying.user, trying.password)
    console.find(".outcome")
    assert console.answer()["details"]["name"] == "edges"
    assert console.find(".who").text == trying.user


def test_a_wrong_password_is_a_sentence_and_the_name_is_kept(
    console: ConsolePage, trying: Served
) -> None:
    console.find("#sign-in").click()
    console.fill_in(trying.user, "wrong")
    console.until("return document.querySelector('dialog .failure').textContent")
    assert console.find("dialog .failure").text == "Name or password is wrong."
    assert console.find("#signin-username").get_property("value") == trying.user


def use_key(console: ConsolePage, key: str) -> None:
    console.find("#sign-in").click()
    console.find("dialog label:nth-child(2)").click()
    console.find("#signin-key").send_keys(key, Keys.ENTER)
    console.find("#sign-out")


def test_a_key_is_as_good_as_an_account(console: ConsolePage, trying: Served) -> None:
    use_key(console, api_key(trying))
    console.take_sample()
    console.run()
    assert console.answer()["details"]["name"] == "edges"


def test_who_is_not_known_any_more_is_asked_again_and_the_input_is_kept(
    console: ConsolePage, trying: Served
) -> None:
    use_key(console, f"{api_key(trying)[:-1]}!")
    console.take_sample()
    console.run()
    assert console.find("dialog .failure").text == "The API key is unknown, revoked or expired."
    console.fill_in(trying.user, trying.password)
    console.find(".outcome")
    assert console.find(".chosen .file-name").text == "sample.jpg"


SHORT_LIVED = """
    window.grants = [];
    const asked = window.fetch;
    window.fetch = async (address, options) => {
        const answer = await asked(address, options);
        if (!String(address).endsWith("/token")) return answer;
        window.grants.push(options.body.get("grant_type"));
        const told = await answer.json();
        const changed = window.grants[1] ? {} : { expires_in: 1, ...arguments[0] };
        return Response.json({ ...told, ...changed }, { status: answer.status });
    };
"""


def test_the_token_is_refreshed_in_the_background(console: ConsolePage, trying: Served) -> None:
    console.browser.execute_script(SHORT_LIVED.replace("arguments[0]", "{}"))
    console.sign_in(trying.user, trying.password)
    console.until("return window.grants.length === 2")
    assert console.browser.execute_script("return window.grants[1]") == "refresh_token"
    console.take_sample()
    console.run()
    assert console.answer()["details"]["name"] == "edges"


def test_an_expired_session_is_a_sentence_and_the_input_is_kept(
    console: ConsolePage, trying: Served
) -> None:
    ended = SHORT_LIVED.replace("arguments[0]", '{ refresh_token: "ended" }')
    console.browser.execute_script(ended)
    console.sign_in(trying.user, trying.password)
    console.take_sample()
    console.find("#sign-in")
    console.run()
    assert console.find("dialog .failure").text.startswith("You are signed out")
    console.fill_in(trying.user, trying.password)
    assert console.answer()["details"]["name"] == "edges"
    assert console.find(".chosen .file-name").text == "sample.jpg"


def test_signing_out_ends_the_session(signed_in: ConsolePage) -> None:
    signed_in.find("#sign-out").click()
    signed_in.find("#sign-in")
    signed_in.take_sample()
    signed_in.run()
    assert signed_in.count("dialog") == 1


def test_nothing_of_it_is_stored_or_in_the_address(signed_in: ConsolePage) -> None:
    signed_in.take_sample()
    signed_in.run()
    stored = "return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])"
    assert json.loads(signed_in.browser.execute_script(stored)) == [{}, {}, ""]
    assert signed_in.browser.current_url == f"{signed_in.url}#try/edges"


def test_what_is_no_picture_is_a_sentence_and_stays_chosen(
    signed_in: ConsolePage, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    signed_in.choose(broken)
    signed_in.run()
    assert signed_in.failure().startswith("image: cannot decode the picture")
    assert signed_in.find(".chosen .file-name").text == "broken.jpg"


def test_a_missing_picture_is_a_sentence(console: ConsolePage) -> None:
    console.run()
    assert console.failure() == "A picture is missing: choose one, or use the sample."


def test_an_address_is_fetched_by_the_service(signed_in: ConsolePage, trying: Served) -> None:
    signed_in.go("objectDetection")
    signed_in.find(".well summary").click()
    address = f"{trying.url}/console/sample.jpg"
    signed_in.find(".well input[type='url']").send_keys(address, Keys.ENTER)
    signed_in.run()
    assert signed_in.count(".outline") == len(signed_in.answer()["result"]["objects"]) > 0


def test_a_service_below_a_prefix_is_used_until_it_is_gone(window: Chrome, trying: Served) -> None:
    port = free_port()
    page = ConsolePage(window, f"http://127.0.0.1:{port}{PREFIX}/console/")
    with proxy(port, trying.url):
        page.open()
        page.sign_in(trying.user, trying.password)
        page.take_sample()
        page.run()
        assert page.answer()["details"]["name"] == "edges"
    page.run()
    assert page.failure().startswith("The service cannot be reached.")
    assert page.find(".chosen .file-name").text == "sample.jpg"


def test_what_comes_from_outside_stays_text(signed_in: ConsolePage, tmp_path: Path) -> None:
    named = tmp_path / f"{HOSTILE.replace('/', '')}.jpg"
    named.write_bytes(b"no picture")
    poison = """
        const parse = JSON.parse;
        JSON.parse = (text, ...rest) => {
            const told = parse(text, ...rest);
            if (!told.result) return told;
            for (const line of told.result.lines) line.text = arguments[0];
            told.details.message = arguments[0];
            return told;
        };
    """
    signed_in.browser.execute_script(poison.replace("arguments[0]", json.dumps(HOSTILE)))
    signed_in.shown("textDetection")
    for selector in (".outcome", ".row-title"):
        assert signed_in.find(selector).text == HOSTILE
    signed_in.find("button[aria-label^='Remove']").click()
    signed_in.choose(named)
    assert signed_in.find(".file-name").get_property("title") == named.name
    assert signed_in.browser.execute_script("return window.hit") is None


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript"])
def test_the_request_as_code_runs_and_has_no_secret(
    signed_in: ConsolePage, trying: Served, photograph: Path, tmp_path: Path, language: str
) -> None:
    picture = tmp_path / 'it\'s a "cup".jpg'
    shutil.copy(photograph, picture)
    signed_in.go("colorPalette")
    signed_in.choose(picture)
    count = signed_in.find("input[type='number'][name='count']")
    count.clear()
    count.send_keys("3")
    signed_in.find(".raw:last-child summary").click()
    signed_in.find(f".segmented button:nth-child({[*PROGRAMS].index(language) + 1})").click()
    code = signed_in.find(".raw:last-child pre").text
    environment = {**os.environ, "TOKEN": trying.token(), "PICTURE": str(picture)}
    words = PROGRAMS[language](code)
    answer = subprocess.check_output(words, cwd=tmp_path, env=environment, text=True)
    assert "Found 3 colors" in answer
    assert "TOKEN" in code


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("anonymize", '"status":"done"'),
        ("featureMatch", '"tool":"feature"'),
        ("objectDetection", '"detectedRectangles"'),
        ("templateMatch", '"threshold":0.5'),
    ],
)
def test_the_request_runs_in_the_words_of_another_api(
    signed_in: ConsolePage,
    trying: Served,
    photograph: Path,
    tmp_path: Path,
    service: str,
    told: str,
) -> None:
    signed_in.go(service)
    signed_in.take_sample()
    if service == "templateMatch":
        for name, value in {"threshold": "0.5", "max_overlap": "0.2"}.items():
            field = signed_in.find(f"input[type='number'][name='{name}']")
            field.clear()
            field.send_keys(value)
    signed_in.find(".raw:last-child summary").click()
    signed_in.find(".segmented button:nth-child(4)").click()
    code = signed_in.find(".raw:last-child pre").text
    for name in re.findall(r'@"?([^"\']+)', code):
        shutil.copy(photograph, tmp_path / name)
    environment = {**os.environ, "TOKEN": trying.token(), "API_KEY": api_key(trying)}
    answer = subprocess.check_output(["sh", "-c", code], cwd=tmp_path, env=environment, text=True)
    assert told in answer.replace(": ", ":")
    assert ("no max_overlap" in code) == (service == "templateMatch")


@pytest.mark.parametrize(("way", "where"), [("drop", ".well"), ("drop", "h1"), ("paste", "body")])
def test_a_picture_is_dropped_or_pasted(console: ConsolePage, way: str, where: str) -> None:
    script = """
        const data = new DataTransfer();
        data.items.add(new File(["no picture"], "some.png", { type: "image/png" }));
        const options = { bubbles: true, cancelable: true };
        options.clipboardData = options.dataTransfer = data;
        const Kind = arguments[0] === "drop" ? DragEvent : ClipboardEvent;
        document.querySelector(arguments[1]).dispatchEvent(new Kind(arguments[0], options));
    """
    console.browser.execute_script(script, way, where)
    assert console.find(".chosen .file-name").text == "some.png"


def test_a_job_is_cancelled_while_it_is_sent(signed_in: ConsolePage) -> None:
    signed_in.take_sample()
    with signed_in.network(uploadThroughput=2000):
        signed_in.find("#run").click()
        signed_in.find("#cancel").click()
        signed_in.find(".empty")
    signed_in.run()
    assert signed_in.answer()["details"]["name"] == "edges"


def test_one_job_is_done_by_the_keyboard_alone(console: ConsolePage, trying: Served) -> None:
    console.press_on("#sample")
    console.find(".chosen")
    console.press_on("#run")
    console.find("dialog")
    keys = ActionChains(console.browser)
    keys.send_keys(trying.user, Keys.TAB, trying.password, Keys.ENTER).perform()
    console.find(".outcome")
    console.press_on(".segmented button:last-child")
    assert console.count(".pair .frame") == 2


def test_the_input_survives_another_language(console: ConsolePage) -> None:
    console.take_sample()
    choose = """
        const select = document.getElementById("language");
        select.value = arguments[0];
        select.dispatchEvent(new Event("change"));
    """
    console.browser.execute_script(choose, "ru")
    console.until("return document.querySelector('h1').textContent === 'Границы'")
    assert console.find(".chosen .file-name").text == "sample.jpg"
    assert console.find("html").get_attribute("lang") == "ru"
    console.browser.execute_script("localStorage.clear()")


@pytest.fixture
def narrow(console: ConsolePage) -> Iterator[None]:
    with console.narrow():
        yield


@pytest.mark.usefixtures("narrow")
def test_nothing_is_wider_than_a_narrow_phone(signed_in: ConsolePage) -> None:
    for service in ("colorPalette", "differences", "distance", "featureMatch", "imageQuality"):
        signed_in.shown(service)
        width = signed_in.browser.execute_script("return document.documentElement.scrollWidth")
        assert width <= 320, service
    keep(signed_in.browser, signed_in.find("header"), "console-narrow")


def test_the_first_view_is_small_and_stands_still(console: ConsolePage) -> None:
    script = """
        const kinds = ["navigation", "resource"];
        const loaded = kinds.flatMap((kind) => performance.getEntriesByType(kind));
        const shifts = new Promise((resolve) => {
            new PerformanceObserver((list) => resolve(list.getEntries()))
                .observe({ type: "layout-shift", buffered: true });
            setTimeout(() => resolve([]), 500);
        });
        const size = loaded.reduce((sum, one) => sum + one.transferSize, 0);
        return shifts.then((all) => [size, all.reduce((sum, one) => sum + one.value, 0)]);
    """
    console.browser.execute_cdp_cmd("Network.clearBrowserCache", {})
    console.open()
    size, shift = console.browser.execute_script(script)
    assert 50_000 < size < MOST_FIRST_BYTES
    assert shift < 0.01


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(console: ConsolePage, trying: Served, scheme: str) -> None:
    console.prefer(scheme)
    assert console.serious_faults() == []
    console.find("#sign-in").click()
    assert console.serious_faults() == []
    console.fill_in(trying.user, trying.password)
    console.find("#sign-out")
    for service in ("objectDetection", "colorPalette", "distance"):
        console.shown(service)
        assert console.serious_faults() == []


def test_without_an_issuer_of_its_own_keys_and_pasted_tokens_are_left(
    console: ConsolePage, trying: Served
) -> None:
    """As with an outside issuer, whose document has no path of the realm."""
    script = """
        const parse = Response.prototype.json;
        Response.prototype.json = async function () {
            const told = await parse.call(this);
            const isService = ([path]) => path.startsWith("/v2/services/");
            told.paths = Object.fromEntries(Object.entries(told.paths).filter(isService));
            return told;
        };
    """
    added = console.browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": script}
    )
    console.open()
    console.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    console.find("#sign-in").click()
    assert console.count("#signin-username") == 0
    console.find("dialog label:nth-child(2)").click()
    console.find("#signin-token").send_keys(trying.token(), Keys.ENTER)
    console.take_sample()
    console.run()
    assert console.answer()["details"]["name"] == "edges"


def test_a_choice_without_a_default_shows_that_nothing_is_chosen(console: ConsolePage) -> None:
    console.open("contours")
    select = console.find("select[name=channel]")
    assert select.get_property("value") == ""
    assert select.text.split() == ["S", "V"]
