"""A parameter that is one of some words, written in any case."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self


class Choice(StrEnum):
    """Words to choose from, found by name in any case."""

    @classmethod
    def other_names(cls) -> Mapping[str, str]:
        """Names that are understood besides: misprints of a vendor's document, perhaps."""
        return {}

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        name = str(value).upper()
        return cls.__members__.get(cls.other_names().get(name, name))
