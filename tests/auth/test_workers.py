"""What two gateway workers of a started service must know of one another."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from jose import jwt

from auth.failed_logins import FREE_FAILURES
from gateway.__main__ import main
from tests.auth.workers import (
    CONTOURS,
    EDGES,
    REALM,
    TOKEN,
    Workers,
    ask,
    ask_by_key,
    each_worker,
    log_in,
    open_client,
    refresh,
)
from tests.serving import Served, settings_environment, wait_until

Run = Callable[..., str]


@pytest.fixture
def workers(served: Served) -> Iterator[Workers]:
    with each_worker(served) as clients:
        yield clients


@pytest.fixture
def run(served: Served) -> Run:
    """`pixelgate …` beside the running service; answers what it printed."""
    environment = settings_environment({"data": served.log.parent})

    def run(*arguments: str, typed: str = "") -> str:
        result = CliRunner(env=environment).invoke(main, arguments, input=typed)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    return run


@pytest.fixture
def bob(run: Run) -> Iterator[str]:
    """An account whose password is its name."""
    run("users", "add", "bob@host", "--password-stdin", typed="bob@host\n")
    yield "bob@host"
    if "bob@host" in run("users", "list"):
        run("users", "remove", "bob@host")


@pytest.fixture
def eve(run: Run) -> Iterator[str]:
    """An account that may use `edges` alone; its password is its name."""
    run("users", "add", "eve@host", "--password-stdin", "--scope", "edges", typed="eve@host\n")
    yield "eve@host"
    run("users", "remove", "eve@host")


def await_each(
    workers: Workers, condition: Callable[[httpx.Client], object], *, within: float
) -> None:
    """Wait ten times as long as is promised: other tests hold the promises, with a clock."""
    for worker in workers:
        wait_until(partial(condition, worker), seconds=10 * within)


def statuses(workers: Workers, token: str) -> set[int]:
    return {ask(worker, token).status_code for worker in workers}


def test_of_eight_refreshes_at_once_one_succeeds(served: Served, workers: Workers) -> None:
    token = log_in(workers[0], served.user, served.password)["refresh_token"]
    with ThreadPoolExecutor(8) as threads:
        answers = [*threads.map(lambda i: refresh(workers[i % 2], token), range(8))]
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 7}
    winner = next(answer for answer in answers if answer.status_code == 200)
    for worker in workers:
        assert refresh(worker, winner.json()["refresh_token"]).status_code == 400


def test_every_worker_notices_a_logout(served: Served, workers: Workers) -> None:
    tokens = log_in(workers[0], served.user, served.password)
    assert statuses(workers, tokens["access_token"]) == {400}
    form = {"client_id": "ltu-api", "refresh_token": tokens["refresh_token"]}
    assert workers[0].post(f"{REALM}/logout", data=form).status_code == 204
    await_each(
        workers, lambda worker: ask(worker, tokens["access_token"]).status_code == 401, within=2
    )


def test_every_worker_notices_a_revoked_token(served: Served, workers: Workers) -> None:
    token = log_in(workers[0], served.user, served.password)["access_token"]
    assert statuses(workers, token) == {400}
    form = {"client_id": "ltu-api", "token": token}
    assert workers[1].post(f"{REALM}/revoke", data=form).status_code == 200
    await_each(workers, lambda worker: ask(worker, token).status_code == 401, within=2)


def test_a_removed_user_is_a_stranger_to_every_worker(bob: str, run: Run, workers: Workers) -> None:
    tokens = log_in(workers[0], bob, bob)
    assert statuses(workers, tokens["access_token"]) == {400}
    run("users", "remove", bob)
    await_each(
        workers, lambda worker: ask(worker, tokens["access_token"]).status_code == 401, within=2
    )
    assert {refresh(worker, tokens["refresh_token"]).status_code for worker in workers} == {400}


def test_guesses_at_both_workers_count_together(bob: str, workers: Workers) -> None:
    form = {"grant_type": "password", "client_id": "ltu-api", "username": bob, "password": "no"}
    guesses = [
        # Whoever is no trusted proxy cannot pose as several addresses either.
        workers[i % 2].post(TOKEN, data=form, headers={"X-Forwarded-For": f"192.0.2.{i}"})
        for i in range(FREE_FAILURES)
    ]
    assert {answer.status_code for answer in guesses} == {401}
    for worker in workers:
        refusal = worker.post(TOKEN, data=form | {"password": bob})
        assert refusal.status_code == 429
        assert int(refusal.headers["Retry-After"]) >= 1


def test_a_rotated_key_signs_in_both_workers_without_a_restart(
    served: Served, run: Run, workers: Workers
) -> None:
    old, old_key = served.token(), shown_key(workers[0])
    new_kid = run("keys", "rotate").split()[2]
    await_each(workers, lambda worker: new_kid in published_kids(worker), within=3)
    await_each(workers, lambda worker: shown_key(worker) != old_key, within=8)
    for worker in workers:
        new = log_in(worker, served.user, served.password)["access_token"]
        assert jwt.get_unverified_header(new)["kid"] == new_kid
        assert statuses(workers, old) == statuses(workers, new) == {400}


def published_kids(worker: httpx.Client) -> set[str]:
    return {key["kid"] for key in worker.get(f"{REALM}/certs").json()["keys"]}


def shown_key(worker: httpx.Client) -> str:
    """The key that signs at present, as the realm's document shows it."""
    return str(worker.get("/realms/Production").json()["public_key"])


