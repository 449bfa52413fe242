"""Drivers that only some settings need; each comes with an extra of the package."""

import sys
from collections.abc import Iterator
from importlib.metadata import distributions
from typing import NamedTuple

from gateway.settings import PREFIX, Settings


class Driver(NamedTuple):
    """A package that a setting needs where it begins with one of some words."""

    setting: str
    words: tuple[str, ...]
    package: str
    extra: str

    @property
    def is_installed(self) -> bool:
        return any(distributions(name=self.package))

    @property
    def remedy(self) -> str:
        variable = PREFIX + self.setting.upper()
        return f"{variable} needs {self.package}: pip install 'pixelgate[{self.extra}]'"


DRIVERS = (
    Driver("database", ("postgresql:", "postgresql+psycopg:"), "psycopg", "postgresql"),
    Driver("limits", ("redis:", "rediss:"), "redis", "redis"),
    Driver("cache", ("redis:", "rediss:"), "redis", "redis"),
    Driver("pool", ("dask:",), "distributed", "dask"),
    Driver("storage", ("s3:",), "s3fs", "s3"),
    Driver("traces", ("True",), "opentelemetry-sdk", "otel"),
)


def needed(settings: Settings) -> Iterator[Driver]:
    """What the settings need beside the package itself."""
    return (one for one in DRIVERS if str(getattr(settings, one.setting)).startswith(one.words))


def require(settings: Settings) -> None:
    """Go on with all that is needed; or a sentence for what is missing, and the end."""
    for driver in needed(settings):
        if not driver.is_installed:
            sys.exit(f"{driver.remedy}.")
