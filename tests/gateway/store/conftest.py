"""Storages of each kind, empty and shared with no other test."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from gateway.store.storage import Storage
from tests.servers import s3


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """An S3 server that the AWS variables name; its address."""
    with s3() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.address)
        patch.setenv("AWS_ACCESS_KEY_ID", "any")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        yield server.address


@pytest.fixture(params=["file", "s3"])
def storage_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a storage without blobs."""
    if request.param == "file":
        return f"file://{tmp_path / 'blobs'}"
    server, bucket = request.getfixturevalue("s3_server"), f"b{uuid4().hex}"
    httpx.put(f"{server}/{bucket}", trust_env=False).raise_for_status()
    return f"s3://{bucket}/below/this"


@pytest.fixture
def storage(storage_url: str) -> Storage:
    return Storage(storage_url)
