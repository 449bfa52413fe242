"""The console for those who run the service: how it goes, and who may ask."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.keys import Keys
from sqlalchemy import delete, insert, select

from auth.api_keys import ApiKeys
from auth.scopes import ADMIN
from auth.tables import clients
from auth.users import Users
from gateway.settings import Settings
from gateway.store.database import Database, open_database
from gateway.store.tables import refused_jobs
from tests.auth.workers import ask_by_key, open_client
from tests.browser.conftest import console_of, keep
from tests.browser.console_page import ConsolePage
from tests.serving import Served, serving, wait_until

ADMIN_NAME, PASSWORD = "grace", "correct horse"
HOSTILE = '<img src=x onerror="window.hit = 1">'
SECTIONS = ("live", "accounts", "clients", "keys", "models", "settings", "quarantine")
IS_CLOSED = "return !document.querySelector('dialog')"
READ = "return document.querySelectorAll('.chart').length === 6"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two gateway workers."""
    with serving(tmp_path_factory.mktemp("running"), slots=1) as started:
        yield started


@pytest.fixture(scope="module")
def rows(running: Served) -> Iterator[Database]:
    """Its database, with an admin who may use nothing else."""
    database = open_database(Settings(data=running.log.parent).database_url)
    Users(database).add(ADMIN_NAME, PASSWORD, scopes=frozenset({ADMIN}))
    yield database
    database.dispose()


@pytest.fixture
def console(window: Chrome, running: Served) -> Iterator[ConsolePage]:
    """Loaded anew, with nobody signed in."""
    with console_of(running, window) as page:
        page.open()
        yield page


@pytest.fixture
def run(console: ConsolePage, rows: Database) -> ConsolePage:
    """The view, with the admin signed in."""
    console.sign_in(ADMIN_NAME, PASSWORD)
    console.visit("run")
    console.until(READ)
    return console


def go(run: ConsolePage, section: str) -> None:
    run.find(f"nav a[href='#run/{section}']").click()
    run.until(f"return !!document.querySelector('a[href=\"#run/{section}\"][aria-current]')")


def wait_for_news(run: ConsolePage, sentence: str) -> None:
    """What screen readers are told."""
    told = "document.querySelector('.run [role=status]').textContent"
    run.until(f"return {told} === {json.dumps(sentence)}")


def texts(run: ConsolePage, selector: str) -> list[str]:
    script = "return Array.from(document.querySelectorAll(arguments[0]), (one) => one.innerText)"
    return [str(one) for one in run.browser.execute_script(script, selector)]


def module(run: ConsolePage, path: str, script: str) -> Any:
    """What a script makes of one of the console's modules."""
    load = f"const done = arguments[0]; import('{run.url}app/{path}').then((module) => done("
    return run.browser.execute_async_script(f"{load}({script})(module)))")


def test_who_is_no_admin_does_not_see_the_view(console: ConsolePage, running: Served) -> None:
    assert console.count("#views a") > 0
    assert console.count("#views a[href='#run']") == 0
    console.sign_in(running.user, running.password)
    assert console.count("#views a[href='#run']") == 0
    console.browser.execute_script("location.hash = 'run'")
    assert "the scope “admin”" in console.find(".run .empty").text
    assert console.count(".run nav") == 0


def test_an_admins_key_shows_it_and_signing_out_hides_it(
    console: ConsolePage, rows: Database
) -> None:
    key = ApiKeys(rows).add(ADMIN_NAME, scopes=frozenset({ADMIN}))
    console.find("#sign-in").click()
    console.find("dialog label:nth-child(2)").click()
    console.find("#signin-key").send_keys(key, Keys.ENTER)
    console.visit("run")
    console.until(READ)
    console.find("#sign-out").click()
    console.until("return !!document.querySelector('.run .empty .primary')")
    assert console.count(".chart") == console.count("#views a[href='#run']") == 0


TIMERS = """
    window.timers = new Map();
    window.setTimeout = (act) => (window.timers.set(act, act), act);
    window.clearTimeout = (act) => window.timers.delete(act);
    window.hide = (isHidden) => {
        Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
    };
"""
PRESSED = "for (const act of [...window.timers.values()]) { window.timers.delete(act); act(); }"
WAITING = "return window.timers.size === 1"


