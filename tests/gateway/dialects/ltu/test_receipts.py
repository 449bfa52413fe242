"""Signed receipts of `anonymize`, at once and as a task."""

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jose import jwk

from auth import receipts
from tests.pictures import encoded
from tests.serving import WAIT_SECONDS, serving

PATH = "/v2/services/image/anonymize"
SENT = encoded("PNG")
ASKED = {
    **dict.fromkeys(("face", "license_plate", "person", "vehicle"), "false"),
    "regions": "[[[0,0],[9,0],[9,9],[0,9]]]",
    "receipt": "true",
}


@pytest.fixture(scope="module")
def ada(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(tmp_path_factory.mktemp("data")) as served:
        headers = {"Authorization": f"Bearer {served.token()}"}
        with httpx.Client(base_url=served.url, headers=headers, timeout=WAIT_SECONDS) as client:
            yield client


def ask(ada: httpx.Client, headers: dict[str, str], **fields: str) -> httpx.Response:
    return ada.post(PATH, files={"image": SENT}, data=ASKED | fields, headers=headers)


def stated(ada: httpx.Client, answer: dict[str, Any]) -> dict[str, Any]:
    """What its receipt states, by the published keys."""
    certs = ada.get("/realms/Production/protocol/openid-connect/certs").json()
    keys = {one["kid"]: jwk.construct(one, receipts.ALGORITHM) for one in certs["keys"]}
    return receipts.read(answer["receipt"], keys.get)


def test_a_receipt_is_of_the_pictures_in_the_answer(ada: httpx.Client) -> None:
    answer = ask(ada, {}).json()
    told = stated(ada, answer)
    made = base64.b64decode(answer["result"]["picture"]["value"])
    digests = [hashlib.sha256(data).hexdigest() for data in (SENT, made)]
    assert [told[one]["sha256"] for one in ("input", "output")] == digests
    assert told["hidden"] == [{"kind": "region", "score": 1.0, "box": [0, 0, 10, 10]}]
    assert (told["method"], told["thresholds"]) == ("blur", {})


def test_where_nothing_was_hidden_a_receipt_names_no_output(ada: httpx.Client) -> None:
    assert stated(ada, ask(ada, {}, method="detect").json())["output"] is None


def test_a_task_has_the_same_receipt(ada: httpx.Client) -> None:
    at_once = stated(ada, ask(ada, {}).json())
    task = ask(ada, {"Prefer": "respond-async"}).json()
    ended = ada.get(f"/v2/tasks/{task['id']}", params={"wait": 25}).json()
    later = stated(ada, ada.get(ended["result"]).json())
    assert later | {"iat": 0} == at_once | {"iat": 0, "task": task["id"]}


def test_there_is_none_unless_it_is_asked_for(ada: httpx.Client) -> None:
    assert "receipt" not in ask(ada, {}, receipt="false").json()


def test_a_picture_alone_has_no_room_for_a_receipt(ada: httpx.Client) -> None:
    answer = ask(ada, {"Accept": "image/*"})
    assert answer.status_code == 422
    assert "expected application/json" in answer.json()["message"]
