"""Webhooks of uploads: what they are told, and what is told of them."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import orjson
import pytest

from tests.gateway.dialects.celantur.pictures import FILE, TASK, encoded, sent, uploaded
from tests.serving import wait_until
from tests.sources import Quiet, source


class Receiver(Quiet, BaseHTTPRequestHandler):
    """Keeps what it is sent; one path takes nothing, for good."""

    posted: list[tuple[Any, bytes]] = []  # noqa: RUF012  one for all requests

    def do_POST(self) -> None:
        self.posted.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(410 if self.path == "/gone" else 200)
        self.end_headers()


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    """The address of one."""
    with source(Receiver) as url:
        yield url


def status_of(client: httpx.Client, id: str) -> str:
    return str(client.get(f"{TASK}/{id}").json()["webhook_status"])


def test_a_webhook_is_told_of_the_end_with_its_header(ada: httpx.Client, receiver: str) -> None:
    header = {"web-auth-header-name": "X-Key", "web_auth_header_value": "s3cret"}
    task = uploaded(ada, webhook=f"{receiver}/callback", **header)
    wait_until(lambda: status_of(ada, task["id"]) == "sent")
    told = [one for one in Receiver.posted if orjson.loads(one[1])["id"] == task["id"]]
    ((fields, body),) = told
    assert (fields["X-Key"], fields["Content-Type"]) == ("s3cret", "application/json")
    assert orjson.loads(body) == task | {"webhook_status": "set"}
    assert "s3cret" not in ada.get(f"{TASK}/{task['id']}").text


def test_a_webhook_that_takes_nothing_has_failed(ada: httpx.Client, receiver: str) -> None:
    id = uploaded(ada, webhook=f"{receiver}/gone")["id"]
    wait_until(lambda: status_of(ada, id) == "failed")


def test_without_a_webhook_its_status_is_empty(ada: httpx.Client) -> None:
    assert uploaded(ada)["webhook_status"] == "empty"


def test_a_webhook_is_told_of_a_failure(ada: httpx.Client, receiver: str) -> None:
    params = {"webhook": f"{receiver}/callback", "name": "damaged.jpg"}
    ada.post(FILE, params=params, files=sent(encoded()[:200]))

    def told() -> list[str]:
        bodies = [orjson.loads(body) for _, body in Receiver.posted]
        return [one["status"] for one in bodies if one["name"] == "damaged.jpg"]

    wait_until(told)
    assert told() == ["failed"]
