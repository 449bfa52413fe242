"""Work beside the event loop; logins take their time without taking it from anybody else."""

import asyncio
import contextlib
import gc
import threading
import weakref
from collections.abc import Iterator

import anyio
import httpx
import pytest
from pwdlib import PasswordHash

from auth import issuer
from auth.threads import Threads
from tests.auth.conftest import LOGIN, QUICK_HASHER, TOKEN, MakeRealm, Realm
from tests.gateway.pool.running import until
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


class Gate:
    """What threads wait at, and how many of them."""

    def __init__(self) -> None:
        self.waiting = 0
        self._is_open = threading.Event()
        self.open = self._is_open.set

    def wait(self) -> bool:
        self.waiting += 1
        return self._is_open.wait(WAIT_SECONDS)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """A gate at which nothing waits after the test."""
    gate = Gate()
    yield gate
    gate.open()


async def goes_on(*tasks: asyncio.Task[object]) -> bool:
    """Whether tasks wait still, after some turns of the event loop."""
    for _ in range(3):
        await asyncio.sleep(0)
    return not any(task.done() for task in tasks)


async def test_a_function_answers_or_raises_as_if_it_were_called() -> None:
    threads = Threads(1)
    assert await threads.run(int, "11", base=2) == 3
    with pytest.raises(ValueError, match="invalid literal"):
        await threads.run(int, "x")


async def test_who_is_cancelled_goes_when_the_thread_has_ended(gate: Gate) -> None:
    task = asyncio.create_task(Threads(1).run(gate.wait))
    await until(lambda: gate.waiting == 1)
    for _ in range(2):
        task.cancel()
        assert await goes_on(task)
    gate.open()
    await asyncio.wait([task], timeout=WAIT_SECONDS)
    assert task.cancelled()


async def test_what_may_be_abandoned_is_left_at_once_and_keeps_its_place(gate: Gate) -> None:
    threads = Threads(1, abandons=True)
    task = asyncio.create_task(threads.run(gate.wait))
    await until(lambda: gate.waiting == 1)
    task.cancel()
    await asyncio.wait([task], timeout=WAIT_SECONDS)
    assert task.cancelled()
    late = asyncio.create_task(threads.run(int))
    assert await goes_on(late)
    gate.open()
    assert await late == 0


async def test_what_has_not_begun_is_counted_and_given_up_at_once(gate: Gate) -> None:
    threads, called = Threads(2), list[str]()
    running = [asyncio.create_task(threads.run(gate.wait)) for _ in range(2)]
    await until(lambda: gate.waiting == 2)
    assert threads.waiting == 0
    waiting = asyncio.create_task(threads.run(called.append, "late"))
    assert await goes_on(*running, waiting)
    assert threads.waiting == 1
    waiting.cancel()
    await asyncio.wait([waiting], timeout=WAIT_SECONDS)
    assert waiting.cancelled()
    assert threads.waiting == 0
    gate.open()
    assert await asyncio.gather(*running) == [True, True]
    assert called == []


class Text(str):
    """One whose end can be seen."""


async def test_nothing_of_a_call_that_failed_waits_for_the_garbage_collector() -> None:
    text = Text("no number")
    is_there = weakref.ref(text)
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(ValueError):
            await Threads(1).run(int, text)
        del text
        assert is_there() is None
    finally:
        gc.enable()
