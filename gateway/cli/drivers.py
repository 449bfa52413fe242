"""Drivers that only some settings need; each comes with an extra of the package."""

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

from gateway.settings import PREFIX, Settings


class Driver(NamedTuple):
    """A module that a setting needs where its address has one of the schemes."""

    setting: str
    schemes: tuple[str, ...]
    module: str
    extra: str

    @property
    def is_installed(self) -> bool:
        return find_spec(self.module) is not None

    @property
    def remedy(self) -> str:
        variable = PREFIX + self.setting.upper()
        return f"{variable} needs {self.module}: pip install 'pixelgate[{self.extra}]'"


DRIVERS = (
    Driver("database", ("postgresql:", "postgresql+psycopg:"), "psycopg", "postgresql"),
    Driver("limits", ("redis:", "rediss:"), "redis", "redis"),
    Driver("storage", ("s3:",), "s3fs", "s3"),
)


def needed(settings: Settings) -> Iterator[Driver]:
    """What the settings need beside the package itself."""
    return (one for one in DRIVERS if getattr(settings, one.setting).startswith(one.schemes))


def require(settings: Settings) -> None:
    """Go on with all that is needed; or a sentence for what is missing, and the end."""
    for driver in needed(settings):
        if not driver.is_installed:
            sys.exit(f"{driver.remedy}.")
