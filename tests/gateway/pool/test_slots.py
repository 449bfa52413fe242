"""What `SlotPool` promises beyond what every pool does."""

import asyncio
import errno
import gc
import os
import pickle
import resource
import signal
import sys
import weakref
from collections.abc import Callable
from contextlib import suppress
from itertools import chain
from math import inf, nan
from operator import attrgetter
from pathlib import Path
from typing import Any

import psutil
import pytest
from structlog.testing import capture_logs

from engines.core.errors import BadParameter, PictureTooLarge
from engines.process import wire_format
from gateway.errors import (
    JobTimedOut,
    PictureRefused,
    ShuttingDown,
    SlotCrashed,
    WaitedTooLong,
)
from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import PRELOAD, SlotPool, slot, slots
from gateway.pool.fork_server import ForkServer, slot_environment
from tests.gateway.pool.running import (
    LONG,
    LoopClock,
    Pauses,
    block,
    fork_server,
    give,
    no_process_left,
    pid_of,
    running_slots,
    until,
    with_spare,
)
from tests.gateway.pool.work import hang_if_told, job, work

pytestmark = pytest.mark.anyio


def progress_frame(number: int, meta: bytes) -> bytes:
    head = wire_format.FrameHeader(wire_format.Kind.PROGRESS, number, meta_bytes=len(meta))
    return wire_format.FRAME_HEADER.pack(*head) + meta


# Deadlines


@pytest.mark.parametrize("engine", ["spin", "hang in c"])
async def test_a_job_that_never_ends_is_killed_at_its_deadline(engine: str) -> None:
    async with running_slots() as pool:
        before = pool.snapshot().pids
        with pytest.raises(JobTimedOut, match=r"0\.2 s"):
            await give(pool, engine, deadline_seconds=0.2)
        await until(lambda: not any(map(psutil.pid_exists, before)))
        assert pool.snapshot().kills == 1


async def test_the_next_job_finds_a_warm_spare(tmp_path: Path) -> None:
    async with running_slots() as pool:
        await with_spare(pool)
        spare = pool.snapshot().spare_pids
        with pytest.raises(JobTimedOut):
            await give(pool, "spin", deadline_seconds=0.2)
        assert pool.snapshot().pids == spare


async def test_a_kill_leaves_the_other_slots_alone(tmp_path: Path) -> None:
    async with running_slots(slots=2) as pool:
        other = await block(pool, tmp_path / "go")
        with pytest.raises(JobTimedOut):
            await give(pool, "spin", deadline_seconds=0.2)
        (tmp_path / "go").touch()
        assert (await other).body == b"waited"


async def test_a_job_behind_a_killed_one_is_computed_once(tmp_path: Path) -> None:
    async with running_slots() as pool:
        hung = give(pool, "spin", deadline_seconds=0.3)
        behind = give(pool, "note", b"once", path=str(tmp_path / "notes"))
        with pytest.raises(JobTimedOut):
            await hung
        await behind
        assert (tmp_path / "notes").read_bytes() == b"once\n"
        assert pool.snapshot().retries == 0


async def test_the_deadline_of_a_job_runs_from_when_it_is_first(
    tmp_path: Path, clock: LoopClock
) -> None:
    async with running_slots() as pool:
        await with_spare(pool)
        first = await block(pool, tmp_path / "go", deadline_seconds=1000)
        second = give(pool, "wait", path=str(tmp_path / "stop"), deadline_seconds=1000)
        await until(lambda: pool.snapshot().placed == 2)
        for running, file in ((first, "go"), (second, "stop")):
            await until((tmp_path / f"{file}.begun").exists)
            await clock.forward(600)
            (tmp_path / file).touch()
            assert (await running).body == b"waited"


async def test_a_frozen_slot_ends_at_the_deadline() -> None:
    async with running_slots() as pool:
        (frozen,) = pool.snapshot().pids
        os.kill(frozen, signal.SIGSTOP)
        with pytest.raises(JobTimedOut):
            await give(pool, "pid", deadline_seconds=0.2)
        assert await pid_of(pool) != frozen


