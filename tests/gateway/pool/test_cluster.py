"""What a pool of engine workers keeps when machines come, break and go."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from distributed.comm.core import connect
from structlog.testing import capture_logs

from gateway.errors import EnginesUnreachable, PictureRefused, SlotCrashed, WorkFailed
from gateway.pool import SlotPool
from gateway.pool.cluster import pool as cluster_pool
from gateway.pool.cluster import scheduler
from gateway.pool.cluster import worker as cluster_worker
from gateway.pool.cluster.files import ReceivedFiles
from gateway.pool.cluster.from_settings import security
from gateway.pool.cluster.pool import ClusterPool
from gateway.pool.cluster.worker import KEPT_REFUSALS, EngineWorker, ReportedQuarantine
from gateway.settings import Settings
from gateway.store.scratch import Scratch
from gateway.version import VERSION
from tests.gateway.pool.cluster import Cluster, certificates, kill, running_cluster
from tests.gateway.pool.running import LoopClock, block, give, until
from tests.gateway.pool.work import work

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=0) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared: Cluster) -> Cluster:
    """A scheduler that has, or will have, one worker."""
    shared.keep_one()
    return shared


@asynccontextmanager
async def used(cluster: Cluster, *, slots: int = 1, **settings: Any) -> AsyncIterator[ClusterPool]:
    """A started pool to which the slots have come."""
    pool = cluster.pool(**settings)
    await pool.start()
    try:
        await until(lambda: pool.snapshot().slots >= slots)
        yield pool
    finally:
        await pool.stop(grace_seconds=0)


async def test_a_job_of_a_worker_that_was_killed_is_computed_by_another(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with used(cluster) as pool:
        begun = await block(pool, tmp_path / "go")
        behind = give(pool, "note", b"once", path=str(tmp_path / "n"))
        await until(lambda: pool.snapshot().placed == 2)
        kill(cluster.workers[0])
        cluster.add_worker()
        (tmp_path / "go").touch()
        assert (await begun).body == b"waited"
        await behind
        assert (tmp_path / "n").read_bytes() == b"once\n"
        assert pool.snapshot().retries == 1


async def test_a_job_that_two_workers_died_over_is_given_up(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with used(cluster) as pool:
        begun = await block(pool, tmp_path / "never")
        (tmp_path / "never.begun").unlink()
        kill(cluster.workers[0])
        second = cluster.add_worker()
        await until((tmp_path / "never.begun").exists)
        kill(second)
        with pytest.raises(SlotCrashed):
            await begun


async def test_a_process_that_dies_after_its_worker_died_is_not_forgiven(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with used(cluster) as pool:
        doomed = await block(pool, tmp_path / "go", engine="wait and crash")
        kill(cluster.workers[0])
        cluster.add_worker()
        (tmp_path / "go").touch()
        with pytest.raises(SlotCrashed):
            await doomed
        assert pool.snapshot().retries == 2
        with pytest.raises(PictureRefused):
            await give(pool, "wait and crash", path=str(tmp_path / "go"))


async def test_a_job_behind_a_long_one_is_computed_where_a_worker_idles(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with used(cluster) as pool:
        blocking = await block(pool, tmp_path / "go")
        behind = give(pool, "note", b"once", path=str(tmp_path / "n"))
        await until(lambda: pool.snapshot().placed == 2)
        cluster.add_worker()
        await behind
        (tmp_path / "go").touch()
        await blocking
        assert (tmp_path / "n").read_bytes() == b"once\n"
        assert pool.snapshot().retries == 0


async def test_a_caller_who_leaves_takes_his_job_out_of_the_worker_where_it_waits(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with used(cluster) as pool:
        blocking = await block(pool, tmp_path / "go")
        waiting = give(pool, "note", b"left", path=str(tmp_path / "n"))
        await until(lambda: pool.snapshot().placed == 2)
        waiting.cancel()
        await until(lambda: pool.snapshot().placed == 1)
        (tmp_path / "go").touch()
        await blocking
        await give(pool, "note", b"next", path=str(tmp_path / "n"))
        assert (tmp_path / "n").read_bytes() == b"next\n"


async def test_what_a_worker_would_refuse_its_gateways_refuse(cluster: Cluster) -> None:
    async with used(cluster) as pool:
        with pytest.raises(SlotCrashed):
            await give(pool, "crash", b"kills")
        # By the gateway that saw the end of it, and again by the worker's word.
        await until(lambda: len(cluster.quarantine.refused) == 2)
        assert len(set(cluster.quarantine.refused)) == 1
        with pytest.raises(PictureRefused):
            await give(pool, "crash", b"kills")


async def test_jobs_go_on_while_the_scheduler_is_away_and_workers_join_when_it_is_back(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with used(cluster) as pool:
        begun = await block(pool, tmp_path / "go")
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        (tmp_path / "go").touch()
        assert (await begun).body == b"waited"
        assert (await give(pool, "echo", b"on")).body == b"on"
        cluster.start_scheduler()
        cluster.add_worker()
        await until(lambda: pool.snapshot().slots == 2)


async def test_a_worker_whose_scheduler_is_nowhere_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_worker, "LISTED_SECONDS", 0.1)
    quarantine, ending = ReportedQuarantine(), asyncio.Event()
    with capture_logs() as logged:
        worker = EngineWorker(
            "tcp://127.0.0.1:1",
            SlotPool(slots=1, queue_length=1, quarantine=quarantine, work=work, preload=()),
            quarantine,
            slots=1,
            labels=(),
            files=ReceivedFiles(Scratch(tmp_path)),
            security=security(Settings()),
        )
        running = asyncio.create_task(worker.run(ending, drain_seconds=1))
        await until(lambda: "scheduler is away" in {one["event"] for one in logged})
        ending.set()
        await running


async def test_workers_are_listed_again_when_the_scheduler_is_back(cluster: Cluster) -> None:
    async with used(cluster):
        cluster.scheduler.kill()
        cluster.scheduler.wait()
    cluster.start_scheduler()
    async with used(cluster) as pool:
        assert (await give(pool, "echo", b"again")).body == b"again"


async def test_without_a_worker_a_job_is_told_to_come_again(tmp_path: Path) -> None:
    with running_cluster(tmp_path, workers=0) as cluster:
        async with used(cluster, slots=0) as pool:
            with pytest.raises(EnginesUnreachable) as raised:
                await give(pool, "echo")
            assert raised.value.retry_after_seconds
            assert not pool.ready
            cluster.add_worker()
            await until(lambda: pool.ready)
            assert (await give(pool, "echo", b"now")).body == b"now"


async def test_a_worker_that_is_told_to_end_ends_its_jobs_first(
    cluster: Cluster, tmp_path: Path
) -> None:
    picture = os.urandom(20_000_000)
    async with used(cluster) as pool:
        begun = await block(pool, tmp_path / "go", picture, engine="wait and echo")
        cluster.workers[0].terminate()
        await until(lambda: not pool.ready)
        (tmp_path / "go").touch()
        assert (await begun).body == picture
        assert await asyncio.to_thread(cluster.workers[0].wait) == 0
        assert pool.snapshot().retries == pool.snapshot().crashes == 0


async def test_a_silent_worker_is_given_up(cluster: Cluster, tmp_path: Path) -> None:
    async with used(cluster) as pool:
        begun = await block(pool, tmp_path / "go")
        cluster.workers[0].send_signal(signal.SIGSTOP)
        cluster.add_worker()
        await until(lambda: pool.snapshot().retries)
        (tmp_path / "go").touch()
        assert (await begun).body == b"waited"
        kill(cluster.workers[0])


async def test_a_job_over_which_two_workers_fell_silent_is_not_to_blame(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with used(cluster) as pool:
        begun = await block(pool, tmp_path / "go")
        (tmp_path / "go.begun").unlink()
        cluster.workers[0].send_signal(signal.SIGSTOP)
        second = cluster.add_worker()
        await until((tmp_path / "go.begun").exists)
        second.send_signal(signal.SIGSTOP)
        with pytest.raises(SlotCrashed):
            await begun
        for worker in cluster.workers:
            kill(worker)
        cluster.add_worker()
        (tmp_path / "go").touch()
        await until(lambda: pool.ready)
        again = await give(pool, "wait", path=str(tmp_path / "go"))
        assert (again.body, cluster.quarantine.refused) == (b"waited", [])


async def test_a_worker_keeps_few_of_the_jobs_that_it_would_refuse() -> None:
    reported = ReportedQuarantine()
    for place in range(KEPT_REFUSALS + 5):
        await reported.refuse(str(place), 600)
    last = [str(place) for place in range(5, KEPT_REFUSALS + 5)]
    assert [*reported.since(0)] == last
    assert [*reported.since(reported.count - 2)] == last[-2:]
    assert reported.since(reported.count) == {}


async def test_a_gateway_that_stood_still_itself_gives_no_worker_up(
    cluster: Cluster, clock: LoopClock
) -> None:
    async with used(cluster) as pool:
        await clock.forward(100)
        assert (await give(pool, "echo", b"on")).body == b"on"
        assert pool.snapshot().crashes == 0


async def test_the_scheduler_sees_no_picture(tmp_path: Path) -> None:
    picture = os.urandom(4_000_000)
    with running_cluster(tmp_path, workers=0) as cluster:
        async with counting_relay(cluster) as passed:
            cluster.add_worker()
            async with used(cluster) as pool:
                for _ in range(50):
                    assert (await give(pool, "echo", picture)).body == picture
            assert 0 < sum(passed) < len(picture) / 4


async def test_a_file_that_was_sent_is_sent_again_only_when_it_changes(tmp_path: Path) -> None:
    video = tmp_path / "video"
    with running_cluster(tmp_path) as cluster:
        async with used(cluster) as pool:
            video.write_bytes(b"one")
            for folder in (tmp_path / "first", tmp_path / "second"):
                folder.mkdir()
                await give(pool, "copy", video, folder)
            video.write_bytes(b"other")
            await give(pool, "copy", video, folder)
            assert (folder / "copy").read_bytes() == b"other"
            sent = [one.read_bytes() for one in cluster.scratch.glob("*/*/*")]
            assert sorted(sent) == [b"one", b"one", b"other"], "the second is the folder's copy"


async def test_a_file_that_is_gone_fails_its_job_alone(cluster: Cluster, tmp_path: Path) -> None:
    async with used(cluster) as pool:
        with pytest.raises(WorkFailed):
            await give(pool, "copy", tmp_path / "gone", tmp_path)
        assert pool.snapshot().crashes == 0


async def test_an_engine_with_a_label_is_computed_where_the_label_is(cluster: Cluster) -> None:
    labelled = cluster.add_worker("heavy")
    async with used(cluster, slots=2, worker_labels="pid:heavy") as pool:
        pids = await asyncio.gather(*(give(pool, "pid") for _ in range(6)))
        children = {child.pid for child in psutil.Process(labelled.pid).children(recursive=True)}
        assert {int(answer.body) for answer in pids} <= children


async def test_a_job_whose_label_is_busy_holds_no_other_up(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.add_worker("heavy")
    async with used(cluster, slots=2, worker_labels="wait:heavy") as pool:
        waiting = [give(pool, "wait", path=str(tmp_path / "go")) for _ in range(4)]
        await until(lambda: pool.snapshot().queued == 2)
        assert (await give(pool, "echo", b"light")).body == b"light"
        (tmp_path / "go").touch()
        await asyncio.gather(*waiting)


async def test_a_worker_of_another_version_is_not_used_and_the_log_says_so_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with used(cluster):
        monkeypatch.setattr(scheduler, "VERSION", "0.0.1")
        monkeypatch.setattr(cluster_pool, "LOOK_SECONDS", 0.01)
        with capture_logs() as logs:
            async with used(cluster, slots=0) as pool:
                await until(lambda: any("another version" in one["event"] for one in logs))
                with pytest.raises(EnginesUnreachable):
                    await give(pool, "echo")
    assert [one["version"] for one in logs if "another version" in one["event"]] == [VERSION]


async def test_with_certificates_only_who_has_one_of_the_authority_is_heard(
    tmp_path: Path,
) -> None:
    (tmp_path / "other").mkdir()
    other = security(Settings(**certificates(tmp_path / "other")))  # type: ignore[arg-type]
    with running_cluster(tmp_path, tls=certificates(tmp_path)) as cluster:
        async with used(cluster) as pool:
            assert (await give(pool, "echo", b"safe")).body == b"safe"
            for place in (*pool._members, f"tls://127.0.0.1:{cluster.port}"):
                with pytest.raises(OSError, match=r"timed out|closed|Timed out"):
                    await connect(place.replace("tls:", "tcp:"), timeout=1)
                with pytest.raises(OSError, match=r"certificate|closed|Timed out"):
                    await connect(place, timeout=1, **other.get_connection_args("client"))


@asynccontextmanager
async def counting_relay(cluster: Cluster) -> AsyncIterator[list[int]]:
    """Stand between the scheduler and all that reach it from now on; count what passes."""
    passed, scheduler_port = list[int](), cluster.port

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            passed.append(len(data))
            writer.write(data)
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            ours = await asyncio.open_connection("127.0.0.1", scheduler_port)
            await asyncio.gather(carry(reader, ours[1]), carry(ours[0], writer))
        writer.close()

    async with await asyncio.start_server(relay, "127.0.0.1") as server:
        cluster.port = server.sockets[0].getsockname()[1]
        yield passed
