"""Logins take their time without taking it from anybody else."""

import threading

import anyio
import httpx
import pytest
from pwdlib import PasswordHash

from auth import issuer
from auth.threads import Threads
from tests.auth.conftest import LOGIN, QUICK_HASHER, TOKEN, MakeRealm, Realm
from tests.serving import WAIT_SECONDS

pytestmark = pytest.mark.anyio


class SlowHasher(PasswordHash):
    """Verifies nothing until it is told to go on."""

    def __init__(self) -> None:
        super().__init__(QUICK_HASHER.hashers)
        self.may_go_on = threading.Event()
        self.started = threading.Semaphore(0)

    def verify(self, password: str | bytes, hash: str | bytes) -> bool:
        self.started.release()
        return self.may_go_on.wait(timeout=WAIT_SECONDS) and super().verify(password, hash)


async def until_started(hasher: SlowHasher, count: int) -> None:
    for _ in range(count):
        assert await anyio.to_thread.run_sync(hasher.started.acquire, True, WAIT_SECONDS)


async def test_logins_leave_refreshes_and_callers_their_threads(
    realm: Realm, make_realm: MakeRealm
) -> None:
    tokens, hasher = await realm.log_in(), SlowHasher()
    worker = make_realm(hasher=hasher)
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(worker.log_in)
        await until_started(hasher, issuer.PASSWORD_THREADS)
        assert (await worker.refresh(tokens["refresh_token"])).status_code == 200
        await worker.issuer.guard.authenticate_token(tokens["access_token"])
        hasher.may_go_on.set()


async def test_logins_that_cannot_be_waited_for_are_sent_away(
    realm: Realm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer, "MAX_WAITING_LOGINS", 0)
    answer: httpx.Response = await realm.client.post(TOKEN, data=LOGIN)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["error"] == "temporarily_unavailable"


async def test_arguments_and_errors_pass_through() -> None:
    threads = Threads(1)
    assert await threads.run(int, "11", base=2) == 3
    with pytest.raises(ValueError, match="invalid literal"):
        await threads.run(int, "x")
