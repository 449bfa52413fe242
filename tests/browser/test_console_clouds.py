"""Point clouds in the console: where they are drawn, and how hands turn them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.keys import Keys

from tests.browser.conftest import keep, requested
from tests.browser.console_page import ConsolePage
from tests.clouds import Array, pebble, ply
from tests.serving import Served

FIRST = AROUND, OVER = 0.4, 0.3
"""How the first view is turned, in radians."""
NEAR_PX = 3
"""A point is a disc of 4 or 5 px."""
MARGIN = 1.7
"""Half of the picture's height, in the model's greatest distances from its middle."""
_SAMPLE = """
    return import(`${location.pathname}app/sample_clouds.js`)
        .then((clouds) => clouds[arguments[0]]().text());
"""
_COLOUR = "return getComputedStyle(document.querySelector(arguments[0])).color"
_WITHOUT_WEBGL = """
    const { prototype } = HTMLCanvasElement;
    window.whole = prototype.getContext;
    prototype.getContext = function (kind) {
        return kind === "2d" ? window.whole.call(this, kind) : null;
    };
"""
_WITH_WEBGL = "HTMLCanvasElement.prototype.getContext = window.whole"


@pytest.fixture(params=["light", "dark"])
def scheme(console: ConsolePage, request: pytest.FixtureRequest) -> Iterator[str]:
    console.prefer(request.param)
    yield request.param
    console.prefer("light")


def seen(console: ConsolePage) -> Array:
    """The drawing as it is on the screen, (H, W, 3), RGB."""
    console.browser.execute_script("return new Promise(requestAnimationFrame)")
    shot = np.frombuffer(console.find(".turntable").screenshot_as_png, np.uint8)
    return np.array(cv2.imdecode(shot, cv2.IMREAD_COLOR), float)[..., ::-1]


def colour_of(console: ConsolePage, selector: str) -> Array:
    """As the page's style has it."""
    told = str(console.browser.execute_script(_COLOUR, selector))
    return np.array([int(one) for one in told.strip("rgb()").split(",")])


def sample(console: ConsolePage, name: str) -> Array:
    """Points of the solid or of the scan, (N, 3)."""
    text = str(console.browser.execute_script(_SAMPLE, name))
    return np.loadtxt(text.split("end_header\n")[1].splitlines(), usecols=(0, 1, 2))


def moved(points: Array, pose: list[list[float]]) -> Array:
    """From the model to the scene."""
    matrix: Array = np.array(pose)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def projected(
    points: Array, model: Array, shape: tuple[int, ...], turned: tuple[float, float] = FIRST
) -> Array:
    """Where points of the scene are seen, (N, 3): right and down in pixels, and how far."""
    middle = np.median(model, axis=0)
    (sin, cos), (dip, level) = [(np.sin(one), np.cos(one)) for one in turned]
    around = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
    over = np.array([[1, 0, 0], [0, level, -dip], [0, dip, level]])
    height, width = shape[:2]
    scale = height / 2 / MARGIN / np.abs(model - middle).max()
    seen_at: Array = (points - middle) @ (over @ around).T * scale + [width / 2, height / 2, 0]
    return seen_at


