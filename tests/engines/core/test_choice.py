"""Choice: words found by name in any case."""

import pytest
from pydantic import TypeAdapter, ValidationError

from engines.core.choice import Choice


class Metal(Choice):
    IRON = "iron"
    GOLD = "gold"


@pytest.mark.parametrize("text", ["iron", "IRON", "Iron"])
def test_a_word_is_found_in_any_case(text: str) -> None:
    assert TypeAdapter(Metal).validate_python(text) is Metal.IRON


@pytest.mark.parametrize("value", ["tin", "", 3])
def test_other_words_are_refused(value: object) -> None:
    with pytest.raises(ValidationError, match="'iron' or 'gold'"):
        TypeAdapter(Metal).validate_python(value)
