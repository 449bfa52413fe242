"""Services that the attacks are made on, and clients of them."""

from collections.abc import Iterator

import httpx
import pytest

from tests.attack.web import ALLOWED, source_on
from tests.serving import WAIT_SECONDS, Served, running, serving


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx.Client]:
    """A client of the service as shipped, authenticated once for all tests of a module."""
    with served.client() as made:
        yield made


@pytest.fixture(scope="session")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service with little room and memory, and much patience; it fetches from `ALLOWED`."""
    with serving(
        tmp_path_factory.mktemp("narrow"),
        slots=2,
        deadline_seconds=600,
        queue_length=2,
        max_held_bytes=30_000_000,
        slot_memory_bytes=500_000_000,
        fetch_allow=ALLOWED,
        fetch_seconds=300,
    ) as started:
        yield started


@pytest.fixture(scope="session")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service that gives computations and sources little time; it fetches from `ALLOWED`."""
    with serving(
        tmp_path_factory.mktemp("impatient"),
        slots=2,
        deadline_seconds=4,
        fetch_allow=ALLOWED,
        fetch_seconds=3,
    ) as started:
        yield started


@pytest.fixture(scope="session")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A service, open to all, among names with odd addresses, whose contours fail."""
    with running(
        tmp_path_factory.mktemp("odd"),
        "tests.attack.odd_service",
        slots=1,
        open_dialects="ltu",
        fetch_allow=f"{ALLOWED},pictures.test",
    ) as started:
        yield started


@pytest.fixture
def odd_client(odd: Served) -> Iterator[httpx.Client]:
    """A client of that service."""
    with httpx.Client(base_url=odd.url, trust_env=False, timeout=WAIT_SECONDS) as made:
        yield made


@pytest.fixture(scope="session")
def source_port() -> Iterator[int]:
    """Where the one inner address listens that may be fetched from."""
    with source_on(ALLOWED) as port:
        yield port


@pytest.fixture(scope="session")
def source(source_port: int) -> str:
    """What the URLs of that source begin with."""
    return f"http://{ALLOWED}:{source_port}"
