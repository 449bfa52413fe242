"""A pool over any `concurrent.futures.Executor`, for those who want nothing of ours."""

import asyncio
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import suppress
from functools import partial

import structlog

from auth.threads import Threads
from engines.core.run import Answer, Job, run
from engines.process.preparation import prepare
from engines.process.slot import Work, attempt, begin
from engines.process.wire_format import Outcome, pack_job
from gateway.errors import JobTimedOut, ShuttingDown, SlotCrashed
from gateway.pool.contract import Observe, Progress, Snapshot, ignore, overlook
from gateway.pool.fork_server import PRELOAD
from gateway.pool.job_queue import JobQueue
from gateway.pool.pending_job import PendingJob, broke_down_again

log = structlog.get_logger()


class ExecutorPool:
    """Jobs in somebody else's processes; none of them can be stopped alone.

    A job over its deadline is answered, but computes on and keeps its place. A process that
    dies takes all running jobs with it; each of them is tried once more. Progress is never told.

    Args:
        executor: what computes.
        slots: jobs that are given to it at the same time.
        queue_length: jobs that may wait beside those.
        work: what turns a job into an answer; an importable function.
        renew: makes another executor after one broke, or when every place is held by a job over
            its deadline; without it such a pool stays broken.
        kill: ends the processes of an executor that does not end by itself.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        slots: int,
        queue_length: int,
        work: Work = run,
        renew: Callable[[], Executor] | None = None,
        kill: Callable[[], None] | None = None,
    ) -> None:
        self._executor = executor
        self._slots = slots
        self._queue = JobQueue(queue_length)
        self._work = work
        self._make_executor = renew
        self._kill = kill
        self._thread = Threads(1)
        self._running: dict[asyncio.Future[Outcome], PendingJob] = {}
        self._timers: dict[PendingJob, asyncio.TimerHandle] = {}
        self._overdue: set[PendingJob] = set()
        self._done = self._retries = self._crashes = 0
        self._is_open = False

    @property
    def ready(self) -> bool:
        return self._is_open

    async def start(self) -> None:
        # An executor starts its processes when it is given something, and blocks meanwhile.
        await self._thread.run(self._warm)
        self._is_open = True

    async def run(
        self,
        job: Job,
        *,
        deadline_seconds: float,
        owner: str,
        progress: Progress = ignore,
        observe: Observe = overlook,
    ) -> Answer:
        if not self._is_open:
            raise ShuttingDown("The service takes no work at the moment.", retry_after_seconds=1)
        # Packed only to find out here, where it harms nobody else, whether it can be sent.
        pending = PendingJob(job, pack_job(job), owner, deadline_seconds)
        self._queue.join(pending)
        self._dispatch()
        try:
            return await pending.future
        except asyncio.CancelledError:
            self._queue.leave(pending)
            raise
        finally:
            observe(job.engine, pending.timing())
            del pending  # It holds the error, which holds this frame: the pictures would linger.

    async def stop(self, *, grace_seconds: float) -> None:
        self._is_open = False
        pending_jobs = [*self._queue, *self._running.values()]
        waiting = [pending.future for pending in pending_jobs if not pending.is_done]
        if waiting:
            await asyncio.wait(waiting, timeout=grace_seconds)
        for pending in [*self._queue]:
            self._queue.leave(pending)
        for pending in pending_jobs:
            pending.fail(ShuttingDown("The service is ending.", retry_after_seconds=1))
        if self._running and self._kill is not None:
            self._kill()
        await self._thread.run(self._executor.shutdown, cancel_futures=True)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            busy=len(self._running),
            queued=len(self._queue),
            placed=len(self._running),
            done=self._done,
            retries=self._retries,
            crashes=self._crashes,
        )

    def _warm(self) -> None:
        for future in [self._executor.submit(_nothing) for _ in range(self._slots)]:
            future.result()

    def _dispatch(self) -> None:
        while len(self._queue) and len(self._running) < self._slots:
            self._submit(self._queue.pop())

    def _submit(self, pending: PendingJob) -> None:
        try:
            future = asyncio.wrap_future(self._hand_over(pending.job))
        except BrokenExecutor:
            pending.fail(_broken())
            return
        self._running[future] = pending
        loop = asyncio.get_running_loop()
        pending.begun_at = loop.time()
        self._timers[pending] = loop.call_later(pending.deadline_seconds, self._expire, pending)
        future.add_done_callback(partial(self._ended, self._executor))

    def _hand_over(self, job: Job) -> Future[Outcome]:
        """Give a job to the executor, or to another if that one broke since the last job."""
        try:
            return self._executor.submit(_compute, self._work, job)
        except BrokenExecutor:
            self._renew(self._executor)
            return self._executor.submit(_compute, self._work, job)

    def _ended(self, executor: Executor, future: asyncio.Future[Outcome]) -> None:
        pending = self._running.pop(future)
        self._timers.pop(pending).cancel()
        self._overdue.discard(pending)
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            self._done += 1
            pending.settle(future.result())
        elif isinstance(error, BrokenExecutor):
            self._renew(executor)
            self._try_again(pending)
        else:
            pending.fail(error if isinstance(error, Exception) else _broken())
        self._dispatch()

    def _expire(self, pending: PendingJob) -> None:
        pending.fail(
            JobTimedOut(f"The computation did not end within {pending.deadline_seconds:g} s.")
        )
        log.warning("job over its deadline", engine=pending.job.engine)
        self._overdue.add(pending)
        if len(self._overdue) >= self._slots:
            self._renew(self._executor)

    def _renew(self, broken: Executor) -> None:
        """Put another executor in the place of one; only the first to ask does."""
        if self._executor is not broken or self._make_executor is None:
            return
        self._crashes += 1
        log.error("executor replaced")
        if self._kill is not None:
            self._kill()
        broken.shutdown(wait=False)
        self._executor = self._make_executor()

    def _try_again(self, pending: PendingJob) -> None:
        pending.crashes += 1
        if pending.crashes > 1:
            pending.fail(broke_down_again())
        elif self._make_executor is None:
            pending.fail(_broken())
        elif not pending.is_done and self._is_open:
            self._retries += 1
            self._queue.put_back(pending)


def process_pool(
    *,
    slots: int,
    queue_length: int,
    memory_limit_bytes: int,
    work: Work = run,
    preload: Sequence[str] = PRELOAD,
    prepare: Callable[[], None] = prepare,
) -> ExecutorPool:
    """A pool over the standard `ProcessPoolExecutor`, its processes forked by a server."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([name.partition(":")[0] for name in preload])

    def make() -> Executor:
        return ProcessPoolExecutor(
            slots, context, initializer=begin, initargs=(memory_limit_bytes, prepare)
        )

    return ExecutorPool(
        make(), slots=slots, queue_length=queue_length, work=work, renew=make, kill=_kill_children
    )


def _kill_children() -> None:
    for child in multiprocessing.active_children():
        with suppress(ProcessLookupError):
            child.kill()


def _nothing() -> None:
    """What a process is given so that it starts."""


def _compute(work: Work, job: Job) -> Outcome:
    return attempt(lambda: work(job))


def _broken() -> SlotCrashed:
    return SlotCrashed("The processes that compute broke down.", retry_after_seconds=1)
