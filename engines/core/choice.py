"""A parameter that is one of some words, written in any case."""

from enum import StrEnum
from typing import Self


class Choice(StrEnum):
    """Words to choose from, found by name in any case."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        return cls.__members__.get(str(value).upper())