def test_figures_are_read_again_while_somebody_looks(run: ConsolePage, running: Served) -> None:
    go(run, "models")
    run.browser.execute_script(TIMERS)
    go(run, "live")
    run.until(WAITING)
    with running.client() as client:
        client.get("/v2/services/image/edges")
    run.browser.execute_script(PRESSED)
    run.until("return document.querySelector('.live-tables').innerText.includes('missing_picture')")
    run.until(WAITING)
    run.browser.execute_script("window.hide(true)")
    assert run.browser.execute_script("return window.timers.size") == 0
    run.browser.execute_script("window.hide(false)")
    run.until(WAITING)
    go(run, "settings")
    assert run.browser.execute_script("return window.timers.size") == 0


READINGS = """({ History }) => {
    const history = new History();
    const counted = (seconds, done, failed, counts) => ({
        at: new Date(seconds * 1000).toISOString(),
        bounds_seconds: [0.1, 0.2],
        requests: [
            { dialect: "ltu", status: "200", count: done },
            { dialect: "pekat", status: "503", count: failed },
            { dialect: "admin", status: "200", count: seconds },
        ],
        latencies: [
            { of: "request", name: "ltu", counts },
            { of: "request", name: "admin", counts: [0, 0, 9 * seconds] },
        ],
    });
    history.add(counted(100, 10, 1, [4, 5, 0]));
    history.add(counted(110, 50, 1, [4, 25, 0]));
    history.add(counted(120, 50, 6, [4, 25, 0]));
    history.add(counted(500, 60, 6, [4, 25, 9]));
    const before = [history.times.length];
    history.add(counted(510, 80, 6, [14, 35, 9]));
    return [
        before, history.rates(() => true), history.rates((one) => one[0] === "5"),
        history.quantiles(0.5), history.quantiles(0.75),
    ];
}"""


def test_rates_and_quantiles_are_those_of_services_lately(console: ConsolePage) -> None:
    before, rates, faults, medians, slow = module(console, "run/history.js", READINGS)
    assert before == [1], "what is older than five minutes is forgotten"
    assert (rates, faults) == ([None, 2], [None, 0])
    assert medians == [None, pytest.approx(0.1)]
    assert slow == [None, pytest.approx(0.15)]


DRAWN = """({ chart }) => {
    const values = [0, 5, null, 20];
    const told = { title: "x", note: "", times: [0, 30, 60, 120], write: String, top: 10 };
    const made = chart({ ...told, lines: [{ values, tone: "first" }] });
    return [...made.querySelectorAll(".line")].map((one) => one.getAttribute("d"));
}"""


def test_a_line_stands_where_its_numbers_are_and_has_a_gap_where_there_are_none(
    console: ConsolePage,
) -> None:
    # 300 wide for two minutes; 70 high for 20, from a pixel below the top.
    drawn = module(console, "run/charts.js", DRAWN)
    assert drawn == ["M0.0,71.0L75.0,53.5", "M300.0,1.0"]


def test_a_key_is_shown_once_and_then_gone_from_the_page(
    run: ConsolePage, running: Served, rows: Database
) -> None:
    go(run, "keys")
    run.find("#add").click()
    run.find("dialog input[name='owner']").send_keys("nobody")
    run.find("dialog .primary").click()
    run.until("return document.querySelector('dialog .failure').textContent")
    assert run.find("dialog .failure").text == "There is no user nobody."
    owner = run.find("dialog input[name='owner']")
    owner.clear()
    owner.send_keys(running.user)
    run.find("dialog input[name='label']").send_keys(HOSTILE)
    run.find("dialog input[name='unlimited']").click()
    run.find("dialog input[value='edges']").click()
    run.find("dialog .primary").click()
    key = run.find(".secret").text
    with open_client(running) as client:
        assert ask_by_key(client, key).status_code == 400
        assert ask_by_key(client, key, "/v2/services/image/contours").status_code == 403
        run.find("dialog .primary").click()
        run.until(IS_CLOSED)
        page, kept = run.browser.execute_script(
            "return [document.documentElement.outerHTML, JSON.stringify({...localStorage})]"
        )
        assert key not in page + kept + run.browser.current_url
        (row,) = (one for one in texts(run, ".row") if key[:11] in one)
        assert HOSTILE in row
        run.find(f"button[aria-label='Revoke: {key[:11]}']").click()
        run.find("dialog .wrong").click()
        run.until(f"return !document.querySelector(\"button[aria-label='Revoke: {key[:11]}']\")")
        wait_until(lambda: ask_by_key(client, key).status_code == 401)
    assert not run.browser.execute_script("return window.hit")


