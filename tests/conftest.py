"""What tests of every part may use."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.serving import REPOSITORY, Served, serving

# How long an example takes tells about the machine, not about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that the gateway runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def photograph() -> Path:
    """A JPEG file."""
    return REPOSITORY / "gateway" / "console" / "static" / "sample.jpg"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The whole service as shipped, with two gateway workers; tests leave it running."""
    with serving(tmp_path_factory.mktemp("served")) as started:
        yield started