def test_an_api_key_works_until_it_is_revoked_in_every_worker(
    served: Served, run: Run, workers: Workers, photograph: Path
) -> None:
    key = run("apikeys", "add", "--owner", served.user)
    with photograph.open("rb") as picture:
        answer = workers[0].post(EDGES, headers={"X-API-Key": key}, files={"image": picture})
    assert answer.status_code == 200, answer.text
    assert {ask_by_key(worker, key).status_code for worker in workers} == {400}
    run("apikeys", "revoke", key[:11])
    await_each(workers, lambda worker: ask_by_key(worker, key).status_code == 401, within=2)
    assert ask_by_key(workers[1], key).json()["error"] == "invalid_api_key"


def expect_only_edges(asked: Callable[[str], httpx.Response]) -> None:
    assert asked(EDGES).status_code == 400
    refusal = asked(CONTOURS)
    assert (refusal.status_code, refusal.json()["error"]) == (403, "insufficient_scope")
    challenge = refusal.headers["WWW-Authenticate"]
    assert challenge.startswith('Bearer realm="Production", error="insufficient_scope"')
    assert challenge.endswith('scope="contours"')


def test_a_token_of_a_limited_account_opens_its_services_alone(eve: str, workers: Workers) -> None:
    tokens = log_in(workers[0], eve, eve)
    assert tokens["scope"] == "openid email profile edges"
    expect_only_edges(partial(ask, workers[1], tokens["access_token"]))


def test_a_key_of_a_limited_account_opens_its_services_alone(
    eve: str, run: Run, workers: Workers
) -> None:
    expect_only_edges(partial(ask_by_key, workers[1], run("apikeys", "add", "--owner", eve)))


def test_a_limit_that_is_lifted_is_lifted_everywhere(eve: str, run: Run, workers: Workers) -> None:
    key = run("apikeys", "add", "--owner", eve)
    run("users", "limit", eve)
    await_each(
        workers, lambda worker: ask_by_key(worker, key, CONTOURS).status_code == 400, within=2
    )


def test_a_limited_key_may_use_less_than_its_owner(
    served: Served, run: Run, workers: Workers
) -> None:
    key = run("apikeys", "add", "--owner", served.user, "--scope", "edges")
    assert ask_by_key(workers[0], key).status_code == 400
    assert ask_by_key(workers[0], key, CONTOURS).status_code == 403


def test_a_token_may_be_asked_for_one_service(served: Served, workers: Workers) -> None:
    token = log_in(workers[0], served.user, served.password, scope="openid edges")["access_token"]
    assert ask(workers[1], token).status_code == 400
    assert ask(workers[1], token, CONTOURS).status_code == 403


@pytest.mark.parametrize("name", ["access_token", "token", "authorization", "api_key"])
def test_a_token_in_the_query_or_body_lets_nobody_in(served: Served, name: str) -> None:
    token = served.token()
    with open_client(served) as client:
        assert client.get(EDGES, params={name: token}).status_code == 401
        assert client.post(EDGES, data={name: token}).status_code == 401


def test_the_host_header_moves_no_address(served: Served) -> None:
    with open_client(served) as client:
        headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        for path in ("/realms/Production", "/realms/Production/.well-known/openid-configuration"):
            document = client.get(path, headers=headers)
            assert "evil.example" not in document.text
            assert served.url in document.text
        form = {"grant_type": "password", "client_id": "ltu-api", "username": served.user}
        answer = client.post(TOKEN, data={**form, "password": served.password}, headers=headers)
        claims = jwt.get_unverified_claims(answer.json()["access_token"])
        assert claims["iss"] == f"{served.url}/realms/Production"