def test_an_account_is_made_and_limited_and_removed_by_keyboard_alone(
    run: ConsolePage, rows: Database
) -> None:
    go(run, "accounts")
    run.press_on("#add")
    run.find("dialog input[name='name']").send_keys("bob", Keys.TAB, PASSWORD, Keys.ENTER)
    run.until(IS_CLOSED)
    run.press_on("button[aria-label='Limit: bob']")
    run.find("dialog input[name='unlimited']").send_keys(Keys.SPACE)
    run.find("dialog input[value='edges']").send_keys(Keys.SPACE, Keys.ENTER)
    run.until(IS_CLOSED)
    (row,) = (one for one in texts(run, ".row") if one.startswith("bob"))
    assert "edges" in row
    assert Users(rows).get("bob").scopes == frozenset({"edges"})
    run.press_on("button[aria-label='Remove: bob']")
    run.press_on("dialog .wrong")
    wait_for_news(run, "Remove: bob")
    assert "bob" not in [user.name for user in Users(rows).all()]


def test_what_does_not_fit_into_a_page_is_on_the_next(run: ConsolePage, rows: Database) -> None:
    ids = [f"z{number:02}" for number in range(60)]
    columns = {"is_enabled": True, "has_direct_grants": True, "created_at": 0.0}
    with rows.begin() as connection:
        connection.execute(insert(clients), [{"id": id, **columns} for id in ids])
    go(run, "clients")
    titles = ".run .row-title"
    run.until(f"return document.querySelectorAll('{titles}').length === 50")
    assert not run.find(".run .bar button:first-child").is_enabled()
    run.find(".run .bar button:last-child").click()
    run.until(f"return document.querySelectorAll('{titles}').length < 50")
    assert texts(run, titles)[-1] == "z59"
    with rows.begin() as connection:
        connection.execute(delete(clients).where(clients.c.id.in_(ids)))


def test_a_client_is_made_with_its_secret_and_removed(run: ConsolePage) -> None:
    go(run, "clients")
    run.find("#add").click()
    run.find("dialog input[name='name']").send_keys("backend")
    run.find("dialog input[name='confidential']").click()
    run.find("dialog .primary").click()
    assert len(run.find(".secret").text) > 40
    run.find("dialog .primary").click()
    run.find("button[aria-label='Remove: backend']").click()
    run.find("dialog .wrong").click()
    wait_for_news(run, "Remove: backend")
    assert not [one for one in texts(run, ".row-title") if one == "backend"]


def test_a_refused_job_is_tried_again_on_demand(run: ConsolePage, rows: Database) -> None:
    with rows.begin() as connection:
        row = {"digest": "1a2b" * 16, "until": time.time() + 600}
        connection.execute(insert(refused_jobs).values(row))
    go(run, "quarantine")
    run.find("button[aria-label='Try it again: 1a2b1a2b1a2b']").click()
    wait_for_news(run, "Released: 1a2b1a2b1a2b")
    with rows.connect() as connection:
        assert not connection.execute(select(refused_jobs)).all()


def test_models_and_settings_are_those_that_the_api_tells(
    run: ConsolePage, rows: Database, running: Served
) -> None:
    key = ApiKeys(rows).add(ADMIN_NAME, scopes=frozenset({ADMIN}))
    with running.client({"X-API-Key": key}) as client:
        models, settings = (
            client.get(f"/v2/admin/{one}").json()[one] for one in ("models", "settings")
        )
    go(run, "models")
    run.find(".row")
    shown = texts(run, ".row")
    for one, text in zip(models, shown, strict=True):
        assert all(one[name] in text for name in ("title", "licence", "sha256"))
    go(run, "settings")
    run.find("dt")
    assert len(texts(run, ".settings dt")) == sum(one["source"] != "default" for one in settings)
    run.find("#all-settings").click()
    assert texts(run, ".settings dt") == [one["name"] for one in settings]


def test_every_part_suits_everybody(run: ConsolePage) -> None:
    for section in SECTIONS:
        go(run, section)
        run.until("return document.querySelector('.row, .chart, dt, .stack > .stack > .hint')")
        for scheme in ("light", "dark"):
            run.prefer(scheme)
            assert run.serious_faults() == [], (section, scheme)
        with run.narrow():
            script = "return document.documentElement.scrollWidth <= innerWidth"
            assert run.browser.execute_script(script), section
    run.prefer("light")
    go(run, "live")
    run.until(READ)
    keep(run.browser, run.find("header"), "console-run")
