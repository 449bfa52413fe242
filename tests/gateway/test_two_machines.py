"""Two gateways with data folders of their own: rows in PostgreSQL, counts in Redis, blobs in S3.

They have the folder of keys in common, as docs/deploying.md says they must.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from jose import jwk

from auth import receipts
from tests import servers
from tests.auth.workers import EDGES, REALM, log_in, open_client, refresh
from tests.keys import api_key
from tests.pictures import encoded
from tests.serving import Served, running, serving

PUBLIC = "https://images.example"
ANONYMIZE = "/v2/services/image/anonymize"
HIDDEN = {
    **dict.fromkeys(("face", "license_plate", "person", "vehicle"), "false"),
    "regions": "[[[0,0],[9,0],[9,9],[0,9]]]",
    "receipt": "true",
}


@pytest.fixture(scope="module")
def shared(postgresql: str, redis: str) -> Iterator[dict[str, Any]]:
    """Settings of all machines."""
    with servers.s3() as s3:
        yield {
            "workers": 1,
            "slots": 1,
            "database": servers.new_database(postgresql),
            "limits": redis,
            "storage": f"s3://{servers.new_bucket(s3.address)}",
            "public_url": PUBLIC,
        }


@pytest.fixture(scope="module")
def machines(
    shared: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Served]]:
    first, second = (tmp_path_factory.mktemp("machine") for _ in range(2))
    with ExitStack() as started:
        one = started.enter_context(serving(first, **shared))
        (second / "keys").symlink_to(first / "keys")
        yield [one, started.enter_context(running(second, "gateway", "serve", **shared))]


@pytest.fixture(scope="module")
def tokens(machines: list[Served]) -> dict[str, Any]:
    """A session begun on the first."""
    with open_client(machines[0]) as client:
        return log_in(client, machines[0].user, machines[0].password)


@pytest.fixture(scope="module")
def clients(machines: list[Served], tokens: dict[str, Any]) -> Iterator[list[httpx.Client]]:
    """Of each machine one, with the token of the first."""
    with ExitStack() as opened:
        made = [opened.enter_context(open_client(one)) for one in machines]
        for client in made:
            client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        yield made


def test_a_session_of_one_goes_on_at_the_other(
    clients: list[httpx.Client], tokens: dict[str, Any]
) -> None:
    renewed = refresh(clients[1], tokens["refresh_token"]).raise_for_status().json()
    fields = {"Authorization": f"Bearer {renewed['access_token']}"}
    assert clients[0].get(EDGES, headers=fields).status_code == 400


def test_the_last_image_of_one_is_shown_by_the_other(
    machines: list[Served], shared: dict[str, Any]
) -> None:
    key = api_key(machines[0], database=shared["database"])
    asked = {"api_key": key, "response_type": "image"}
    with open_client(machines[0]) as first, open_client(machines[1]) as second:
        sent = first.post("/analyze_image", content=encoded("PNG"), params=asked)
        shown = second.get("/last_image", params=asked).raise_for_status()
    assert shown.content == sent.raise_for_status().content


def test_a_task_of_one_is_answered_by_the_other(clients: list[httpx.Client]) -> None:
    sent = {"image": encoded("PNG")}
    for asked, told in (clients, clients[::-1]):
        at_once = asked.post(EDGES, files=sent).raise_for_status()
        later = asked.post(EDGES, files=sent, headers={"Prefer": "respond-async"})
        place = later.headers["Location"].removeprefix(PUBLIC)
        assert told.get(place, params={"wait": 25}).json()["status"] == "done"
        assert told.get(f"{place}/result").content == at_once.content


def test_a_receipt_of_one_is_read_with_the_keys_of_the_other(clients: list[httpx.Client]) -> None:
    answer = clients[1].post(ANONYMIZE, files={"image": encoded("PNG")}, data=HIDDEN).json()
    certs = clients[0].get(f"{REALM}/certs").json()
    keys = {one["kid"]: jwk.construct(one, receipts.ALGORITHM) for one in certs["keys"]}
    assert receipts.read(answer["receipt"], keys.get)["iss"] == PUBLIC


def test_they_find_nothing_that_they_do_not_have_in_common(machines: list[Served]) -> None:
    assert [one.logged("gateways differ") for one in machines] == [0, 0]


def test_one_with_keys_and_a_storage_of_its_own_says_so_when_it_starts(
    machines: list[Served], shared: dict[str, Any], tmp_path: Path
) -> None:
    del machines
    own = shared | {"storage": f"file://{tmp_path / 'blobs'}"}
    with running(tmp_path, "gateway", "serve", **own) as third:
        told = third.log.read_text()
        ready = told.index('"event":"worker ready"')
        for what in ("PIXELGATE_DATA/keys", "PIXELGATE_STORAGE"):
            assert 0 < told.index(f'"what":"{what}"') < ready