async def test_a_job_whose_turn_does_not_come_is_sent_away(tmp_path: Path) -> None:
    async with running_slots() as pool:
        blocking = await block(pool, tmp_path / "go")
        second = give(pool, "pid")
        with pytest.raises(WaitedTooLong) as raised:
            await give(pool, "pid", deadline_seconds=0.2)
        assert (raised.value.retry_after_seconds or 0) >= 1
        (tmp_path / "go").touch()
        await asyncio.gather(blocking, second)


# Crashes


async def test_a_job_whose_process_died_is_tried_once_more(tmp_path: Path) -> None:
    async with running_slots(slots=2) as pool:
        answer = await give(pool, "crash once", path=str(tmp_path / "crashed"))
        assert answer.body == b"survived"
        assert pool.snapshot().retries == 1


async def test_a_job_that_kills_two_processes_is_given_up() -> None:
    async with running_slots(slots=2) as pool:
        with pytest.raises(SlotCrashed) as raised:
            await give(pool, "crash")
        assert raised.value.retry_after_seconds
        assert pool.snapshot().crashes == 2


async def test_a_job_that_killed_two_processes_is_refused_for_a_while() -> None:
    now = [1000.0]
    async with running_slots(quarantine=MemoryQuarantine(clock=lambda: now[0])) as pool:
        with pytest.raises(SlotCrashed):
            await give(pool, "crash", b"poison")
        with pytest.raises(PictureRefused):
            await give(pool, "crash", b"poison")
        assert pool.snapshot().crashes == 2
        now[0] += 3600
        with pytest.raises(SlotCrashed):
            await give(pool, "crash", b"poison")


async def test_another_picture_is_not_refused() -> None:
    async with running_slots() as pool:
        with pytest.raises(SlotCrashed):
            await give(pool, "crash", b"poison")
        assert (await give(pool, "echo", b"poison")).body == b"poison"


async def test_jobs_behind_crashes_are_innocent(tmp_path: Path) -> None:
    async with running_slots(slots=2) as pool:
        crashing = [give(pool, "crash", b"%d" % i) for i in range(2)]
        innocent = [give(pool, "echo", b"%d" % i) for i in range(20)]
        assert [(await one).body for one in innocent] == [b"%d" % i for i in range(20)]
        outcomes = await asyncio.gather(*crashing, return_exceptions=True)
        assert [type(one) for one in outcomes] == [SlotCrashed, SlotCrashed]


async def test_a_job_that_had_not_begun_when_its_process_was_killed_is_innocent() -> None:
    async with running_slots() as pool:
        for _ in range(3):
            await with_spare(pool)
            (pid,) = pool.snapshot().pids
            os.kill(pid, signal.SIGSTOP)
            lying = give(pool, "pid")
            await until(lambda: pool.snapshot().placed)
            os.kill(pid, signal.SIGKILL)
            await lying
        assert pool.snapshot().retries == 0


async def test_a_slot_killed_while_idle_is_replaced_at_once() -> None:
    async with running_slots() as pool:
        (killed,) = pool.snapshot().pids
        os.kill(killed, signal.SIGKILL)
        await until(lambda: pool.snapshot().crashes == 1)
        await until(lambda: len(pool.snapshot().pids) == 1)
        assert await pid_of(pool) != killed


async def test_all_slots_killed_at_once_are_back_without_a_pause(tmp_path: Path) -> None:
    pauses = Pauses()
    async with running_slots(slots=3, sleep=pauses.sleep) as pool:
        await with_spare(pool)
        jobs = [give(pool, "wait", b"%d" % i, path=str(tmp_path / "go")) for i in range(6)]
        await until(lambda: pool.snapshot().placed == 6)
        for pid in (*pool.snapshot().pids, *pool.snapshot().spare_pids):
            os.kill(pid, signal.SIGKILL)
        await until(lambda: pool.snapshot().crashes == 4)
        (tmp_path / "go").touch()
        await asyncio.gather(*jobs)
        await until(lambda: len(pool.snapshot().pids) == 3)
    assert pauses.asked == []


async def test_a_fork_server_that_loads_already_is_used() -> None:
    early = ForkServer(slot_environment(12345), ["colorsys"])
    told: dict[str, Any] = {"slots": 1, "queue_length": 1, "quarantine": MemoryQuarantine()}
    with no_process_left():
        early.start()
        pid = fork_server().pid
        pool = SlotPool(**told, work=work, preload=(), fork_server=early)
        await pool.start()
        assert fork_server().pid == pid
        assert (await give(pool, "echo", b"there")).body == b"there"
        await pool.stop(grace_seconds=0)