def covered(picture: Array, colour: Array) -> NDArray[np.bool_]:
    """Where a pixel has a colour of which some has gone into the ground, (H, W)."""
    ground = picture[8, picture.shape[1] // 2]
    way = (colour - ground) / np.linalg.norm(colour - ground)
    along = (picture - ground) @ way
    aside = np.linalg.norm(picture - ground - along[..., None] * way, axis=-1)
    return np.asarray((along > 50) & (aside < 0.12 * along), bool)


def share_on_model(picture: Array, placed: Array, colour: Array) -> float:
    """Of the hundred nearest points of a model, how many lie on its colour."""
    seen_at = projected(placed, placed, picture.shape)
    x, y = seen_at[np.argsort(seen_at[:, 2])[:100], :2].astype(int).T
    return float(covered(picture, colour)[y, x].mean())


def reach(picture: Array, colour: Array) -> tuple[int, int, int]:
    """How far a colour goes left, right and down; at the top is the model's number."""
    y, x = np.nonzero(covered(picture, colour))
    return int(x.min()), int(x.max()), int(y.max())


def test_a_model_is_drawn_where_its_pose_has_it(console: ConsolePage, scheme: str) -> None:
    pose = console.shown("surfaceMatch")["pose"]
    keep(console.browser, console.find(".result"), f"console-surface-{scheme}")
    placed, colour = moved(sample(console, "solid"), pose), colour_of(console, ".turntable .mark")
    picture = seen(console)
    assert share_on_model(picture, placed, colour) > 0.95
    right, down, _ = projected(placed, placed, picture.shape).T
    expected = right.min(), right.max(), down.max()
    np.testing.assert_allclose(reach(picture, colour), expected, atol=NEAR_PX)


def test_the_scan_lies_around_the_model_as_the_pose_says(console: ConsolePage) -> None:
    placed = moved(sample(console, "solid"), console.shown("surfaceMatch")["pose"])
    picture = seen(console)
    x, y, _ = projected(sample(console, "scan"), placed, picture.shape).T
    table = y[(x > 0) & (x < 50)]
    drawn = covered(picture, colour_of(console, ".turntable"))[:, :50]
    assert np.flatnonzero(drawn.any(axis=1))[0] == pytest.approx(table.min(), abs=NEAR_PX)


@pytest.mark.parametrize("key", [Keys.ARROW_LEFT, Keys.ARROW_UP, "+", "-"])
def test_keys_turn_the_clouds_and_a_button_resets_them(console: ConsolePage, key: str) -> None:
    console.shown("surfaceMatch")
    before = seen(console)
    console.find(".turntable").send_keys(key)
    assert np.any(seen(console) != before)
    console.find(".moves button:last-child").click()
    console.browser.execute_script("document.activeElement.blur()")
    np.testing.assert_array_equal(seen(console), before)


def test_a_scan_without_the_solid_is_shown_alone(console: ConsolePage, tmp_path: Path) -> None:
    ball = tmp_path / "ball.ply"
    ball.write_bytes(ply(pebble(bumps=0)))
    console.go("surfaceMatch")
    console.take_sample()
    console.find("button[aria-label^='Remove']").click()
    console.choose(ball)
    console.run()
    assert "pose" not in console.answer()["result"]
    drawn = covered(seen(console), colour_of(console, ".turntable"))
    assert drawn.mean() > 0.05
    assert console.count(".turntable .mark, .findings") == 0
    keep(console.browser, console.find(".result"), "console-surface-alone")


def test_colours_change_with_the_scheme(console: ConsolePage) -> None:
    placed = moved(sample(console, "solid"), console.shown("surfaceMatch")["pose"])
    console.prefer("dark")
    try:
        colour = colour_of(console, ".turntable .mark")
        assert share_on_model(seen(console), placed, colour) > 0.95
    finally:
        console.prefer("light")


def test_what_is_near_follows_the_hand(console: ConsolePage) -> None:
    placed = moved(sample(console, "solid"), console.shown("surfaceMatch")["pose"])
    actions = ActionChains(console.browser)
    actions.drag_and_drop_by_offset(console.find(".turntable"), 90, 30).perform()
    picture = seen(console)
    right, down, _ = projected(placed, placed, picture.shape, (AROUND + 0.6, OVER + 0.2)).T
    expected = right.min(), right.max(), down.max()
    drawn = reach(picture, colour_of(console, ".turntable .mark"))
    np.testing.assert_allclose(drawn, expected, atol=NEAR_PX)


def wheel(console: ConsolePage) -> None:
    origin = ScrollOrigin.from_element(console.find(".turntable"))
    ActionChains(console.browser).scroll_from_origin(origin, 0, -200).perform()


def pinch(console: ConsolePage) -> None:
    """Two fingers go from 100 to 160 px apart."""
    script = """
        const { left, top, width, height } = arguments[0].getBoundingClientRect();
        return [left + width / 2, top + height / 2];
    """
    x, y = console.browser.execute_script(script, console.find(".turntable"))
    for kind, apart in (("touchStart", 50), ("touchMove", 60), ("touchMove", 80)):
        points = [{"x": x + side * apart, "y": y, "id": side + 1} for side in (-1, 1)]
        touch(console, kind, points)
    touch(console, "touchEnd", [])


def touch(console: ConsolePage, kind: str, points: list[dict[str, float]]) -> None:
    told = {"type": kind, "touchPoints": points}
    console.browser.execute_cdp_cmd("Input.dispatchTouchEvent", told)


@pytest.mark.parametrize(("zoom", "factor"), [(wheel, np.exp(0.4)), (pinch, 1.6)])
def test_a_wheel_and_two_fingers_zoom(
    console: ConsolePage, zoom: Callable[[ConsolePage], None], factor: float
) -> None:
    console.shown("surfaceMatch")
    colour = colour_of(console, ".turntable .mark")
    left, right, _ = reach(seen(console), colour)
    zoom(console)
    nearer_left, nearer_right, _ = reach(seen(console), colour)
    assert (nearer_right - nearer_left) / (right - left) == pytest.approx(factor, rel=0.04)


def test_what_is_near_hides_what_is_behind_it(console: ConsolePage) -> None:
    console.shown("surfaceMatch")
    colour = colour_of(console, ".turntable .mark")
    console.find(".turntable").send_keys(20 * Keys.ARROW_DOWN)
    from_above = covered(seen(console), colour).sum()
    console.find(".turntable").send_keys(40 * Keys.ARROW_UP)
    # Through the table; without it as many, for an outline from below is that from above, mirrored.
    assert covered(seen(console), colour).sum() < 0.85 * from_above


def test_what_the_graphics_processor_forgets_is_drawn_anew(console: ConsolePage) -> None:
    console.shown("surfaceMatch")
    before = seen(console)
    script = """
        const canvas = document.querySelector(".turntable canvas");
        const loss = canvas.getContext("webgl").getExtension("WEBGL_lose_context");
        canvas.addEventListener("webglcontextlost", () => setTimeout(() => loss.restoreContext()));
        const back = new Promise((resolve) =>
            canvas.addEventListener("webglcontextrestored", resolve));
        loss.loseContext();
        return back.then(() => true);
    """
    assert console.browser.execute_script(script)
    np.testing.assert_array_equal(seen(console), before)


def test_a_row_and_its_model_light_up_together(console: ConsolePage, scheme: str) -> None:
    pose = console.shown("surfaceMatch")["pose"]
    placed = moved(sample(console, "solid"), pose)
    before = colour_of(console, ".turntable .mark")
    ActionChains(console.browser).move_to_element(console.find(".findings .row")).perform()
    lit = colour_of(console, ".turntable .mark")
    assert np.any(lit != before)
    assert share_on_model(seen(console), placed, lit) > 0.95
    keep(console.browser, console.find(".result"), f"console-surface-lit-{scheme}")
    ActionChains(console.browser).move_to_element(console.find("h1")).perform()
    assert share_on_model(seen(console), placed, before) > 0.95
    ActionChains(console.browser).move_to_element(console.find(".turntable .badge")).perform()
    assert console.count(".findings .row.lit") == 1


def test_without_webgl_clouds_are_drawn_flat_and_a_sentence_says_so(console: ConsolePage) -> None:
    console.browser.execute_script(_WITHOUT_WEBGL)
    try:
        placed = moved(sample(console, "solid"), console.shown("surfaceMatch")["pose"])
    finally:
        console.browser.execute_script(_WITH_WEBGL)
    assert "no WebGL" in console.find(".stack > .hint").text
    colour = colour_of(console, ".turntable .mark")
    assert share_on_model(seen(console), placed, colour) > 0.95
    keep(console.browser, console.find(".result"), "console-surface-flat")


def test_a_match_of_aerovision_s_api_is_turned_too(console: ConsolePage) -> None:
    # The one before has the same title, by which `go` knows the page.
    console.go("edges")
    console.go("matchSurface")
    console.take_sample()
    console.run()
    placed = moved(sample(console, "solid"), console.answer()["result_data"]["pose"])
    colour = colour_of(console, ".turntable .mark")
    assert share_on_model(seen(console), placed, colour) > 0.95
    assert console.find(".stage img").get_attribute("alt") == "pose.png"


def test_nothing_of_it_is_loaded_before_there_is_something_to_turn(
    console: ConsolePage, served: Served
) -> None:
    requested(console.browser)
    console.open("surfaceMatch")
    console.find("#sample").click()
    console.find(".chosen")
    assert not [one for one in requested(console.browser) if "/clouds/" in one]
    console.sign_in(served.user, served.password)
    console.shown("surfaceMatch")
    assert [one for one in requested(console.browser) if "/clouds/webgl.js" in one]


def test_axe_finds_no_serious_fault_in_a_turntable(console: ConsolePage, scheme: str) -> None:
    console.shown("surfaceMatch")
    assert console.serious_faults() == [], scheme


def test_a_turntable_is_as_narrow_as_a_phone(console: ConsolePage) -> None:
    with console.narrow():
        placed = moved(sample(console, "solid"), console.shown("surfaceMatch")["pose"])
        assert console.browser.execute_script("return document.documentElement.scrollWidth") <= 320
        colour = colour_of(console, ".turntable .mark")
        assert share_on_model(seen(console), placed, colour) > 0.95
        keep(console.browser, console.find(".result"), "console-surface-narrow")
