"""What every pool promises; what a standard executor cannot keep is named here."""

import asyncio
import inspect
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engines.core.errors import BadParameter
from engines.core.shapes import File
from gateway.errors import JobTimedOut, QueueFull, ShuttingDown, SlotCrashed, WorkFailed
from gateway.limits.quarantine import MemoryQuarantine
from gateway.pool import ExecutorPool, Pool, SlotPool, Timing, process_pool
from tests.gateway.pool import work as pool_work
from tests.gateway.pool.cluster import Cluster, running_cluster
from tests.gateway.pool.running import LONG, LoopClock, block, give, until
from tests.gateway.pool.work import job, work

pytestmark = pytest.mark.anyio

QUEUE_LENGTH = 8
SIZES = [0, 1, 65_535, 65_536, 1_000_000, 5_000_000]
KINDS = ["slots", "processes", "cluster"]
UNKEPT = "An executor from the standard library cannot"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


def make(request: pytest.FixtureRequest, kind: str) -> Pool:
    if kind == "cluster":
        cluster: Cluster = request.getfixturevalue("cluster")
        return cluster.pool(QUEUE_LENGTH)
    if kind == "processes":
        return process_pool(
            slots=1,
            queue_length=QUEUE_LENGTH,
            memory_limit_bytes=4_000_000_000,
            work=work,
            preload=("tests.gateway.pool.work",),
        )
    return SlotPool(
        slots=1, queue_length=QUEUE_LENGTH, quarantine=MemoryQuarantine(), work=work, preload=()
    )


@pytest.fixture(scope="module", params=KINDS)
async def pool(request: pytest.FixtureRequest) -> AsyncIterator[Pool]:
    pool = make(request, request.param)
    await pool.start()
    await until(lambda: pool.ready)
    yield pool
    await pool.stop(grace_seconds=5)


@pytest.fixture
def killing_pool(pool: Pool) -> Pool:
    """A pool that can end one job alone."""
    if isinstance(pool, ExecutorPool):
        pytest.skip(f"{UNKEPT} end one job, nor tell whose process died.")
    return pool


@pytest.fixture
def telling_pool(pool: Pool) -> Pool:
    """A pool that hears from a job before it ends."""
    if isinstance(pool, ExecutorPool):
        pytest.skip(f"{UNKEPT} say how far a job has come.")
    return pool


async def test_an_answer_comes_back_with_its_files(pool: Pool) -> None:
    answer = await pool.run(job("echo", b"body", None, b"more"), deadline_seconds=LONG, owner="a")
    assert (answer.body, answer.media_type) == (b"body", "image/test")
    assert answer.files == (File("file 2", "image/2", b"more"),)