async def test_engine_processes_keep_no_identity_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    homes = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    server = ForkServer(slot_environment(12345) | homes)
    async with running_slots(preload=PRELOAD, fork_server=server) as pool:
        assert (await give(pool, "echo", b"there")).body == b"there"
    assert not os.listdir(tmp_path)


async def test_the_nursery_killed_is_replaced_with_all_slots() -> None:
    async with running_slots(slots=2) as pool:
        fork_server().kill()
        await until(lambda: pool.snapshot().crashes >= 2)
        assert (await give(pool, "echo", b"again")).body == b"again"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff" * 100,
        b"\0" * 100,
        b"\3" * 40,
        wire_format.FRAME_HEADER.pack(*wire_format.FrameHeader(wire_format.Kind.SKIPPED, 1)),
        wire_format.FRAME_HEADER.pack(*wire_format.FrameHeader(wire_format.Kind.BORN, 1)),
        wire_format.FRAME_HEADER.pack(*wire_format.FrameHeader(wire_format.Kind.READY, 0)),
        progress_frame(1, b"half"),
        progress_frame(1, wire_format.pack_progress(nan)),
        progress_frame(1, wire_format.pack_progress(1.5)),
        progress_frame(2, wire_format.pack_progress(0.5)),
    ],
    ids=[
        *("ones", "zeros", "lies", "skipped a job", "born again", "ready again"),
        *("no progress", "progress of nan", "too much progress", "progress of another job"),
    ],
)
async def test_garbage_from_a_slot_ends_only_that_slot(garbage: bytes) -> None:
    async with asyncio.timeout(LONG), running_slots(slots=2) as pool:
        with pytest.raises(SlotCrashed):
            await give(pool, "send garbage", garbage)
        assert (await give(pool, "echo", b"well")).body == b"well"


async def test_a_refusal_cannot_smuggle_code_into_the_gateway(tmp_path: Path) -> None:
    evil = b"cos\nmkdir\n(V" + str(tmp_path / "owned").encode() + b"\ntR."
    head = wire_format.FrameHeader(wire_format.Kind.REFUSED, 1, meta_bytes=len(evil))
    async with running_slots() as pool:
        with pytest.raises(SlotCrashed):
            await give(pool, "send garbage", wire_format.FRAME_HEADER.pack(*head) + evil)
        assert not (tmp_path / "owned").exists()


async def test_processes_that_do_not_start_are_not_tried_in_a_frenzy() -> None:
    pauses = Pauses()
    pool = SlotPool(
        slots=1,
        queue_length=1,
        quarantine=MemoryQuarantine(),
        work=work,
        preload=("sys:no_function",),
        sleep=pauses.sleep,
    )
    with capture_logs() as logs, no_process_left():
        starting = asyncio.create_task(pool.start())
        await until(lambda: [len(asked) >= 3 for asked in pauses.asked] == [True, True])
        assert not pool.ready
        starting.cancel()
        await pool.stop(grace_seconds=0)
    told = [entry for entry in logs if entry["event"] == "engine process did not come up"]
    assert [asked[:3] for asked in pauses.asked] == [[0.2, 0.4, 0.8]] * 2
    assert sorted(entry["retry_seconds"] for entry in told) == sorted(chain(*pauses.asked))


@pytest.mark.parametrize("name", ["socket.socketpair", "create_file", "SharedMemory"])
async def test_files_that_run_out_for_a_moment_cost_no_slot(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = psutil.Process().num_fds()
    monkeypatch.setattr(f"gateway.pool.slots.{name}", failing_once(attrgetter(name)(slots)))
    with capture_logs() as logs:
        async with asyncio.timeout(LONG), running_slots() as pool:
            await with_spare(pool)
            assert len(pool.snapshot().pids) == 1
    assert [entry["reason"] for entry in logs if "reason" in entry] == ["Too many open files"]
    assert psutil.Process().num_fds() == before


def failing_once(function: Callable[..., Any]) -> Callable[..., Any]:
    errors = [OSError(errno.EMFILE, os.strerror(errno.EMFILE))]

    def failing(*arguments: Any) -> Any:
        if errors:
            raise errors.pop()
        return function(*arguments)

    return failing


async def test_a_process_that_does_not_become_ready_is_ended_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: LoopClock
) -> None:
    hang = tmp_path / "hang"
    monkeypatch.setenv("HANG_IF_THERE", str(hang))
    async with running_slots(prepare=hang_if_told) as pool:
        await with_spare(pool)
        running = await block(pool, tmp_path / "go", deadline_seconds=1000)
        hang.touch()
        os.kill(pool.snapshot().spare_pids[0], signal.SIGKILL)
        await until(lambda: not hang.exists())
        assert not pool.snapshot().spare_pids
        await clock.forward(slots.START_SECONDS)
        await with_spare(pool)
        (tmp_path / "go").touch()
        assert (await running).body == b"waited"
        assert (pool.snapshot().crashes, pool.snapshot().retries) == (1, 0)


