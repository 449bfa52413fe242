"""Two gateway workers that keep answers in Redis, as callers see them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx
import pybase64
import pytest
from click.testing import CliRunner

from gateway.__main__ import main
from tests import servers
from tests.auth.workers import EDGES, Workers, each_worker, log_in, open_client
from tests.keys import api_key
from tests.pictures import encoded, quarters
from tests.serving import Served, serving, settings_environment

STATUS = "cache-status"
HIT, MISS = "Pixelgate; hit", "Pixelgate; fwd=miss"
ANONYMIZE = "/v2/services/image/anonymize"
HIDDEN = {
    **dict.fromkeys(("face", "license_plate", "person", "vehicle"), "false"),
    "regions": "[[[0,0],[9,0],[9,9],[0,9]]]",
    "receipt": "true",
}
WIDTHS = count(96, 2)


@pytest.fixture(scope="module")
def store() -> Iterator[servers.Server]:
    """A Redis that may be stopped."""
    with servers.redis() as server:
        yield server


@pytest.fixture(scope="module")
def keeping(store: servers.Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("keeping"), cache=store.address, slots=1) as started:
        yield started


@pytest.fixture
def workers(keeping: Served) -> Iterator[Workers]:
    """A client of each, who is the demo account."""
    token = keeping.token()
    with each_worker(keeping) as clients:
        for client in clients:
            client.headers["Authorization"] = f"Bearer {token}"
        yield clients


@pytest.fixture(scope="module")
def bob(keeping: Served) -> Iterator[httpx.Client]:
    """Another caller."""
    environment = settings_environment({"data": keeping.log.parent})
    words = ("users", "add", "bob", "--password-stdin")
    assert CliRunner(env=environment).invoke(main, words, input="correct horse\n").exit_code == 0
    with open_client(keeping) as client:
        token = log_in(client, "bob", "correct horse")["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
def picture() -> bytes:
    """Another one for each test."""
    return encoded("PNG", quarters(next(WIDTHS), 64))


def edges(client: httpx.Client, picture: bytes, **fields: str) -> httpx.Response:
    answer = client.post(EDGES, files={"image": picture}, data=fields)
    return answer.raise_for_status()


def test_a_worker_finds_what_another_computed(workers: Workers, picture: bytes) -> None:
    first, second = (edges(one, picture) for one in workers)
    assert (first.headers[STATUS], second.headers[STATUS]) == (MISS, HIT)
    assert first.content == second.content
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


def test_a_parameter_and_the_form_of_the_answer_are_part_of_the_question(
    workers: Workers, picture: bytes
) -> None:
    edges(workers[0], picture)
    other = edges(workers[1], picture, edge_thickness="5")
    shown = workers[1].post(EDGES, files={"image": picture}, headers={"Accept": "image/png"})
    assert (other.headers[STATUS], shown.headers[STATUS]) == (MISS, MISS)
    assert shown.headers["content-type"] == "image/png"


def test_callers_do_not_see_each_others(
    workers: Workers, bob: httpx.Client, picture: bytes
) -> None:
    assert edges(workers[0], picture).headers[STATUS] == MISS
    assert edges(bob, picture).headers[STATUS] == MISS
    assert edges(bob, picture).headers[STATUS] == HIT


def test_the_same_picture_many_times_at_once_gets_one_answer(
    workers: Workers, picture: bytes
) -> None:
    with ThreadPoolExecutor(20) as threads:
        asked = [threads.submit(edges, workers[i % 2], picture) for i in range(20)]
        answers = [one.result() for one in asked]
    assert {one.content for one in answers} == {edges(workers[0], picture).content}


def test_what_is_refused_is_not_kept(workers: Workers) -> None:
    for _ in range(2):
        refused = workers[0].post(EDGES, files={"image": b"no picture"})
        assert (refused.status_code, refused.headers[STATUS]) == (422, MISS)


def test_get_is_answered_with_the_word_that_the_caller_has_it(
    workers: Workers, picture: bytes
) -> None:
    query = {"image": pybase64.b64encode(picture).decode()}
    answer = workers[0].get(EDGES, params=query)
    assert answer.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": answer.headers["etag"]}
    again = workers[1].get(EDGES, params=query, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    changed = workers[1].get(EDGES, params=query | {"edge_thickness": "5"}, headers=known)
    assert changed.status_code == 200


@pytest.mark.parametrize("known", ["*", '"anything"'])
def test_post_is_answered_whatever_the_caller_has(
    workers: Workers, picture: bytes, known: str
) -> None:
    answer = workers[0].post(EDGES, files={"image": picture}, headers={"If-None-Match": known})
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert "etag" not in answer.headers


def test_each_receipt_is_signed_anew(workers: Workers, picture: bytes) -> None:
    def asked(client: httpx.Client) -> httpx.Response:
        return client.post(ANONYMIZE, files={"image": picture}, data=HIDDEN).raise_for_status()

    first, second = map(asked, workers)
    assert second.headers[STATUS] == HIT
    one, other = first.json(), second.json()
    assert one.pop("receipt")
    assert other.pop("receipt")
    assert one == other


def test_a_project_keeps_the_last_image_also_where_the_answer_was_kept(
    workers: Workers, keeping: Served, picture: bytes
) -> None:
    asked = {"api_key": api_key(keeping), "response_type": "image"}

    def analysed(sent: bytes) -> httpx.Response:
        answer = workers[0].post("/analyze_image", content=sent, params=asked)
        return answer.raise_for_status()

    first, _, again = (analysed(sent) for sent in (picture, encoded("PNG"), picture))
    assert (first.headers[STATUS], again.headers[STATUS]) == (MISS, HIT)
    last = workers[1].get("/last_image", params=asked).raise_for_status()
    assert last.headers[STATUS] == HIT
    assert last.content == first.content


def test_without_redis_answers_are_computed(
    workers: Workers, keeping: Served, store: servers.Server, picture: bytes
) -> None:
    before = edges(workers[0], picture)
    store.stop()
    try:
        again = [edges(workers[0], picture) for _ in range(3)]
    finally:
        store.start()
    assert {one.headers[STATUS] for one in again} == {MISS}
    assert {one.content for one in again} == {before.content}
    assert keeping.logged("result cache does not answer") == 1
