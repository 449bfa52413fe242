"""Services that the attacks are made on, and clients of them."""

from collections.abc import Iterator

import httpx
import pytest

from tests.serving import Served, serving


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    """A client of the service as shipped, authenticated once for all tests of a module."""
    with served.client() as made:
        yield made


@pytest.fixture(scope="session")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with little patience, room and memory, which fetches from one inner address."""
    with serving(
        tmp_path_factory.mktemp("narrow"),
        slots=2,
        deadline_seconds=4,
        queue_length=2,
        max_held_bytes=30_000_000,
        slot_memory_bytes=500_000_000,
        fetch_allow="127.0.0.2",
        fetch_seconds=3,
    ) as started:
        yield started
