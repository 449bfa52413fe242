"""Webhooks of the AeroVision API: whose they are, and what they are told."""

import hashlib
import hmac
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import orjson
import pytest

from tests.gateway.dialects.aerovision.matches import PICTURE, PIECE, TEMPLATE, both, ended
from tests.serving import wait_until
from tests.sources import Quiet, source

WEBHOOKS = "/api/v1/webhooks"
SIGNATURE = "X-Webhook-Signature"


class Receiver(Quiet, BaseHTTPRequestHandler):
    """Keeps what it is sent."""

    posted: list[tuple[Any, bytes]] = []  # noqa: RUF012  one for all requests

    def do_POST(self) -> None:
        self.posted.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()


@pytest.fixture(scope="module")
def receiver() -> Iterator[str]:
    """The address of one."""
    with source(Receiver) as url:
        yield url


@pytest.fixture(autouse=True)
def forgotten(ada: httpx.Client, bob: httpx.Client) -> Iterator[None]:
    """No test leaves a webhook behind."""
    Receiver.posted.clear()
    yield
    for client in (ada, bob):
        for one in client.get(WEBHOOKS).json():
            client.delete(f"{WEBHOOKS}/{one['id']}")


def registered(client: httpx.Client, url: str, **more: str) -> dict[str, Any]:
    answer = client.post(WEBHOOKS, json={"url": url, **more})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def posted(uid: str) -> tuple[Any, bytes]:
    """What a receiver was sent of a task."""

    def of_task() -> list[tuple[Any, bytes]]:
        return [one for one in Receiver.posted if orjson.loads(one[1])["uid"] == uid]

    wait_until(of_task)
    return of_task()[0]


def test_a_webhook_is_told_as_it_was_registered_but_for_its_secret(ada: httpx.Client) -> None:
    url = "https://example.com/callback?of=ada"
    made = registered(ada, url, secret="s3cret")
    assert made.keys() == {"id", "url", "created_at"}
    assert (made["id"][:3], made["url"]) == ("wh_", url)
    listed = ada.get(WEBHOOKS)
    assert listed.json() == [made]
    assert "s3cret" not in listed.text


def test_a_done_task_is_told_of_in_the_documents_form(ada: httpx.Client, receiver: str) -> None:
    registered(ada, f"{receiver}/callback", secret="my-secret")
    task = ended(ada, ada.post(TEMPLATE, files=both()))
    fields, body = posted(task["uid"])
    told = {name: task[name] for name in ("uid", "status", "tool", "result_files", "result_data")}
    assert orjson.loads(body) == told
    assert b'"score":1}' in body  # as JavaScript prints 1.0
    expected = hmac.new(b"my-secret", body, hashlib.sha256).hexdigest()
    assert fields[SIGNATURE] == f"sha256={expected}"
    assert fields["Content-Type"] == "application/json"


def test_a_failed_task_is_told_of_with_its_reason(ada: httpx.Client, receiver: str) -> None:
    registered(ada, receiver)
    task = ended(ada, ada.post(TEMPLATE, files=both(PIECE, PICTURE)))
    fields, body = posted(task["uid"])
    told = orjson.loads(body)
    assert (told["status"], told["error"]) == ("error", task["error"])
    assert SIGNATURE not in fields


def test_another_callers_tasks_are_not_told_of(
    ada: httpx.Client, bob: httpx.Client, receiver: str
) -> None:
    registered(ada, receiver)
    theirs = ended(bob, bob.post(TEMPLATE, files=both()))["uid"]
    own = ended(ada, ada.post(TEMPLATE, files=both()))["uid"]
    posted(own)
    assert theirs not in [orjson.loads(body)["uid"] for _, body in Receiver.posted]


def test_another_caller_sees_nothing_of_a_webhook(ada: httpx.Client, bob: httpx.Client) -> None:
    id = registered(ada, "https://example.com")["id"]
    assert bob.get(WEBHOOKS).json() == []
    for method, path in (("DELETE", f"{WEBHOOKS}/{id}"), ("GET", f"{WEBHOOKS}/{id}/deliveries")):
        answer = bob.request(method, path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Webhook not found"})
    assert [one["id"] for one in ada.get(WEBHOOKS).json()] == [id]


def test_a_deleted_webhook_is_gone(ada: httpx.Client) -> None:
    path = f"{WEBHOOKS}/{registered(ada, 'https://example.com')['id']}"
    gone = ada.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    again = ada.delete(path, headers={"Accept-Language": "ru"})
    assert (again.status_code, again.json()) == (404, {"detail": "Вебхук не найден"})


def test_what_was_sent_can_be_read_and_sent_again(ada: httpx.Client, receiver: str) -> None:
    path = f"{WEBHOOKS}/{registered(ada, receiver)['id']}/deliveries"
    uid = ended(ada, ada.post(TEMPLATE, files=both()))["uid"]
    wait_until(lambda: [one["status"] for one in ada.get(path).json()] == ["delivered"])
    (told,) = ada.get(path).json()
    assert (told["uid"], told["attempts"], told["last_status"]) == (uid, 1, 200)
    assert (told["last_error"], told["next_attempt_at"]) == (None, None)
    again = ada.post(f"{path}/{told['id']}")
    assert again.status_code == 202
    wait_until(lambda: len(Receiver.posted) == 2)
    assert Receiver.posted[0][1] == Receiver.posted[1][1]
    assert ada.get(path).json()[0]["id"] == again.json()["id"]


@pytest.mark.parametrize("id", ["nothing", "wh_0000000000000000"])
def test_an_unknown_webhook_or_delivery_is_not_found(ada: httpx.Client, id: str) -> None:
    assert ada.get(f"{WEBHOOKS}/{id}/deliveries").json() == {"detail": "Webhook not found"}
    known = registered(ada, "https://example.com")["id"]
    answer = ada.post(f"{WEBHOOKS}/{known}/deliveries/{id}")
    assert (answer.status_code, answer.json()) == (404, {"detail": "Delivery not found"})


@pytest.mark.parametrize(
    ("sent", "kind", "place"),
    [
        ({}, "missing", ["body", "url"]),
        ({"url": 7}, "string_type", ["body", "url"]),
        ({"url": ""}, "string_too_short", ["body", "url"]),
        ({"url": "https://a/" + "x" * 3000}, "string_too_long", ["body", "url"]),
        ({"url": "ftp://example.com"}, "value_error", ["body", "url"]),
        ({"url": "example.com/callback"}, "value_error", ["body", "url"]),
        ({"url": "http://10.0.0.1/callback"}, "value_error", ["body", "url"]),
        ({"url": "https://example.com", "secret": 7}, "string_type", ["body", "secret"]),
    ],
)
def test_a_url_that_cannot_be_told_is_refused(
    ada: httpx.Client, sent: dict[str, Any], kind: str, place: list[str]
) -> None:
    answer = ada.post(WEBHOOKS, json=sent)
    assert answer.status_code == 422
    (fault,) = answer.json()["detail"]
    assert (fault["type"], fault["loc"]) == (kind, place)
    assert ada.get(WEBHOOKS).json() == []


def test_a_caller_has_so_many_webhooks_at_most(ada: httpx.Client) -> None:
    for _ in range(20):
        registered(ada, "https://example.com")
    answer = ada.post(WEBHOOKS, json={"url": "https://example.com"})
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("The caller has 20 webhooks")
