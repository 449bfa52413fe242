"""Conditions: what must be true of the findings for a picture to be good."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeAlias

from pydantic import Field, field_validator, model_validator

from engines.inspection.findings import Rectangle
from engines.inspection.preprocessing import Step


class ClassCount(Step):
    """So many rectangles of a class."""

    label: str
    at_least: int = Field(0, ge=0)
    at_most: int | None = Field(None, ge=0)

    def holds(self, rectangles: Sequence[Rectangle], modules: Mapping[str, Any]) -> bool:
        count = sum(any(found.label == self.label for found in one.classes) for one in rectangles)
        return self.at_least <= count and (self.at_most is None or count <= self.at_most)

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if not self.at_least and self.at_most is None:
            raise ValueError("at_least or at_most")
        return self


class Measure(Step):
    """A number of a module's result within limits.

    Args:
        measure: the module's name and the way to the number: `image_quality.noise`.
    """

    measure: str = Field(pattern=r"^\w+(\.\w+)+$")
    at_least: float | None = None
    at_most: float | None = None

    def holds(self, rectangles: Sequence[Rectangle], modules: Mapping[str, Any]) -> bool:
        value: Any = modules
        for name in self.measure.split("."):
            value = (value or {}).get(name)
        if value is None:  # Not every answer has every number.
            return False
        number = float(value)
        is_enough = self.at_least is None or number >= self.at_least
        return is_enough and (self.at_most is None or number <= self.at_most)

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise ValueError("at_least or at_most")
        return self


class TextMatch(Step):
    """A line of text in which a pattern is found."""

    text: str = Field(min_length=1, description="Python's regular expression.")

    def holds(self, rectangles: Sequence[Rectangle], modules: Mapping[str, Any]) -> bool:
        return any(one.text and re.search(self.text, one.text) for one in rectangles)

    @field_validator("text")
    @classmethod
    def _compiles(cls, text: str) -> str:
        try:
            re.compile(text)
        except re.error as error:
            raise ValueError(f"a regular expression ({error})") from None
        return text


Condition: TypeAlias = ClassCount | Measure | TextMatch
CONDITIONS: dict[str, type[ClassCount | Measure | TextMatch]] = {
    "label": ClassCount,
    "measure": Measure,
    "text": TextMatch,
}
"""By the key that tells which it is."""