async def test_processes_that_die_at_once_are_not_replaced_in_a_frenzy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slot, "NEW_SECONDS", inf)
    pauses = Pauses()
    async with running_slots(sleep=pauses.sleep) as pool:
        for deaths in range(1, 8):
            await with_spare(pool)
            os.kill(pool.snapshot().spare_pids[0], signal.SIGKILL)
            await until(lambda: pool.snapshot().crashes == deaths)  # noqa: B023
        await with_spare(pool)
    # The first of two that die is replaced at once, and each two more double the pause.
    assert pauses.asked == [[0.2], [0.2], [0.4], [0.4], [0.8], [0.8]]


async def test_processes_that_last_are_replaced_without_a_pause(clock: LoopClock) -> None:
    pauses = Pauses()
    async with running_slots(sleep=pauses.sleep) as pool:
        for deaths in range(1, 8):
            await with_spare(pool)
            await clock.forward(slot.NEW_SECONDS)
            os.kill(pool.snapshot().spare_pids[0], signal.SIGKILL)
            await until(lambda: pool.snapshot().crashes == deaths)  # noqa: B023
        await with_spare(pool)
    assert pauses.asked == []


# Clients that go away


async def test_the_job_of_a_client_that_left_the_queue_is_not_computed(tmp_path: Path) -> None:
    async with running_slots() as pool:
        blocking = await block(pool, tmp_path / "go")
        lying = give(pool, "note", b"second", path=str(tmp_path / "notes"))
        queued = give(pool, "note", b"third", path=str(tmp_path / "notes"))
        last = give(pool, "note", b"fourth", path=str(tmp_path / "notes"))
        await until(lambda: pool.snapshot().queued == 2)
        lying.cancel()
        queued.cancel()
        await until(lambda: pool.snapshot().queued == 1)
        (tmp_path / "go").touch()
        await asyncio.gather(blocking, last)
        assert (tmp_path / "notes").read_bytes() == b"fourth\n"


async def test_a_process_computes_for_nobody_only_for_a_moment(
    tmp_path: Path, clock: LoopClock
) -> None:
    async with running_slots() as pool:
        await with_spare(pool)
        (pid,) = pool.snapshot().pids
        left = give(pool, "spin", path=str(tmp_path / "begun"), deadline_seconds=1000)
        await until((tmp_path / "begun").exists)
        left.cancel()
        await clock.forward(slot.VAIN_SECONDS)
        assert await pid_of(pool) != pid
        assert pool.snapshot().kills == 1


async def test_a_job_behind_one_of_nobody_has_its_own_deadline(
    tmp_path: Path, clock: LoopClock
) -> None:
    async with running_slots() as pool:
        left = await block(pool, tmp_path / "go")
        waited_for = give(pool, "wait", path=str(tmp_path / "later"), deadline_seconds=1000)
        await until(lambda: pool.snapshot().placed == 2)
        left.cancel()
        (tmp_path / "go").touch()
        await until((tmp_path / "later.begun").exists)
        await until(lambda: pool.snapshot().placed == 1)
        await clock.forward(2 * slot.VAIN_SECONDS)
        (tmp_path / "later").touch()
        await waited_for
        assert pool.snapshot().kills == 0


