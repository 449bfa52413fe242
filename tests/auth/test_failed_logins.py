"""Guessing is slowed for the guesser, and for nobody else."""

import httpx
import pytest

from auth.errors import TooManyLogins
from auth.failed_logins import ADDRESS_MARK, FREE_FAILURES, WINDOW_SECONDS, FailedLogins
from tests.auth.conftest import LOGIN, TOKEN, Clock, MakeRealm, Realm

HOME = "192.0.2.1"
ELSEWHERE = "198.51.100.7"


@pytest.fixture
def failed(realm: Realm) -> FailedLogins:
    return FailedLogins(realm.engine, realm.clock)


def wait_of(failed: FailedLogins, name: str, address: str) -> int:
    try:
        failed.check(name, address)
    except TooManyLogins as refusal:
        return refusal.retry_after_seconds
    return 0


def fail(failed: FailedLogins, times: int, name: str = "ada", address: str = HOME) -> None:
    for _ in range(times):
        failed.record(name, address)


async def log_in(realm: Realm, **changes: str) -> httpx.Response:
    return await realm.client.post(TOKEN, data=LOGIN | changes)


@pytest.mark.parametrize(
    ("failures", "seconds"), [(4, 0), (5, 1), (6, 2), (7, 4), (12, 128), (60, 900)]
)
def test_waits_double_with_each_failure(failed: FailedLogins, failures: int, seconds: int) -> None:
    fail(failed, failures)
    assert wait_of(failed, "ada", HOME) == seconds


def test_a_wait_is_over_when_it_was_said_to_be(failed: FailedLogins, clock: Clock) -> None:
    fail(failed, 8)
    clock.turn(wait_of(failed, "ada", HOME))
    assert wait_of(failed, "ada", HOME) == 0


def test_a_stranger_cannot_lock_a_person_out(failed: FailedLogins) -> None:
    fail(failed, 50, address=ELSEWHERE)
    assert wait_of(failed, "ada", ELSEWHERE) > 0
    assert wait_of(failed, "ada", HOME) == 0


def test_another_user_of_the_address_does_not_wait(failed: FailedLogins) -> None:
    fail(failed, 50)
    assert wait_of(failed, "bob", HOME) == 0


def test_an_address_that_fails_for_very_many_users_waits_for_all(failed: FailedLogins) -> None:
    for number in range(ADDRESS_MARK - 1):
        failed.record(f"user{number}", HOME)
    assert wait_of(failed, "bob", HOME) == 0
    failed.record("one more", HOME)
    assert wait_of(failed, "bob", HOME) > 0
    assert wait_of(failed, "bob", ELSEWHERE) == 0


def test_failures_are_forgotten_after_the_window(failed: FailedLogins, clock: Clock) -> None:
    fail(failed, ADDRESS_MARK)
    clock.turn(WINDOW_SECONDS + 1)
    assert wait_of(failed, "ada", HOME) == 0


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::1", True),
        ("", "", True),
    ],
)
def test_addresses_of_one_customer_count_as_one(
    failed: FailedLogins, first: str, second: str, is_one: bool
) -> None:
    fail(failed, FREE_FAILURES, address=first)
    assert (wait_of(failed, "ada", second) > 0) is is_one


def test_names_count_without_regard_to_case_and_length(failed: FailedLogins) -> None:
    fail(failed, FREE_FAILURES, name="ADA" * 1_000)
    assert wait_of(failed, "ada" * 2_000, HOME) > 0


@pytest.mark.anyio
async def test_a_wait_is_told_with_retry_after(realm: Realm) -> None:
    for _ in range(FREE_FAILURES):
        assert (await log_in(realm, password="wrong")).status_code == 401
    answer = await log_in(realm)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert answer.json() == {
        "error": "temporarily_unavailable",
        "error_description": "Too many failed logins; try again in 1 s.",
    }


@pytest.mark.anyio
async def test_an_unknown_user_waits_alike(realm: Realm) -> None:
    answers = [await log_in(realm, username="eve") for _ in range(FREE_FAILURES + 1)]
    assert [answer.status_code for answer in answers] == [401] * FREE_FAILURES + [429]


@pytest.mark.anyio
async def test_a_refused_attempt_does_not_lengthen_the_wait(realm: Realm) -> None:
    for _ in range(FREE_FAILURES + 10):
        await log_in(realm, password="wrong")
    assert (await log_in(realm)).headers["retry-after"] == "1"


@pytest.mark.anyio
async def test_a_right_password_clears_the_count(realm: Realm) -> None:
    for _ in range(2):
        for _ in range(FREE_FAILURES - 1):
            assert (await log_in(realm, password="wrong")).status_code == 401
        assert (await log_in(realm)).status_code == 200


@pytest.mark.anyio
async def test_workers_count_together(realm: Realm, make_realm: MakeRealm) -> None:
    workers = [realm, make_realm()]
    for number in range(FREE_FAILURES):
        await log_in(workers[number % 2], password="wrong")
    assert [(await log_in(worker)).status_code for worker in workers] == [429, 429]


@pytest.mark.anyio
async def test_the_owner_logs_in_while_a_stranger_guesses(realm: Realm) -> None:
    stranger = realm.client_from(ELSEWHERE)
    for _ in range(FREE_FAILURES + 1):
        guess = await stranger.post(TOKEN, data=LOGIN | {"password": "guess"})
    assert guess.status_code == 429
    assert (await log_in(realm)).status_code == 200
