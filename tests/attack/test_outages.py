"""Servers that hold what gateways share go away: callers are told to ask again, and then served."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest

from gateway.errors import STATE_RETRY_SECONDS
from tests.pictures import encoded
from tests.servers import Server, make_bucket, new_database, postgresql, redis, s3
from tests.serving import Served, serving

BUCKET = "kept"
SENT = {"fileobject": ("a.png", encoded("PNG"), "image/png")}


@dataclass(frozen=True)
class ScaledOut:
    """The service with its state in three servers, and a caller that it knows."""

    served: Served
    client: httpx.Client
    servers: dict[str, Server]

    def add_task(self) -> httpx.Response:
        """A request that counts, writes a file, and then a row."""
        return self.client.post("/v1/file", headers={"x-is-async": "1"}, files=SENT)


@pytest.fixture(scope="module")
def scaled_out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScaledOut]:
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        rows, counts, files = (stack.enter_context(one()) for one in (postgresql, redis, s3))
        patch.setenv("AWS_ENDPOINT_URL", files.address)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
            patch.setenv(name, "any")
        make_bucket(files.address, BUCKET)
        served = stack.enter_context(
            serving(
                tmp_path_factory.mktemp("outages"),
                database=new_database(rows.address),
                limits=counts.address,
                storage=f"s3://{BUCKET}/files",
                rate_limit="10000/hour",
                slots=1,
            )
        )
        client = stack.enter_context(served.client())
        servers = {"rows": rows, "counts": counts, "files": files}
        yield ScaledOut(served, client, servers)


@pytest.mark.parametrize("part", ["rows", "counts", "files"])
def test_what_is_away_makes_a_503_and_is_found_when_it_is_back(
    scaled_out: ScaledOut, part: str
) -> None:
    assert scaled_out.add_task().status_code == 200
    server = scaled_out.servers[part]
    server.stop()
    refused = [scaled_out.add_task() for _ in range(4)]
    server.start()
    if part == "files":  # Its buckets were in its memory.
        make_bucket(server.address, BUCKET)
    assert {one.status_code for one in refused} == {503}
    assert {one.headers["Retry-After"] for one in refused} == {str(STATE_RETRY_SECONDS)}
    assert {one.json()["status_code"] for one in refused} == {503}
    assert scaled_out.add_task().status_code == 200


def test_without_rows_a_token_is_asked_for_again(scaled_out: ScaledOut) -> None:
    server = scaled_out.servers["rows"]
    server.stop()
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        scaled_out.served.token()
    server.start()
    assert refusal.value.response.status_code == 503
    assert scaled_out.served.token()
