"""`colorPalette` as the document shows it."""

from engines.color_palette import Color, Result
from engines.core.shapes import Details, Info
from gateway.dialects.ltu.services import color_palette
from tests.gateway.dialects.ltu.answers import answered


def test_a_colour_is_four_numbers_and_their_form_is_named() -> None:
    details = Details[Info](message="Found 2 colors", info=Info())
    found = [Color(1, 2, 3, percent=60), Color(4, 5, 6, percent=40)]
    answer = answered("color_palette", Result(colors=found, details=details))
    assert answer["result"] == {"colors": [[1, 2, 3, 60], [4, 5, 6, 40]]}
    assert answer["details"]["message"] == "Found 2 colors"
    assert answer["details"]["info"] == {"count": 2, "format": "RGB%"}


def test_a_colour_is_four_whole_numbers_in_the_schema() -> None:
    schema = color_palette.Result.model_json_schema(mode="serialization")
    color = schema["properties"]["colors"]["items"]
    assert (color["type"], color["minItems"], color["maxItems"]) == ("array", 4, 4)
    assert color["items"]["type"] == "integer"
