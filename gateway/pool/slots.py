"""The embedded pool: engine processes that can be killed one at a time."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack

import structlog

from engines.core.run import Answer, Job, run
from engines.process.preparation import prepare
from engines.process.shared_memory import PLACES, SharedMemory, create_file
from engines.process.slot import Setup, Work
from engines.process.wire_format import pack_job
from gateway.errors import ShuttingDown, SlotCrashed
from gateway.limits.quarantine import Quarantine
from gateway.pool.contract import Observe, Progress, Snapshot, ignore, overlook
from gateway.pool.fork_server import EXIT_SECONDS, PRELOAD, ForkServer, slot_environment
from gateway.pool.job_queue import JobQueue
from gateway.pool.pending_job import PendingJob, broke_down_again
from gateway.pool.screening import Screening
from gateway.pool.slot import Ending, Entry, Slot

log = structlog.get_logger()

START_SECONDS = 60
FIRST_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 10
OVERDUE_SECONDS = 0.1
"""A job that waited so long behind another is taken back when a place elsewhere is free."""


class SlotPool:
    """N engine processes and a warm spare; see `Pool` for what it promises.

    Args:
        slots: processes that compute at the same time.
        queue_length: jobs that may wait beside those that lie in processes.
        quarantine: remembers the jobs that killed two processes.
        work: what turns a job into an answer; an importable function.
        preload: what the processes import before they are forked, see `Setup`.
        prepare: called in each process before it takes jobs.
        max_pixels: the most that OpenCV decodes, whatever a picture's head says.
        fork_server: one that loads already, in an environment of such `max_pixels`.
        sleep: how the pauses are made after processes that did not last.
    """

    def __init__(
        self,
        *,
        slots: int,
        queue_length: int,
        quarantine: Quarantine,
        work: Work = run,
        preload: Sequence[str] = PRELOAD,
        prepare: Callable[[], None] = prepare,
        max_jobs: int = 5000,
        max_rss_bytes: int = 800_000_000,
        memory_limit_bytes: int = 4_000_000_000,
        max_pixels: int = 100_000_000,
        fork_server: ForkServer | None = None,
        warm_spares: int = 1,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._setup = Setup(
            work, tuple(preload), prepare, max_jobs, max_rss_bytes, memory_limit_bytes
        )
        self._fork_server = fork_server or ForkServer(slot_environment(max_pixels))
        self._slot_count = slots
        self._spare_count = warm_spares
        self._queue = JobQueue(queue_length)
        self._screening = Screening(quarantine)
        self._sleep = sleep
        self._active: list[Slot] = []
        self._spares: list[Slot] = []
        self._leaving: set[Slot] = set()
        self._dying: set[asyncio.Future[None]] = set()
        self._starting: set[asyncio.Task[Slot]] = set()
        self._blaming: set[asyncio.Task[None]] = set()
        self._stillborn = 0
        self._counts: Counter[str] = Counter()
        self._is_open = False
        self._is_ending = False
        self._all_warm = asyncio.Event()

    @property
    def ready(self) -> bool:
        return self._is_open and bool(self._active)

    async def start(self) -> None:
        self._settle()
        await self._all_warm.wait()
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
        await self._screening.check(job)
        return await self.compute(
            PendingJob(job, pack_job(job), owner, deadline_seconds, progress), observe
        )

    async def compute(self, pending: PendingJob, observe: Observe = overlook) -> Answer:
        """Compute a job that may have waited elsewhere, or crashed there; see `run`."""
        if not self._is_open:
            raise ShuttingDown("The service takes no work at the moment.", retry_after_seconds=1)
        self._queue.join(pending)
        self._dispatch()
        try:
            return await pending.future
        except asyncio.CancelledError:
            if not self._queue.leave(pending):
                pending.withdraw()
            raise
        except SlotCrashed:
            await self._screening.refuse(pending.job)
            raise
        finally:
            observe(pending.job.engine, pending.timing())
            del pending  # It holds the error, which holds this frame: the pictures would linger.

    async def stop(self, *, grace_seconds: float) -> None:
        self._is_open = False
        waiting = [pending.future for pending in self._pending_jobs() if not pending.is_done]
        if waiting:
            await asyncio.wait(waiting, timeout=grace_seconds)
        self._is_ending = True
        for pending in self._pending_jobs():
            self._queue.leave(pending)
            pending.fail(ShuttingDown("The service is ending.", retry_after_seconds=1))
        unfinished = [*self._starting, *self._blaming]
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        for slot in [*self._active, *self._spares, *self._leaving]:
            slot.end(Ending.STOPPED)
        if self._dying:
            await asyncio.wait(self._dying, timeout=EXIT_SECONDS)
        self._fork_server.kill()

    def snapshot(self) -> Snapshot:
        return Snapshot(
            pids=tuple(slot.pid for slot in self._active),
            spare_pids=tuple(slot.pid for slot in self._spares),
            busy=sum(slot.load > 0 for slot in (*self._active, *self._leaving)),
            queued=len(self._queue),
            placed=sum(slot.load for slot in (*self._active, *self._leaving)),
            done=self._counts["done"],
            retries=self._counts["retries"],
            kills=self._counts[Ending.EXPIRED],
            crashes=self._counts[Ending.CRASHED],
            retired=self._counts[Ending.RETIRED],
        )

    def _dispatch(self) -> None:
        """Lay jobs into slots as long as there are both; the first in the queue comes first."""
        while (pending := self._queue.first()) is not None:
            slot = min(self._active, key=lambda slot: slot.load, default=None)
            if slot is None or slot.load >= (1 if pending.needs_idle_slot else PLACES):
                return
            slot.give(self._queue.pop())

    def _take_back(self) -> None:
        """Return to the queue what lies behind a long job, now that there is a place elsewhere."""
        waiting = [entry for slot in self._active if (entry := slot.waiting()) is not None]
        if not waiting:
            return
        longest = min(waiting, key=lambda entry: entry.since)
        would_idle = not self._queue and any(slot.load == 0 for slot in self._active)
        since = asyncio.get_running_loop().time() - longest.since
        if would_idle or since > OVERDUE_SECONDS:
            longest.pending.withdraw()
            self._queue.put_back(longest.pending)

    def _pending_jobs(self) -> list[PendingJob]:
        lying = [
            entry.pending for slot in (*self._active, *self._leaving) for entry in slot.entries
        ]
        return [*self._queue, *lying]

    def _settle(self) -> None:
        """Bring the slots to their number: spares step in, and new processes are started."""
        if self._is_ending:
            return
        while self._spares and len(self._active) < self._slot_count:
            self._active.append(self._spares.pop(0))
        for worn in [slot for slot in self._active if slot.is_worn][: len(self._spares)]:
            self._replace(worn)
        there = len(self._active) + len(self._spares) + len(self._starting)
        for _ in range(self._slot_count + self._spare_count - there):
            task = asyncio.create_task(self._bring_up())
            self._starting.add(task)
            task.add_done_callback(self._brought_up)
        if len(self._active) == self._slot_count:
            self._all_warm.set()
        self._dispatch()

    def _replace(self, worn: Slot) -> None:
        """Let a warm spare take a slot's place; what lies in the slot is still computed."""
        self._active[self._active.index(worn)] = self._spares.pop(0)
        self._leaving.add(worn)
        if not worn.entries:
            worn.end(Ending.RETIRED)

    async def _bring_up(self) -> Slot:
        """Start a process, however often it takes; slowly, if those before died at once."""
        if deaths := self._stillborn // (self._slot_count + self._spare_count):
            await self._sleep(_pause_seconds(deaths))
        failures = 0
        while (slot := await self._launch()) is None:
            failures += 1
            pause = _pause_seconds(failures)
            log.error("engine process did not come up", retry_seconds=pause)
            await self._sleep(pause)
        return slot

    def _brought_up(self, task: asyncio.Task[Slot]) -> None:
        self._starting.discard(task)
        if not task.cancelled():
            if task.result().is_alive:
                self._spares.append(task.result())
            self._settle()

    async def _launch(self) -> Slot | None:
        """Start one process and wait until it is warm; None if it does not get there."""
        try:
            slot = await self._fork()
        except OSError as error:
            log.error("engine process cannot be started", reason=error.strerror)
            return None
        is_warm = False
        try:
            is_warm = await asyncio.wait_for(asyncio.shield(slot.warm), START_SECONDS)
        except TimeoutError:
            if not slot.pid:
                # What is not born can be ended only with the fork server, which takes all along.
                self._fork_server.kill()
        finally:
            if not is_warm:
                slot.end(Ending.STOPPED)
        return slot if is_warm else None

    async def _fork(self) -> Slot:
        """Ask for a process and listen to it; what fails half-way leaves nothing open."""
        with ExitStack() as passed_on, ExitStack() as kept:
            ours, theirs = socket.socketpair()
            kept.callback(ours.close)
            passed_on.callback(theirs.close)
            fd = create_file()
            passed_on.callback(os.close, fd)
            slot = Slot(self, SharedMemory(fd))
            kept.callback(slot.end, Ending.STOPPED)
            self._fork_server.fork(self._setup, theirs, fd)
            loop = asyncio.get_running_loop()
            await loop.create_unix_connection(lambda: slot, sock=ours)
            kept.pop_all()
        return slot

    def slot_answered(self, slot: Slot, *, is_skipped: bool) -> None:
        self._counts["done"] += not is_skipped
        self._stillborn = 0
        if slot in self._leaving:
            if not slot.entries:
                slot.end(Ending.RETIRED)
        elif slot.is_worn:
            self._settle()
        else:
            self._take_back()
            self._dispatch()

    def slot_lost(self, slot: Slot, entries: Sequence[Entry], ending: Ending) -> None:
        """Take a slot out, and put back what lay in it; only what had begun is to blame."""
        self._counts[ending] += 1
        self._stillborn += slot.is_new
        self._dying.add(slot.gone)
        slot.gone.add_done_callback(self._dying.discard)
        for entry in reversed(entries):
            is_suspect = slot.has_begun(entry)
            if not entry.is_void and not entry.pending.is_done:
                self._put_back(entry.pending, is_suspect=is_suspect)
            elif is_suspect and ending is Ending.CRASHED:
                task = asyncio.create_task(self._screening.blame(entry.pending.job))
                self._blaming.add(task)
                task.add_done_callback(self._blaming.discard)
        self._leaving.discard(slot)
        for slots in (self._active, self._spares):
            if slot in slots:
                slots.remove(slot)
        self._settle()

    def _put_back(self, pending: PendingJob, *, is_suspect: bool) -> None:
        pending.withdraw()
        pending.needs_idle_slot = True
        pending.crashes += is_suspect
        if pending.crashes > 1:
            pending.fail(broke_down_again())
            return
        self._counts["retries"] += is_suspect
        self._queue.put_back(pending)


def _pause_seconds(failures: int) -> float:
    """Twice as long after each failure."""
    return min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))
