"""A refusal that comes while a client still sends can be read by ordinary clients."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.serving import WAIT_SECONDS, Served

EDGES = "/v2/services/image/edges"
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than a body may have."""
    path = tmp_path_factory.mktemp("large") / "file"
    path.write_bytes(bytes(40 * MEGABYTE))
    return path


def chunks(count: int) -> Iterator[bytes]:
    yield from (bytes(MEGABYTE) for _ in range(count))


def test_requests_reads_that_its_token_is_missing(served: Served) -> None:
    answer = requests.post(served.url + EDGES, data=bytes(30 * MEGABYTE), timeout=WAIT_SECONDS)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("expect", ["100-continue", ""])
def test_curl_reads_that_its_token_is_missing(
    served: Served, large_file: Path, expect: str
) -> None:
    assert _curl(served, large_file, "-H", f"Expect: {expect}") == "401"


def test_curl_reads_that_its_expectation_is_unknown(served: Served, large_file: Path) -> None:
    assert _curl(served, large_file, "-H", "Expect: 200-ok") == "417"


def test_curl_reads_that_its_body_is_too_large(served: Served, large_file: Path) -> None:
    assert _curl(served, large_file, "-H", f"Authorization: Bearer {served.token()}") == "413"


def test_requests_reads_that_its_body_is_too_large(served: Served) -> None:
    headers = {
        "Authorization": f"Bearer {served.token()}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    for body in (bytes(40 * MEGABYTE), chunks(40)):
        answer = requests.post(served.url + EDGES, data=body, headers=headers, timeout=WAIT_SECONDS)
        assert answer.status_code == 413
        assert answer.json()["error"] == "upload_too_large"


def _curl(served: Served, file: Path, *options: str) -> str:
    """The status that curl reads; it fails when the connection is reset before."""
    command = ["curl", "--silent", "--show-error", "--data-binary", f"@{file}", *options]
    command += ["--output", "/dev/null", "--write-out", "%{http_code}", served.url + EDGES]
    done = subprocess.run(command, capture_output=True, timeout=WAIT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()
