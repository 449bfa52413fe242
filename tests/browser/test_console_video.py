"""Videos in the console: anonymised as a task, and played over a timeline of what was seen."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import skimage
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.browser.conftest import chromium, console_of, keep, requested
from tests.browser.console_page import ConsolePage
from tests.engines.videos.films import film
from tests.serving import Served, serving, wait_until

SERVICE = "celanturUploadFile"
FRAMES = 40
SCENE = range(10, 30)
"""Frames with a face; before and after is nothing."""
BAR = ".lane[data-kind='face'] .span"
PLAYER = "document.querySelector('.film video')"


@pytest.fixture(scope="module")
def working(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("videos"), slots=1) as started:
        yield started


@pytest.fixture
def console(window: Chrome, working: Served) -> Iterator[ConsolePage]:
    """Celantur's form, loaded anew, and signed in."""
    with console_of(working, window) as page:
        page.open(SERVICE)
        page.sign_in(working.user, working.password)
        yield page


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A face for a while, between two cuts; 320 × 240, 25 frames a second."""
    ground = np.full((240, 320, 3), 110, np.uint8)
    ground[::8] = 60
    shown = ground.copy()
    shown[:, 40:280] = skimage.data.astronaut()[:240, 110:350, ::-1]  # type: ignore[no-untyped-call]
    frames = [shown if number in SCENE else ground for number in range(FRAMES)]
    return film(tmp_path_factory.mktemp("sent") / "street.mp4", frames)


@pytest.fixture
def glimpse(tmp_path: Path) -> Path:
    """A video of two frames."""
    return film(tmp_path / "glimpse.mp4", [np.full((96, 160, 3), 110, np.uint8)] * 2)


def anonymise(console: ConsolePage, video: Path) -> None:
    """Faces and vehicles are looked for."""
    console.choose(video)
    for name in ("face", "vehicle"):
        console.browser.execute_script(f"document.querySelector('[name={name}]').click()")
    console.run()
    console.until(f"return {PLAYER}.readyState > 0")


@pytest.fixture(scope="module")
def played(working: Served, video: Path) -> Iterator[ConsolePage]:
    """A video's result, which tests look at one after the other."""
    with chromium() as browser, console_of(working, browser) as page:
        page.open(SERVICE)
        page.sign_in(working.user, working.password)
        anonymise(page, video)
        yield page


def test_a_bar_is_where_the_metadata_has_the_face(played: ConsolePage, working: Served) -> None:
    with working.client() as client:
        path = f"/v1/file/{played.answer()['id']}/video/metadata?times=true"
        told = client.get(path).json()
    kinds = [{found["type_label"] for found in one["detections"]} for one in told]
    seen = [one["seconds"] for one, found in zip(told, kinds, strict=True) if "face" in found]
    assert len(seen) >= len(SCENE) / 2
    script = """
        const bar = document.querySelector(arguments[0]);
        const [inner, outer] = [bar, bar.parentNode].map((one) => one.getBoundingClientRect());
        return [inner.left, inner.right].map((at) => (at - outer.left) / outer.width);
    """
    share = played.browser.execute_script(script, BAR)
    end = FRAMES / 25
    np.testing.assert_allclose(np.multiply(share, end), [seen[0], seen[-1] + 0.04], atol=0.005)
    assert played.count(BAR) == 1
    assert played.count(".lane") == 2
    keep(played.browser, played.find(".result"), "console-video")


def test_a_bar_tells_its_instance_and_enter_goes_there(played: ConsolePage) -> None:
    bar = played.find(BAR)
    name = str(bar.get_attribute("aria-label"))
    assert name.startswith(f"Face {bar.text}, ")
    assert name.endswith("from 0:00.4 to 0:01.2")
    played.press_on(BAR)
    assert played.find(".timeline-told").text == name
    played.until(f"return !{PLAYER}.seeking && {PLAYER}.currentTime > 0.4")
    place = "return Number(document.querySelector('.timeline').style.getPropertyValue('--at'))"
    assert float(played.browser.execute_script(place)) == pytest.approx(0.4 / 1.6, abs=0.01)


def test_arrows_go_from_bar_to_bar(played: ConsolePage) -> None:
    played.press_on(BAR)
    keys = ActionChains(played.browser)
    keys.send_keys(Keys.ARROW_RIGHT).perform()
    script = "return [...document.querySelectorAll('.span')].indexOf(document.activeElement)"
    assert played.browser.execute_script(script) == 1
    keys.send_keys(Keys.ARROW_LEFT).perform()
    assert played.browser.execute_script(script) == 0
    assert played.count(".span[tabindex='0']") == 1


