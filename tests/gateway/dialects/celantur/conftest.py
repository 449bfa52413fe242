"""The service as shipped, and callers of its Celantur API."""

from collections.abc import Iterator

import httpx
import pytest

from tests.gateway.dialects.celantur.callers import caller
from tests.serving import Served, serving

PUBLIC_URL = "https://pictures.example.com"


@pytest.fixture(scope="package")
def hiding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service with two workers; files have at most 1 MB, receivers may be here."""
    told = {
        "slots": 1,
        "max_upload_bytes": 1_000_000,
        "fetch_allow": "127.0.0.1",
        "public_url": PUBLIC_URL,
    }
    with serving(tmp_path_factory.mktemp("hiding"), **told) as started:
        yield started


@pytest.fixture(scope="package")
def ada(hiding: Served) -> Iterator[httpx.Client]:
    """A caller."""
    with caller(hiding) as client:
        yield client


@pytest.fixture(scope="package")
def bob(hiding: Served) -> Iterator[httpx.Client]:
    """Another one."""
    with caller(hiding) as client:
        yield client
