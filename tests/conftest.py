"""What tests of every part may use."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests import servers
from tests.certificates import Authority
from tests.sdk.generated import generated, installed
from tests.serving import REPOSITORY, Served, serving

__all__ = ["generated", "installed"]

# How long an example takes tells about the machine, not about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

# Services take it for news of their settings, but not where they inherit from `nohup` to ignore it.
signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that the gateway runs on."""
    return "asyncio"


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Vouches for what tests serve by TLS."""
    return Authority()


@pytest.fixture(scope="session")
def photograph() -> Path:
    """A JPEG file."""
    return REPOSITORY / "gateway" / "console" / "static" / "sample.jpg"


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The whole service as shipped, with two gateway workers; tests leave it running."""
    with serving(tmp_path_factory.mktemp("served")) as started:
        yield started


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server; a test makes a database of its own there."""
    with servers.postgresql() as server:
        yield server.address


@pytest.fixture(scope="session")
def redis() -> Iterator[str]:
    """The address of a Redis server."""
    with servers.redis() as server:
        yield server.address