@pytest.mark.parametrize("size", SIZES)
async def test_bytes_survive_both_ways_whatever_their_number(pool: Pool, size: int) -> None:
    first, second = (bytes(range(251)) * (size // 251 + 1))[:size], b"y" * size
    answer = await give(pool, "echo", first, second)
    assert answer.body == first
    assert answer.files == (File("file 1", "image/1", second),)


async def test_files_are_read_and_results_written_where_the_gateway_has_them(
    pool: Pool, tmp_path: Path
) -> None:
    (tmp_path / "video").write_bytes(os.urandom(9_000_000))
    (tmp_path / "before").write_bytes(b"before")
    answer = await give(pool, "copy", tmp_path / "video", tmp_path)
    assert answer.body == b"before"
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "video").read_bytes()


async def test_many_jobs_at_once_get_each_its_own_answer(pool: Pool) -> None:
    pictures = [b"%d" % i * (1 + 40_000 * (i % 3)) for i in range(QUEUE_LENGTH)]
    answers = await asyncio.gather(*(give(pool, "echo", picture) for picture in pictures))
    assert [answer.body for answer in answers] == pictures


async def test_a_refusal_comes_back_as_itself(pool: Pool) -> None:
    with pytest.raises(BadParameter) as raised:
        await give(pool, "refuse")
    assert raised.value.message == "size is 3; expected 1 or 2."
    assert raised.value.errors == ("one", "two")


async def test_a_fault_comes_back_with_its_place_and_without_its_text(pool: Pool) -> None:
    with pytest.raises(WorkFailed) as raised:
        await give(pool, "fail")
    _, line = inspect.getsourcelines(pool_work._fail)
    (note,) = raised.value.__notes__
    assert note.endswith(f"{pool_work.__file__}:{line + 1} in _fail\nZeroDivisionError")
    assert "secret" not in note + raised.value.message


@pytest.mark.parametrize("engine", ["fail unpicklably", "answer with text", "no such engine"])
async def test_what_cannot_be_sent_back_harms_nobody(pool: Pool, engine: str) -> None:
    with pytest.raises(WorkFailed):
        await give(pool, engine)
    assert (await give(pool, "echo", b"well")).body == b"well"


async def test_a_full_queue_says_when_to_ask_again(pool: Pool, tmp_path: Path) -> None:
    jobs = [await block(pool, tmp_path / "go")]
    while pool.snapshot().queued < QUEUE_LENGTH:
        jobs.append(give(pool, "echo"))
        await asyncio.sleep(0)
    with pytest.raises(QueueFull) as raised:
        await give(pool, "echo")
    assert (raised.value.retry_after_seconds or 0) >= 1
    (tmp_path / "go").touch()
    await asyncio.gather(*jobs)


async def test_of_a_job_is_told_once_how_long_it_waited_and_was_computed(
    pool: Pool, tmp_path: Path
) -> None:
    told: list[tuple[str, Timing]] = []
    jobs = [await block(pool, tmp_path / "go")]
    jobs += [give(pool, "echo", observe=lambda *one: told.append(one)) for _ in range(3)]
    await until(lambda: pool.snapshot().queued >= 2)
    (tmp_path / "go").touch()
    await asyncio.gather(*jobs)
    waits = [timing.queue_seconds for _, timing in told]
    assert [engine for engine, _ in told] == ["echo"] * 3
    assert min(waits) > 0
    assert all(timing.engine_seconds is not None for _, timing in told)


async def test_of_a_job_whose_turn_never_came_is_told_that_no_engine_had_it(
    pool: Pool, tmp_path: Path
) -> None:
    told: list[Timing] = []
    jobs = [await block(pool, tmp_path / "go"), give(pool, "echo")]
    waiting = give(pool, "echo", observe=lambda _, timing: told.append(timing))
    await until(lambda: pool.snapshot().queued >= 1)
    waiting.cancel()
    (tmp_path / "go").touch()
    await asyncio.gather(waiting, *jobs, return_exceptions=True)
    assert [timing.engine_seconds for timing in told] == [None]


async def test_callers_take_turns_and_each_ones_jobs_keep_their_order(
    pool: Pool, tmp_path: Path
) -> None:
    jobs = [await block(pool, tmp_path / "go", owner="a")]
    for name in ("a1", "a2", "a3", "a4", "b1", "b2"):
        jobs.append(give(pool, "note", name.encode(), path=str(tmp_path / "n"), owner=name[0]))
        await asyncio.sleep(0)
    (tmp_path / "go").touch()
    await asyncio.gather(*jobs)
    order = (tmp_path / "n").read_text().split()
    assert [name for name in order if name < "b"] == ["a1", "a2", "a3", "a4"]
    assert order.index("b1") < order.index("b2") < order.index("a4")


async def test_a_late_comer_does_not_overtake(pool: Pool, tmp_path: Path) -> None:
    async def three_in_a_row(name: str) -> None:
        for i in range(3):
            told = job("note", b"%s%d" % (name.encode(), i), path=str(tmp_path / "n"))
            await pool.run(told, deadline_seconds=LONG, owner="same")

    await asyncio.gather(*(three_in_a_row(name) for name in "abcd"))
    order = (tmp_path / "n").read_text().split()
    rounds = [order[begin : begin + 4] for begin in (0, 4, 8)]
    # Answers that come together may be told in any order, so that the next jobs do as well.
    assert [{*one} for one in rounds] == [{f"{name}{i}" for name in "abcd"} for i in range(3)]


async def test_the_job_of_a_client_that_left_is_not_computed(pool: Pool, tmp_path: Path) -> None:
    blocking = await block(pool, tmp_path / "go")
    jobs = [give(pool, "note", b"%d" % i, path=str(tmp_path / "n")) for i in range(4)]
    await until(lambda: pool.snapshot().queued >= 3)
    jobs[2].cancel()
    (tmp_path / "go").touch()
    await asyncio.gather(blocking, *jobs, return_exceptions=True)
    assert (tmp_path / "n").read_text().split() == ["0", "1", "3"]


async def test_a_job_over_its_deadline_is_answered(pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(JobTimedOut):
        await give(pool, "wait", path=str(tmp_path / "go"), deadline_seconds=0.1)
    (tmp_path / "go").touch()
    assert (await give(pool, "echo", b"next")).body == b"next"


async def test_a_pool_full_of_jobs_that_never_end_recovers(pool: Pool) -> None:
    with pytest.raises(JobTimedOut):
        await give(pool, "spin", deadline_seconds=0.1)
    assert (await give(pool, "echo", b"next")).body == b"next"


async def test_a_job_whose_process_died_is_tried_again(pool: Pool, tmp_path: Path) -> None:
    retries = pool.snapshot().retries
    assert (await give(pool, "crash once", path=str(tmp_path / "x"))).body == b"survived"
    assert pool.snapshot().retries == retries + 1


async def test_a_job_that_kills_again_is_given_up(pool: Pool) -> None:
    with pytest.raises(SlotCrashed) as raised:
        await give(pool, "crash", b"kills again")
    assert raised.value.retry_after_seconds
    assert (await give(pool, "echo", b"next")).body == b"next"


async def test_a_killed_job_costs_its_neighbours_nothing(
    killing_pool: Pool, tmp_path: Path
) -> None:
    retries = killing_pool.snapshot().retries
    hung = give(killing_pool, "spin", deadline_seconds=0.2)
    behind = give(killing_pool, "note", b"once", path=str(tmp_path / "n"))
    outcomes = await asyncio.gather(hung, behind, return_exceptions=True)
    assert isinstance(outcomes[0], JobTimedOut)
    assert (tmp_path / "n").read_bytes() == b"once\n"
    assert killing_pool.snapshot().retries == retries


async def test_what_an_engine_reports_is_told_before_its_answer(
    telling_pool: Pool, tmp_path: Path
) -> None:
    (tmp_path / "go").touch()
    told = list[float]()
    await give(telling_pool, "report", path=str(tmp_path / "go"), progress=told.append)
    assert told == [0.5]


async def test_progress_may_be_asked_for_where_it_is_never_told(pool: Pool) -> None:
    told = list[float]()
    assert (await give(pool, "echo", b"x", progress=told.append)).body == b"x"
    assert told == []


async def test_done_jobs_are_counted(pool: Pool) -> None:
    done = pool.snapshot().done
    await asyncio.gather(*(give(pool, "echo") for _ in range(3)))
    assert pool.snapshot().done == done + 3
    assert pool.snapshot().queued == pool.snapshot().placed == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_a_pool_takes_no_work_before_its_start(
    request: pytest.FixtureRequest, kind: str
) -> None:
    pool = make(request, kind)
    assert not pool.ready
    with pytest.raises(ShuttingDown):
        await give(pool, "echo")
    await pool.stop(grace_seconds=0)


@pytest.mark.parametrize("kind", KINDS)
async def test_stop_waits_for_jobs_and_then_for_no_more(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path, clock: LoopClock
) -> None:
    pool = make(request, kind)
    await pool.start()
    await until(lambda: pool.ready)
    ending = await block(pool, tmp_path / "go", deadline_seconds=1000)
    hung = give(pool, "spin", deadline_seconds=1000)
    stopping = asyncio.create_task(pool.stop(grace_seconds=500))
    await until(lambda: not pool.ready)
    (tmp_path / "go").touch()
    assert (await ending).body == b"waited"
    assert not stopping.done()
    await clock.forward(500)
    await stopping
    with pytest.raises(ShuttingDown):
        await hung
