"""Choice: words found by name in any case, and by other names."""

import pytest
from pydantic import TypeAdapter, ValidationError

from engines.core.choice import Choice


class Metal(Choice):
    IRON = "iron"
    GOLD = "gold"

    @classmethod
    def other_names(cls) -> dict[str, str]:
        return {"GLOD": "GOLD"}


@pytest.mark.parametrize("text", ["iron", "IRON", "Iron"])
def test_a_word_is_found_in_any_case(text: str) -> None:
    assert TypeAdapter(Metal).validate_python(text) is Metal.IRON


def test_another_name_is_the_word_it_stands_for() -> None:
    assert TypeAdapter(Metal).validate_python("glod") is Metal.GOLD


def test_the_schema_names_each_word_once() -> None:
    assert TypeAdapter(Metal).json_schema()["enum"] == ["iron", "gold"]


@pytest.mark.parametrize("value", ["tin", "", 3])
def test_other_words_are_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="'iron' or 'gold'"):
        TypeAdapter(Metal).validate_python(value)
