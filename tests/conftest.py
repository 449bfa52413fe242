"""What tests of every part may use."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """The event loop that the gateway runs on."""
    return "asyncio"
