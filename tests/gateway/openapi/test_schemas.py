"""The engines' types in OpenAPI's words."""

from typing import Literal

import pytest
from pydantic import AliasChoices, BaseModel, Field

from engines import contours
from engines.core.shapes import Box, Parameters, Picture
from gateway.openapi import schemas
from gateway.openapi.schemas import Schema


class Params(Parameters):
    radius: int = Field(1, ge=0, le=3, validation_alias=AliasChoices("radius", "raduis"))


class Inner(BaseModel):
    """Inside."""

    place: Box


class Outer(BaseModel):
    """Outside."""

    model_config = {"arbitrary_types_allowed": True}

    kind: Literal["one"]
    shown: Picture = Field(description="What it looks like.")
    maybe: Picture | None = None
    inner: Inner
    share: float = Field(gt=0, lt=1)
    notes: dict[str, object] = {}


@pytest.fixture
def collected() -> dict[str, Schema]:
    known: dict[str, Schema] = {}
    schemas.collect(known, Outer, "Outer")
    return known


def test_models_are_named_without_generated_titles(collected: dict[str, Schema]) -> None:
    assert list(collected) == ["Box", "Inner", "Outer"]
    assert "title" not in str(collected)


def test_a_picture_is_the_named_picture_with_its_own_description(
    collected: dict[str, Schema],
) -> None:
    shown = collected["Outer"]["properties"]["shown"]
    assert shown["allOf"] == [{"$ref": "#/components/schemas/Picture"}]
    assert shown["description"] == "What it looks like."


def test_what_may_be_none_is_what_may_be_absent(collected: dict[str, Schema]) -> None:
    assert collected["Outer"]["properties"]["maybe"] == {"$ref": "#/components/schemas/Picture"}
    assert "maybe" not in collected["Outer"]["required"]


def test_words_of_json_schema_are_those_of_openapi_3_0(collected: dict[str, Schema]) -> None:
    properties = collected["Outer"]["properties"]
    assert properties["kind"]["enum"] == ["one"]
    assert properties["share"]["minimum"] == 0
    assert properties["share"]["exclusiveMinimum"] is True
    assert collected["Box"]["items"] == {"type": "integer"}
    assert properties["notes"]["additionalProperties"] == {}


def test_two_types_of_one_name_are_refused(collected: dict[str, Schema]) -> None:
    with pytest.raises(ValueError, match="Outer"):
        schemas.collect(collected, Inner, "Outer")


def test_a_choice_that_may_be_left_out_is_one_of_its_words_without_a_default() -> None:
    told = schemas.parameters(contours.Params)["channel"]
    assert told["enum"] == ["S", "V"]
    assert "default" not in told
    assert "$ref" not in str(told)


def test_a_parameter_tells_its_range_default_and_misprints() -> None:
    told = schemas.parameters(Params)["radius"]["description"]
    assert "0 to 3." in told
    assert "Default: 1." in told
    assert "Also read as `raduis`." in told