async def test_nobody_is_told_of_the_progress_of_a_job_of_nobody(tmp_path: Path) -> None:
    told = list[float]()
    async with running_slots() as pool:
        left = give(pool, "report", path=str(tmp_path / "go"), progress=told.append)
        await until((tmp_path / "go.begun").exists)
        left.cancel()
        (tmp_path / "go").touch()
        assert (await give(pool, "echo", b"next")).body == b"next"
        assert told == []
        assert pool.snapshot().crashes == 0


async def test_a_job_of_nobody_is_not_tried_again(tmp_path: Path) -> None:
    async with running_slots() as pool:
        left = await block(pool, tmp_path / "go")
        left.cancel()
        os.kill(pool.snapshot().pids[0], signal.SIGKILL)
        await give(pool, "pid")
        assert pool.snapshot().retries == 0


async def test_a_job_of_nobody_that_kills_two_processes_is_refused(tmp_path: Path) -> None:
    go = tmp_path / "go"
    async with running_slots() as pool:
        for deaths in (1, 2):
            await until(lambda: pool.snapshot().pids)
            left = await block(pool, go)
            left.cancel()
            os.kill(pool.snapshot().pids[0], signal.SIGKILL)
            await until(lambda: pool.snapshot().crashes == deaths)  # noqa: B023
            go.with_name("go.begun").unlink()
        go.touch()
        await until(lambda: not pool._blaming)
        with pytest.raises(PictureRefused):
            await give(pool, "wait", path=str(go))


# Turns


async def test_a_second_job_lies_ready_in_a_busy_slot(tmp_path: Path) -> None:
    async with running_slots() as pool:
        jobs = [await block(pool, tmp_path / "go"), give(pool, "pid"), give(pool, "pid")]
        await until(lambda: pool.snapshot().queued == 1)
        assert pool.snapshot().placed == 2
        (tmp_path / "go").touch()
        await asyncio.gather(*jobs)


async def test_jobs_go_to_the_least_loaded_slot(tmp_path: Path) -> None:
    async with running_slots(slots=2) as pool:
        first = await block(pool, tmp_path / "go")
        second = await block(pool, tmp_path / "stop")
        assert pool.snapshot().placed == 2
        (tmp_path / "go").touch()
        (tmp_path / "stop").touch()
        await asyncio.gather(first, second)


async def test_a_job_behind_a_long_one_moves_to_a_slot_that_became_free(tmp_path: Path) -> None:
    async with running_slots(slots=2) as pool:
        long = await block(pool, tmp_path / "go")
        short = give(pool, "sleep", seconds=0.1)
        behind = give(pool, "note", b"once", path=str(tmp_path / "notes"))
        await asyncio.gather(short, behind)
        assert not long.done()
        (tmp_path / "go").touch()
        await long
        assert (tmp_path / "notes").read_bytes() == b"once\n"


async def test_a_refused_job_is_forgotten_without_the_garbage_collector() -> None:
    async with running_slots() as pool:
        told = job("refuse", b"picture")
        trace = weakref.ref(told.params)
        gc.disable()
        try:
            with suppress(BadParameter):
                await pool.run(told, deadline_seconds=LONG, owner="a")
            del told
            await until(lambda: trace() is None)
        finally:
            gc.enable()


# Wear


async def test_a_slot_retires_after_its_jobs_without_a_gap() -> None:
    async with running_slots(max_jobs=10) as pool:
        pids: set[int] = set()
        async with asyncio.timeout(LONG):
            while len(pids) < 3:
                pids.add(await pid_of(pool))
                assert len(pool.snapshot().pids) == 1
        await until(lambda: pool.snapshot().retired == 2)
        assert pool.snapshot().crashes == pool.snapshot().retries == 0


async def test_a_slot_above_its_memory_retires() -> None:
    async with running_slots(max_rss_bytes=300_000_000) as pool:
        await with_spare(pool)
        worn = int((await give(pool, "keep", size=300_000_000)).body)
        assert await pid_of(pool) != worn
        await until(lambda: not psutil.pid_exists(worn))


async def test_what_a_job_frees_is_used_again_and_given_back_at_its_end() -> None:
    size = 200_000_000
    async with running_slots() as pool:
        resident = psutil.Process(await pid_of(pool)).memory_info
        before = resident().rss
        cleared = int((await give(pool, "use again", size=size)).body)
        assert cleared < 2 * size / resource.getpagesize()
        await pid_of(pool)
        assert resident().rss < before + size / 2


