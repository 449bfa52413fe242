"""The service as shipped, and callers of its AeroVision API."""

from collections.abc import Iterator

import httpx
import pytest

from tests.gateway.dialects.aerovision.callers import caller
from tests.serving import Served, serving


@pytest.fixture(scope="package")
def matching(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with two workers; files have at most 1 MB, receivers may be here."""
    told = {
        "slots": 1,
        "max_upload_bytes": 1_000_000,
        "body_seconds": 5,
        "fetch_allow": "127.0.0.1",
    }
    with serving(tmp_path_factory.mktemp("matching"), **told) as started:
        yield started


@pytest.fixture(scope="package")
def ada(matching: Served) -> Iterator[httpx.Client]:
    """A caller."""
    with caller(matching) as client:
        yield client


@pytest.fixture(scope="package")
def bob(matching: Served) -> Iterator[httpx.Client]:
    """Another one."""
    with caller(matching) as client:
        yield client