def test_the_original_goes_along_beside_it(played: ConsolePage) -> None:
    played.press_on(".result .toggle-button")
    assert played.count(".film video") == 2
    played.find(BAR).click()
    played.until(
        "return [...document.querySelectorAll('.film video')]"
        ".every((one) => !one.seeking && one.currentTime > 0.4)"
    )
    keep(played.browser, played.find(".result"), "console-video-beside")
    played.find(".result .toggle-button").click()
    assert played.count(".film video") == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault_in_a_video(played: ConsolePage, scheme: str) -> None:
    played.prefer(scheme)
    assert played.serious_faults() == []
    with played.narrow():
        width = played.browser.execute_script("return document.documentElement.scrollWidth")
        keep(played.browser, played.find(".result"), f"console-video-narrow-{scheme}")
    assert width <= 320


def test_what_only_is_called_a_video_is_refused_in_words_and_kept(
    console: ConsolePage, tmp_path: Path
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("This is no video." * 1_000_000)
    console.choose(text)
    console.run()
    assert console.failure() == "The file is text/plain; expected a JPEG, PNG or video."
    assert console.find(".chosen .file-name").text == "text.mp4"


def test_a_video_that_ends_early_fails_in_words(
    console: ConsolePage, video: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(video.read_bytes()[:2000])
    console.choose(cut)
    console.run()
    assert "video" in console.failure()


LARGE = """
    const asked = window.fetch;
    window.fetch = async (address, options) => {
        if (options.method !== "HEAD") return asked(address, options);
        return new Response(null, { headers: { "content-length": 512 * 2 ** 20 + 1 } });
    };
"""


def test_a_very_large_video_is_not_fetched_to_be_played(
    console: ConsolePage, glimpse: Path
) -> None:
    console.browser.execute_script(LARGE)
    requested(console.browser)
    anonymise(console, glimpse)
    assert console.find(".film figcaption").text == "Original"
    assert "larger than 512 MB" in console.find(".result .bar").text
    asked = requested(console.browser)
    assert any(one.endswith("/video/metadata?times=true&start=0") for one in asked)
    assert not any(one.endswith("/video/anonymised") for one in asked)


TOLD = """
    const asked = window.fetch;
    window.fetch = async (address, options) => {
        if (options.method || !address.pathname.startsWith("/v1/task/")) {
            return asked(address, options);
        }
        return Response.json({ status: "processing", progress: 0.5 });
    };
"""


def test_progress_is_seen_and_a_video_nobody_waits_for_is_deleted(
    console: ConsolePage, working: Served, video: Path
) -> None:
    with working.client() as client:
        before = client.get("/v1/task/list").json()
        console.browser.execute_script(TOLD)
        console.choose(video)
        console.find("#run").click()
        console.until("return document.querySelector('.working progress').value === 0.5")
        assert len(client.get("/v1/task/list").json()) == len(before) + 1
        console.find("#cancel").click()
        wait_until(lambda: len(client.get("/v1/task/list").json()) == len(before))


READ = """
    const [path, done] = arguments;
    const frames = Array.from({ length: 1100 }, (_, at) => ({
        id: String(at),
        seconds: at < 600 ? at : 2 * at - 600,
        detections: [100, 101, 103, 499, 500, 1099].includes(at)
            ? [{ id: 7, type_label: "person", score: at / 2000 }] : [],
    }));
    const ask = async (path) => {
        const start = Number(new URLSearchParams(path.split("?")[1]).get("start"));
        return Response.json(frames.slice(start, start + 500));
    };
    import(path).then(({ readVideo }) => readVideo({ id: "1", name: "a" }, { session: { ask } }))
        .then(done);
"""


def test_a_long_video_is_read_in_parts_by_the_times_of_its_frames(console: ConsolePage) -> None:
    told = console.browser.execute_async_script(READ, f"{console.url}app/video.js")
    spans = [(one["from"], one["to"], one["score"]) for one in told["bars"]]
    assert spans == [
        (100, 102, 0.0505),
        (103, 104, 0.0515),
        (499, 501, 0.25),
        (1598, told["seconds"], 0.5495),
    ]
    assert told["seconds"] == pytest.approx(1598 + 1598 / 1099)
    assert {(one["number"], one["kind"]) for one in told["bars"]} == {(7, "person")}


def test_what_this_browser_cannot_play_is_a_sentence_over_the_timeline(
    console: ConsolePage, tmp_path: Path
) -> None:
    lossless = film(tmp_path / "street.mkv", [np.full((96, 160, 3), 110, np.uint8)] * 3)
    Select(console.find("[name='method']")).select_by_value("detect")
    console.choose(lossless)
    console.run()
    assert console.find(".film .failure").text == "This browser cannot play the video."
    assert console.count(".lane") == 4