@pytest.mark.parametrize("engine", ["allocate", "allocate in cv2"])
async def test_a_job_that_needs_too_much_memory_is_refused(engine: str) -> None:
    async with running_slots(memory_limit_bytes=600_000_000) as pool:
        await with_spare(pool)
        with pytest.raises(PictureTooLarge):
            await give(pool, engine, size=900_000_000)
        await until(lambda: pool.snapshot().retired == 1)
        assert pool.snapshot().crashes == 0


# Processes


async def test_slots_have_one_thread_and_a_guarded_opencv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1")
    async with running_slots(max_pixels=12345) as pool:
        lines = (await give(pool, "environment")).body.decode().splitlines()
    assert {
        "cv2=1",
        "OMP_NUM_THREADS=1",
        "MALLOC_ARENA_MAX=2",
        "OPENCV_IO_MAX_IMAGE_PIXELS=12345",
        "OPENCV_IO_ENABLE_OPENEXR=0",
    } <= set(lines)
    assert not any(line.startswith("MALLOC_TRIM_THRESHOLD_") for line in lines)


async def test_slots_are_forked_with_everything_imported_and_no_web_library() -> None:
    async with running_slots(preload=("colorsys", "not_installed_at_all")) as pool:
        modules = (await give(pool, "modules")).body.decode().splitlines()
    assert {"colorsys", "cv2", "engines.core.run"} <= set(modules)
    assert not {"starlette", "uvicorn", "sqlalchemy", "asyncio"} & set(modules)


async def test_the_gateway_gets_no_thread_and_few_files() -> None:
    threads = psutil.Process().num_threads()
    before = psutil.Process().num_fds()
    async with running_slots(slots=2) as pool:
        await with_spare(pool)
        assert psutil.Process().num_threads() == threads
        assert psutil.Process().num_fds() - before <= 1 + 3 * 3
    assert psutil.Process().num_fds() == before


async def test_start_returns_when_all_slots_are_warm() -> None:
    async with running_slots(slots=3) as pool:
        assert pool.ready
        assert len(pool.snapshot().pids) == 3


# Ending


async def test_stop_lets_running_and_waiting_jobs_end(tmp_path: Path) -> None:
    async with running_slots() as pool:
        jobs = [await block(pool, tmp_path / "go"), *(give(pool, "pid") for _ in range(5))]
        await until(lambda: pool.snapshot().queued == 4)
        stopping = asyncio.create_task(pool.stop(grace_seconds=LONG))
        await until(lambda: not pool.ready)
        with pytest.raises(ShuttingDown):
            await give(pool, "pid")
        (tmp_path / "go").touch()
        assert len(await asyncio.gather(*jobs)) == 6
        await stopping


async def test_stop_ends_what_is_not_done_within_the_grace(tmp_path: Path) -> None:
    async with running_slots() as pool:
        jobs = [give(pool, "spin"), give(pool, "pid"), give(pool, "pid")]
        await until(lambda: pool.snapshot().placed == 2)
        await pool.stop(grace_seconds=0.1)
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)
        assert [type(one) for one in outcomes] == [ShuttingDown] * 3


async def test_a_signal_to_the_whole_group_does_not_end_a_job(tmp_path: Path) -> None:
    async with running_slots() as pool:
        running = await block(pool, tmp_path / "go")
        for process in (fork_server(), *fork_server().children()):
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                process.send_signal(number)
        (tmp_path / "go").touch()
        assert (await running).body == b"waited"


async def test_a_pool_that_cannot_reach_its_nursery_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    pool = SlotPool(slots=1, queue_length=1, quarantine=MemoryQuarantine(), work=work, preload=())
    with capture_logs() as logs:
        starting = asyncio.create_task(pool.start())
        await until(lambda: logs)
    assert logs[0]["event"] == "engine process cannot be started"
    starting.cancel()
    await pool.stop(grace_seconds=0)


async def test_a_job_that_cannot_be_sent_fails_alone(tmp_path: Path) -> None:
    unsendable = job("echo", b"x")
    object.__setattr__(unsendable, "params", lambda: None)
    async with running_slots() as pool:
        with pytest.raises((AttributeError, pickle.PicklingError)):
            await pool.run(unsendable, deadline_seconds=LONG, owner="a")
        assert (await give(pool, "echo", b"y")).body == b"y"
