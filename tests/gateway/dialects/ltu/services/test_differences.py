"""`differences`: presets, settings and areas as the document writes them, and its names."""

import json
from typing import Any

import numpy as np
import pytest

from engines.core.errors import BadParameter, UnparsableParameter
from engines.core.shapes import Box, Details, Picture
from engines.differences import Circle, ColorSpace, Difference, DifferencesInfo, Result
from engines.differences import Params as Native
from gateway.dialects.ltu.services.differences import Params, translate
from tests.gateway.dialects.ltu.answers import answered


def told(**fields: str) -> Native:
    return translate(Params.from_text(fields))


def found(**parts: Any) -> dict[str, Any]:
    circle = Circle(center=(12.5, 22), radius=4)
    one = Difference(box=Box(10, 20, 16, 25), circle=circle, **parts)
    details = Details[DifferencesInfo](info=DifferencesInfo(count=1))
    result = Result(differing_percent=1.5, on_image1=[one], on_image2=[one], details=details)
    return answered("differences", result)


def test_without_a_word_the_engines_defaults_are_taken() -> None:
    assert told() == Native()


def test_a_preset_chooses_the_settings() -> None:
    finest, roughest = told(preset="1"), told(preset="4")
    assert (finest.threshold, finest.resolution, finest.rim) == (20, 900, 0)
    assert (finest.tolerance, roughest.tolerance) == (1, 3)
    assert (roughest.smoothing, roughest.rim, roughest.smallest) == (0.9, 0.02, 0.04)


def test_settings_win_over_the_preset_key_by_key() -> None:
    both = told(preset="4", fic_settings='{"smooth": 0.2, "behaviors": "hsv"}')
    assert (both.smoothing, both.rim, both.color_space) == (0.2, 0.02, ColorSpace.HSV)


def test_a_threshold_of_1_is_40_levels_and_a_weight_lowers_it() -> None:
    assert told(fic_settings='{"threshold": 1}').threshold == 40
    assert told(fic_settings='{"threshold": 1, "weight": 2}').threshold == 20


def test_the_settings_of_the_document_are_taken() -> None:
    text = '{"resolution": 600, "threshold": 1.4, "smooth": 1.4, "margin": 0}'
    settings = told(fic_settings=text)
    assert (settings.resolution, settings.threshold, settings.smoothing) == (600, 56, 1.4)


def test_the_misprinted_transform_is_taken() -> None:
    assert told(tranform="True").matrices


@pytest.mark.parametrize(
    ("text", "color"), [("1, 2,3", (1, 2, 3, 255)), ("255,0,0,9", (255, 0, 0, 9))]
)
def test_a_colour_without_alpha_is_opaque(text: str, color: tuple[int, ...]) -> None:
    assert told(mask_color=text).mask_color == color


@pytest.mark.parametrize(
    "area",
    [
        {"x": 170, "y": 110, "width": 90, "height": 70},
        [[170, 110], [260, 110], [260, 180], [170, 180]],
        [{"x": 170, "y": 110}, {"x": 260, "y": 110}, {"x": 260, "y": 180}, {"x": 170, "y": 180}],
    ],
    ids=["rectangle", "polygon", "polygon of points"],
)
def test_areas_of_every_form_are_polygons(area: Any) -> None:
    corners = ((170, 110), (260, 110), (260, 180), (170, 180))
    assert told(ignore=json.dumps([area])).ignore == (corners,)


@pytest.mark.parametrize("name", ["fic_settings", "ignore"])
@pytest.mark.parametrize("text", ["{'resolution': 600}", "[" * 5000, "{", "[NaN]", "9" * 5000])
def test_what_is_no_json_is_refused_as_such(name: str, text: str) -> None:
    with pytest.raises(UnparsableParameter, match=f"{name} is no JSON"):
        told(**{name: text})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('{"treshold": 1}', "fic_settings has the key 'treshold'"),
        ('{"threshold": 99}', "fic_settings.threshold"),
        ('{"resolution": 901}', "fic_settings.resolution"),
        ('{"smooth": 1e999}', "fic_settings.smooth"),
        ('{"margin": [1]}', "fic_settings.margin"),
        ('{"weight": true}', "fic_settings.weight"),
        ('{"smooth": "1_0"}', "fic_settings.smooth"),
        ('{"behaviors": "XYZ"}', "fic_settings.behaviors"),
        ("[1]", "no object"),
        ('{"a": "%s"}' % ("b" * 30_000), "characters"),
    ],
)
def test_a_fault_in_the_settings_is_named(settings: str, said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        told(fic_settings=settings)


@pytest.mark.parametrize(
    "areas",
    [
        "{}",
        "[1]",
        "[[[0, 0], [1, 1]]]",
        '[{"x": 1}]',
        '[[["a", 0], [1, 1], [2, 2]]]',
        "[[[1e9, 0]]]",
    ],
)
def test_areas_of_another_form_are_refused(areas: str) -> None:
    with pytest.raises(BadParameter, match="ignore"):
        told(ignore=areas)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("preset", "6"),
        ("mask_color", "255,0"),
        ("mask_color", "300,0,0"),
        ("mask_color", "red,0,0"),
        ("mask_color", "٣,0,0"),
        ("vertices", "maybe"),
    ],
)
def test_values_out_of_range_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadParameter, match=name):
        told(**{name: text})


def test_a_difference_has_the_documents_keys() -> None:
    mask = Picture(np.ones((5, 6), np.bool_))
    answer = found(outline=[(10, 20), (15, 24)], mask=mask)
    assert answer["details"]["score"] == 1.5
    assert answer["result"]["diffOnImage1"] == answer["result"]["diffOnImage2"]
    one = answer["result"]["diffOnImage1"][0]
    assert one.pop("mask")["format"] == "image/png"
    assert one == {
        "boundingBox": {"x": 10, "y": 20, "width": 6, "height": 5},
        "enclosingCircle": {"radius": 4, "center": {"x": 12.5, "y": 22}},
        "relativeVertices": [{"x": 0, "y": 0}, {"x": 5, "y": 4}],
    }


def test_keys_that_were_not_asked_for_are_absent() -> None:
    result = found()["result"]
    assert set(result) == {"diffOnImage1", "diffOnImage2"}
    assert set(result["diffOnImage1"][0]) == {"boundingBox", "enclosingCircle"}
