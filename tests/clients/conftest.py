"""A confidential client beside `ltu-api`, for libraries that introspect."""

from collections.abc import Iterator

import pytest

from auth.clients import Clients
from gateway.settings import Settings
from gateway.store.database import open_database
from tests.serving import Served

BACKEND = "backend"


@pytest.fixture(scope="session")
def secret(served: Served) -> Iterator[str]:
    """The secret of the client `backend`."""
    database = open_database(Settings(data=served.log.parent).database_url)
    clients = Clients(database)
    secret = clients.add(BACKEND, is_confidential=True)
    assert secret
    yield secret
    clients.remove(BACKEND)
    database.dispose()
