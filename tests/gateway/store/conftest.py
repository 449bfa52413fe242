"""Storages of each kind, empty and shared with no other test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store.storage import Storage
from tests.servers import new_bucket, s3


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3 server."""
    with s3() as server:
        yield server.address


@pytest.fixture(params=["file", "s3"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a storage without blobs."""
    if request.param == "file":
        return f"file://{tmp_path / 'blobs'}"
    return f"s3://{new_bucket(request.getfixturevalue('s3_server'))}/below/this"


@pytest.fixture
def storage(storage_url: str) -> Storage:
    return Storage(storage_url)
