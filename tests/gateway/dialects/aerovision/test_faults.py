"""Faults in FastAPI's form, and ranges in the document's."""

from typing import Any

import pytest

from gateway.dialects.aerovision.faults import MOST_SHOWN_BYTES, RequestInvalid, validated
from gateway.dialects.aerovision.models import (
    FeatureParams,
    Steps,
    SurfaceParams,
    TemplateParams,
    ToolParams,
)

FLOATS = [
    (TemplateParams, "threshold", 0.1, 1.0),
    (FeatureParams, "ratio_threshold", 0.1, 1.0),
    (SurfaceParams, "relative_sampling_step", 0.01, 0.5),
    (SurfaceParams, "relative_distance_step", 0.01, 0.5),
]
INTEGERS = [
    (TemplateParams, "max_results", 1, 1000),
    (FeatureParams, "max_matches", 1, 5000),
    (SurfaceParams, "num_angles", 1, 360),
    (SurfaceParams, "icp_iterations", 1, 1000),
]


def fault(model: type[Any], **values: object) -> dict[str, Any]:
    with pytest.raises(RequestInvalid) as refused:
        validated(model, values, ("body",))
    (only,) = refused.value.faults
    return only


def test_the_documents_own_sample() -> None:
    assert fault(FeatureParams, ratio_threshold="1.5") == {
        "type": "value_error",
        "loc": ["body", "ratio_threshold"],
        "msg": "Input should be less than or equal to 1.0",
        "input": 1.5,
    }


@pytest.mark.parametrize(("model", "name", "least", "most"), [*FLOATS, *INTEGERS])
def test_the_ends_of_a_range_belong_to_it(
    model: type[ToolParams], name: str, least: float, most: float
) -> None:
    for end in (least, most):
        for sent in (end, str(end)):
            assert getattr(validated(model, {name: sent}, ()), name) == end


@pytest.mark.parametrize(("model", "name", "least", "most"), [*FLOATS, *INTEGERS])
def test_what_lies_outside_of_a_range_is_named_with_its_end(
    model: type[ToolParams], name: str, least: float, most: float
) -> None:
    step = 1 if isinstance(least, int) else 0.001
    below, above = fault(model, **{name: least - step}), fault(model, **{name: str(most + step)})
    assert below["msg"] == f"Input should be greater than or equal to {least}"
    assert above["msg"] == f"Input should be less than or equal to {most}"
    assert (below["input"], above["input"]) == (least - step, most + step)
    assert below["loc"] == above["loc"] == ["body", name]
    assert below["type"] == above["type"] == "value_error"


@pytest.mark.parametrize("sent", ["0", 0, "-1", "1.001"])
def test_the_tolerance_of_icp_is_above_0_and_at_most_1(sent: object) -> None:
    assert validated(SurfaceParams, {"icp_tolerance": "1e-9"}, ()).icp_tolerance == 1e-9
    assert fault(SurfaceParams, icp_tolerance=sent)["type"] == "value_error"


@pytest.mark.parametrize(
    "sent", ["abc", "", " 0.5", "1_0", "nan", "inf", "0x1", "٠.٥", "1e999", "9" * 30]
)
def test_a_text_that_is_no_plain_number_is_none(sent: str) -> None:
    told = fault(TemplateParams, threshold=sent)
    assert told == {
        "type": "float_parsing",
        "loc": ["body", "threshold"],
        "msg": "Input should be a valid number, unable to parse string as a number",
        "input": sent,
    }


@pytest.mark.parametrize("sent", ["1.5", "1e2", "1_0", " 7", "٧"])
def test_a_text_that_is_no_whole_number_is_none(sent: str) -> None:
    told = fault(TemplateParams, max_results=sent)
    assert (told["type"], told["input"]) == ("int_parsing", sent)


@pytest.mark.parametrize(
    ("sent", "kind"), [(None, "float_type"), ([1], "float_type"), (True, "float_type")]
)
def test_what_is_no_number_in_json_is_none(sent: object, kind: str) -> None:
    told = fault(TemplateParams, threshold=sent)
    assert (told["type"], told["input"]) == (kind, sent)


TRUE, FALSE = ("true", "1", "on", "yes", "t", "y"), ("false", "0", "off", "no", "f", "n")


@pytest.mark.parametrize("sent", [*TRUE, *FALSE])
def test_booleans_are_read_as_pydantic_reads_them(sent: str) -> None:
    expected = sent in TRUE
    for text in (sent, sent.upper(), sent.title()):
        assert validated(TemplateParams, {"use_grayscale": text}, ()).use_grayscale is expected


def test_another_text_is_no_boolean() -> None:
    assert fault(TemplateParams, use_grayscale="zz") == {
        "type": "bool_parsing",
        "loc": ["body", "use_grayscale"],
        "msg": "Input should be a valid boolean, unable to interpret input",
        "input": "zz",
    }


def test_a_choice_tells_what_there_is_to_choose() -> None:
    assert fault(FeatureParams, matcher="C") == {
        "type": "literal_error",
        "loc": ["body", "matcher"],
        "msg": "Input should be 'FLANN' or 'BFMatcher'",
        "input": "C",
        "ctx": {"expected": "'FLANN' or 'BFMatcher'"},
    }


def test_a_list_of_the_wrong_length_tells_which_is_right() -> None:
    assert fault(Steps, steps=[]) == {
        "type": "too_short",
        "loc": ["body", "steps"],
        "msg": "List should have at least 1 item after validation, not 0",
        "input": [],
        "ctx": {"field_type": "List", "min_length": 1, "actual_length": 0},
    }


def test_long_input_is_not_repeated() -> None:
    assert len(fault(FeatureParams, matcher="C" * 5000)["input"]) == MOST_SHOWN_BYTES
    assert fault(Steps, steps={"x": "y" * 5000})["input"] is None


def test_fields_that_mean_nothing_are_ignored() -> None:
    assert validated(SurfaceParams, {"sampling_step": "9"}, ()) == SurfaceParams()
