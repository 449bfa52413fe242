"""Each service in the console: its sample's result, drawn where the JSON says."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains

from tests.browser.conftest import keep
from tests.browser.console_page import Box, ConsolePage

Result = dict[str, Any]
NEAR_PX = 1.5


def bounds(box: dict[str, float]) -> Box:
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


def around(points: Any) -> Box:
    return (*np.min(points, axis=0), *np.max(points, axis=0))


OUTLINED: dict[str, Callable[[Result], list[Box]]] = {
    "anonymize": lambda result: [around(one["polygon"]) for one in result["objects"]],
    "contours": lambda result: [bounds(one["boundingBox"]) for one in result["contours"]],
    "differences": lambda result: [bounds(one["boundingBox"]) for one in result["diffOnImage1"]],
    "objectDetection": lambda result: [one["box"] for one in result["objects"]],
    "templateMatch": lambda result: [one["box"] for one in result["matches"]],
    "textDetection": lambda result: [one["box"] for one in result["lines"]],
}


@pytest.mark.parametrize("service", OUTLINED)
def test_what_is_found_is_outlined_and_listed_where_the_json_has_it(
    console: ConsolePage, service: str
) -> None:
    expected = OUTLINED[service](console.shown(service))
    assert expected
    # An outline runs over its outermost pixels, a box around them.
    np.testing.assert_allclose(console.outlines(), expected, atol=NEAR_PX)
    assert console.count(".findings .row") == len(expected)
    keep(console.browser, console.find(".result"), f"console-{service}")


def test_the_query_is_outlined_in_the_picture_that_was_searched(console: ConsolePage) -> None:
    result = console.shown("featureMatch")
    [outline] = console.outlines(1)
    np.testing.assert_allclose(outline, around(result["outline"]), atol=NEAR_PX)
    assert console.count(".dot") == 2 * len(result["matches"])


def test_a_distance_is_a_sentence_with_what_matches_in_both_pictures(
    console: ConsolePage,
) -> None:
    result = console.shown("distance")
    assert "They show the same: the distance is 0." in console.find(".sentence").text
    for frame, side in enumerate(("reference", "query")):
        told = np.multiply(result[side]["matchingBox"], result[side]["originalDimensions"])
        np.testing.assert_allclose(console.outlines(frame), [around(told)], atol=NEAR_PX)


def test_a_picture_is_warped_onto_the_other_one(console: ConsolePage) -> None:
    matrix = np.reshape(console.shown("alignmentMatrix")["matrix1"], (3, 3))
    corners = matrix @ np.array([[0, 0, 1], [600, 0, 1], [600, 400, 1], [0, 400, 1]]).T
    script = """
        const frame = document.querySelector(".frame").getBoundingClientRect();
        const seen = document.querySelector(".natural").getBoundingClientRect();
        const scale = 600 / frame.width;
        return [seen.left - frame.left, seen.top - frame.top, seen.right - frame.left,
            seen.bottom - frame.top].map((value) => value * scale);
    """
    seen = console.browser.execute_script(script)
    np.testing.assert_allclose(seen, around((corners[:2] / corners[2]).T), atol=NEAR_PX)


def test_a_row_and_its_outline_light_up_together(console: ConsolePage) -> None:
    console.shown("contours")
    actions = ActionChains(console.browser)
    actions.move_to_element(console.find(".findings li:nth-child(2) .row")).perform()
    assert console.count(".mark:nth-of-type(2).lit") == 1
    actions.move_to_element(console.find(".marks .mark:nth-of-type(3) .badge")).perform()
    assert console.count(".findings li:nth-child(3) .row.lit") == 1
    assert console.count(".lit") == 2


def test_a_row_is_a_line_with_its_number_first(console: ConsolePage) -> None:
    console.shown("contours")
    number, title, detail = [
        console.find(f".findings .row-{part}").rect for part in ("number", "title", "detail")
    ]
    gap = title["x"] - number["x"] - number["width"]
    assert 0 < gap < 30
    assert detail["x"] > title["x"]
    assert abs(detail["y"] - number["y"]) < 5


def test_read_words_can_be_selected_over_the_picture(console: ConsolePage) -> None:
    lines = console.shown("textDetection")["lines"]
    console.browser.execute_script(
        "getSelection().selectAllChildren(document.querySelector('svg.marks'))"
    )
    selected = str(console.browser.execute_script("return getSelection().toString()"))
    for word in lines[0]["words"]:
        assert word["text"] in selected


@pytest.mark.parametrize("service", ["edges", "objectMaskDetection"])
def test_a_mask_lies_in_colour_over_the_picture(console: ConsolePage, service: str) -> None:
    console.shown(service)
    script = """
        const canvas = document.querySelector("canvas.layer");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        return [canvas.width, canvas.height, data.filter((one, at) => at % 4 === 3 && one).length];
    """
    width, height, covered = console.browser.execute_script(script)
    assert (width, height) == (600, 400)
    assert 0.01 < covered / (width * height) < 0.6


def test_the_heat_is_seen_as_much_as_the_slider_says(console: ConsolePage) -> None:
    console.shown("heatMap")
    script = """
        const slider = document.querySelector(".control input");
        slider.value = 25;
        slider.dispatchEvent(new Event("input"));
        return getComputedStyle(document.querySelector("img.layer")).opacity;
    """
    assert console.browser.execute_script(script) == "0.25"


def test_a_slider_parts_before_and_after(console: ConsolePage) -> None:
    console.shown("differences")
    script = """
        const slider = document.querySelector(".control input");
        slider.value = 30;
        slider.dispatchEvent(new Event("input"));
        return getComputedStyle(document.querySelector(".upper")).clipPath;
    """
    assert console.browser.execute_script(script) == "inset(0px 0px 0px 30%)"


def test_colours_are_swatches_to_copy(console: ConsolePage) -> None:
    colours = console.shown("colorPalette")["colors"]
    shown = console.browser.execute_script(
        "return Array.from(document.querySelectorAll('.swatches button'), (one) => one.textContent)"
    )
    assert shown == ["#{:02x}{:02x}{:02x}".format(*colour) for colour in colours]


def test_labels_have_bars_as_long_as_their_scores(console: ConsolePage) -> None:
    [label] = console.shown("classification")["labels"]
    fill, line = console.find(".scale-fill").rect, console.find(".scale-line").rect
    assert console.find(".scale-name").text == label["description"]
    assert fill["width"] / line["width"] == pytest.approx(label["score"], abs=0.01)


def test_quality_is_bars_and_a_histogram(console: ConsolePage) -> None:
    result = console.shown("imageQuality")
    assert console.count(".scale") == 5
    assert console.count(".histogram rect") == 255
    assert f"{result['brightness']['l_mean']:.0f}" in console.find(".scales").text


def test_the_service_s_own_picture_is_unfolded(console: ConsolePage) -> None:
    console.shown("objectDetection")
    console.find(".raw summary").click()
    console.until("return document.querySelector('img.whole')?.naturalWidth === 600")
