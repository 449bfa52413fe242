"""JSON in a text field: what is read, and what is refused with its place."""

import pytest

from engines.core.errors import BadParameter, UnparsableParameter
from engines.core.json_text import MOST_JSON, read_json


def test_json_is_read() -> None:
    assert read_json("areas", '[{"x": 1}, 2.5]') == [{"x": 1}, 2.5]


def test_where_it_ends_to_be_json_is_told() -> None:
    with pytest.raises(UnparsableParameter, match=r"areas is no JSON: .* at character 2"):
        read_json("areas", "{'x': 1}")


@pytest.mark.parametrize("text", ["[NaN]", "[" * 5000, "9" * 5000])
def test_what_cannot_be_held_is_refused(text: str) -> None:
    with pytest.raises(UnparsableParameter, match="areas is no JSON that can be read"):
        read_json("areas", text)


def test_what_is_too_long_is_not_read() -> None:
    with pytest.raises(BadParameter, match="areas has 20,001 characters; at most 20,000"):
        read_json("areas", " " * (MOST_JSON + 1))
