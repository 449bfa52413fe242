"""A pool whose engine processes are those of workers on other machines."""

import asyncio
import math
import random
from collections import Counter
from collections.abc import Collection, Mapping
from functools import partial

import structlog
from distributed.security import Security

from engines.core.run import Answer, Job
from engines.process.shared_memory import PLACES
from engines.process.wire_format import Fault, GarbageFrame, pack_job
from gateway.errors import (
    EnginesUnreachable,
    GatewayError,
    JobTimedOut,
    ShuttingDown,
    SlotCrashed,
)
from gateway.limits.quarantine import Quarantine
from gateway.pool.cluster.member import Given, Member, WorkerLost
from gateway.pool.cluster.messages import SILENCE_SECONDS, Card, Message, Reply
from gateway.pool.cluster.scheduler import RETRY_SECONDS, Scheduler, is_ours
from gateway.pool.contract import Observe, Progress, Snapshot, ignore, overlook
from gateway.pool.job_queue import JobQueue
from gateway.pool.pending_job import PendingJob, broke_down_again, work_failed
from gateway.pool.screening import Screening

log = structlog.get_logger()

LOOK_SECONDS = 1.0
"""So often is the scheduler asked which workers there are."""
OVERDUE_SECONDS = 0.1
"""A job that waited so long in a worker is taken back when another worker would idle."""
ANY = ""


class ClusterPool:
    """Jobs in the slots of engine workers; see `Pool` for what it promises.

    The scheduler says which workers there are. Jobs go to them directly, and on those that are
    known they go on while the scheduler is away.

    Args:
        scheduler: Dask's address of it.
        queue_length: jobs that may wait beside those that lie in workers; as many again for each
            label.
        quarantine: remembers the jobs that killed two processes.
        labels: engines, each with the label of the workers that compute it.
    """

    def __init__(
        self,
        scheduler: str,
        *,
        queue_length: int,
        quarantine: Quarantine,
        labels: Mapping[str, str],
        security: Security,
    ) -> None:
        self._scheduler = scheduler
        self._security = security
        self._labels = labels
        self._queues = {label: JobQueue(queue_length) for label in (ANY, *labels.values())}
        self._quarantine = quarantine
        self._screening = Screening(quarantine)
        self._members: dict[str, Member] = {}
        self._watches: dict[str, asyncio.Task[None]] = {}
        self._others: Collection[str] = ()
        self._refusing: set[asyncio.Task[None]] = set()
        self._looking: asyncio.Task[None] | None = None
        self._looked = asyncio.Event()
        self._reaches_scheduler = True
        self._counts: Counter[str] = Counter()
        self._is_open = False

    @property
    def ready(self) -> bool:
        return self._is_open and any(not one.is_leaving for one in self._members.values())

    async def start(self) -> None:
        """Return when the scheduler was asked once, and the workers that it named are there."""
        self._looking = asyncio.create_task(self._keep_looking())
        await self._looked.wait()
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
        if not self._is_open:
            raise ShuttingDown("The service takes no work at the moment.", retry_after_seconds=1)
        label = self._labels.get(job.engine, ANY)
        if not any(_takes(member, label) for member in self._members.values()):
            raise EnginesUnreachable(
                "No engine that computes this is within reach just now.",
                retry_after_seconds=RETRY_SECONDS,
            )
        pending = PendingJob(job, pack_job(job), owner, deadline_seconds, progress)
        queue = self._queues[label]
        queue.join(pending)
        self._dispatch()
        try:
            return await pending.future
        except asyncio.CancelledError:
            if not queue.leave(pending):
                pending.withdraw()
            raise
        except SlotCrashed:
            # Of a worker that was lost nobody knows whether the job or the network is to blame.
            if pending.crashes > 1:
                await self._screening.refuse(job)
            raise
        finally:
            observe(job.engine, pending.timing())
            del pending  # It holds the error, which holds this frame: the pictures would linger.

    async def stop(self, *, grace_seconds: float) -> None:
        self._is_open = False
        waiting = [pending.future for pending in self._pending_jobs() if not pending.is_done]
        if waiting:
            await asyncio.wait(waiting, timeout=grace_seconds)
        for pending in self._pending_jobs():
            pending.fail(ShuttingDown("The service is ending.", retry_after_seconds=1))
        computing = [one.task for member in self._members.values() for one in member.jobs.values()]
        tasks = [*computing, *self._watches.values(), *self._refusing]
        if self._looking is not None:
            tasks.append(self._looking)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def snapshot(self) -> Snapshot:
        members = self._members.values()
        return Snapshot(
            remote_slots=sum(one.card.slots for one in members if not one.is_leaving),
            busy=sum(min(len(one.jobs), one.card.slots) for one in members),
            queued=sum(map(len, self._queues.values())),
            placed=sum(len(one.jobs) for one in members),
            done=self._counts["done"],
            retries=self._counts["retries"],
            kills=self._counts["kills"],
            crashes=self._counts["crashes"],
        )

    def _pending_jobs(self) -> list[PendingJob]:
        waiting = [pending for queue in self._queues.values() for pending in queue]
        return waiting + [pending for member in self._members.values() for pending in member.jobs]

    async def _keep_looking(self) -> None:
        async with Scheduler(self._scheduler, self._security) as scheduler:
            while True:
                try:
                    await self._look(scheduler)
                except Exception:  # Or no worker would ever be found again.
                    log.exception("scheduler cannot be asked")
                if not self._watches:
                    self._looked.set()
                await asyncio.sleep(LOOK_SECONDS)

    async def _look(self, scheduler: Scheduler) -> None:
        """Connect to the workers that are new, and say which cannot be used."""
        try:
            cards = await scheduler.cards()
        except EnginesUnreachable as error:
            if self._reaches_scheduler:
                log.error("scheduler is out of reach", reason=str(error.__cause__))
            self._reaches_scheduler = False
            return
        if not self._reaches_scheduler:
            log.info("scheduler is within reach again")
        self._reaches_scheduler = True
        others = {place: card for place, card in cards.items() if not is_ours(card)}
        for place, card in others.items():
            if place not in self._others:
                version = card.version if card else "none"
                log.error(
                    "engine worker of another version is not used", worker=place, version=version
                )
        self._others = others.keys()
        for card in cards.values():
            if card and is_ours(card) and card.address not in self._watches:
                self._watches[card.address] = asyncio.create_task(self._watch(card))

    async def _watch(self, card: Card) -> None:
        """Use a worker for as long as it is there."""
        member = Member(card, self._security)
        try:
            await member.watch(partial(self._told, member))
            if member.is_leaving and member.jobs:
                # The last answers may still be on their way.
                tasks = [given.task for given in member.jobs.values()]
                await asyncio.wait(tasks, timeout=SILENCE_SECONDS)
        finally:
            del self._watches[card.address]
            self._lose(member)
            self._looked.set()

    def _told(self, member: Member, status: Message) -> None:
        member.is_leaving = status["is_leaving"]
        for digest, seconds in status["refused"].items():
            task = asyncio.create_task(self._quarantine.refuse(digest, seconds))
            self._refusing.add(task)
            task.add_done_callback(self._refusing.discard)
        if member.card.address not in self._members:
            self._members[member.card.address] = member
            self._looked.set()
            log.info("engine worker joins", slots=member.card.slots)
        self._dispatch()

    def _dispatch(self) -> None:
        """Give jobs to workers as long as there are both; the first in a queue comes first."""
        for label, queue in self._queues.items():
            while len(queue) and (member := self._least_loaded(label)) is not None:
                self._give(member, queue.pop())
        self._take_back()

    def _take_back(self) -> None:
        """Give to a worker that would idle what waits behind long jobs in another."""
        if any(map(len, self._queues.values())):
            return
        idle = [one for one in self._members.values() if len(one.jobs) < one.card.slots]
        waiting = [
            (given, pending, member)
            for member in (self._members.values() if idle else ())
            for pending, given in [*member.jobs.items()][member.card.slots :]
            if any(_takes(one, self._label(pending)) for one in idle)
        ]
        longest = min(waiting, key=lambda one: one[0].since, default=None)
        now = asyncio.get_running_loop().time()
        if longest is not None and now - longest[0].since > OVERDUE_SECONDS:
            given, pending, member = longest
            del member.jobs[pending]
            given.skip()
            self._put_back(pending)
            self._dispatch()

    def _least_loaded(self, label: str) -> Member | None:
        able = [member for member in self._members.values() if _takes(member, label)]
        # At random of several: or all gateways would begin with the same one.
        member = min(able, key=lambda one: (_load(one), random.random()), default=None)
        return None if member is None or _load(member) >= PLACES else member

    def _give(self, member: Member, pending: PendingJob) -> None:
        task = asyncio.create_task(self._compute(member, pending))
        pending.entry = member.jobs[pending] = Given(task, asyncio.get_running_loop().time())

    async def _compute(self, member: Member, pending: PendingJob) -> None:
        given = member.jobs[pending]
        try:
            wait_seconds = max(0.0, pending.expires_at - given.since)
            reply = await member.compute(pending, wait_seconds)
        except (WorkerLost, GarbageFrame):
            self._lose(member)
            return
        except OSError as error:  # The task of a file may be deleted meanwhile.
            pending.fail(work_failed(Fault(type(error).__qualname__)))
            return
        finally:
            # It may have been taken back, and given anew.
            if member.jobs.get(pending) is given:
                del member.jobs[pending]
            self._dispatch()
        self._end(pending, reply)

    def _end(self, pending: PendingJob, reply: Reply) -> None:
        self._counts["crashes"] += reply.crashes - pending.crashes
        self._counts["retries"] += min(reply.crashes, 1) - min(pending.crashes, 1)
        pending.crashes = reply.crashes
        pending.entry = None
        outcome = reply.outcome
        if isinstance(outcome, ShuttingDown):
            self._put_back(pending)
            return
        if reply.engine_seconds is not None:
            pending.begun_at = asyncio.get_running_loop().time() - reply.engine_seconds
        self._counts["kills"] += isinstance(outcome, JobTimedOut)
        if isinstance(outcome, GatewayError):
            pending.fail(outcome)
        else:
            self._counts["done"] += 1
            pending.settle(outcome)

    def _lose(self, member: Member) -> None:
        """Take a worker out; what may have begun there comes back once, the rest always."""
        if self._members.get(member.card.address) is not member:
            return
        del self._members[member.card.address]
        log.warning("engine worker leaves" if member.is_leaving else "engine worker is lost")
        self._counts["crashes"] += not member.is_leaving
        watch = self._watches.get(member.card.address)
        if watch is not None and watch is not asyncio.current_task():
            watch.cancel()
        for place, (pending, given) in reversed([*enumerate(member.jobs.items())]):
            if given.task is not asyncio.current_task():
                given.skip()
            if not pending.is_done:
                self._lost(pending, may_have_begun=place < member.card.slots)
        self._dispatch()

    def _lost(self, pending: PendingJob, *, may_have_begun: bool) -> None:
        pending.entry = None
        pending.losses += may_have_begun
        if pending.losses > 1:
            pending.fail(broke_down_again())
            return
        self._counts["retries"] += may_have_begun
        self._put_back(pending)

    def _put_back(self, pending: PendingJob) -> None:
        if not pending.is_done:
            self._queues[self._label(pending)].put_back(pending)

    def _label(self, pending: PendingJob) -> str:
        return self._labels.get(pending.job.engine, ANY)


def _takes(member: Member, label: str) -> bool:
    return not member.is_leaving and (label == ANY or label in member.card.labels)


def _load(member: Member) -> float:
    """Jobs for each slot."""
    return len(member.jobs) / member.card.slots if member.card.slots else math.inf
