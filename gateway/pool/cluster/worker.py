"""An engine worker: computes in its own slots what gateways send, and is listed by a scheduler."""

import asyncio
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import structlog
from distributed import Worker
from distributed.comm.addressing import get_address_host, unparse_host_port
from distributed.comm.core import Comm, CommClosedError, listen
from distributed.security import Security
from distributed.utils import get_ip

from engines.core.errors import EngineError
from engines.core.run import Job
from engines.process.wire_format import Fault, Kind, Outcome, Packed, pack_job, unpack_job
from gateway.errors import GatewayError, WorkFailed
from gateway.pool.cluster.conversation import Conversation, brought, conversation
from gateway.pool.cluster.files import ReceivedFiles
from gateway.pool.cluster.messages import (
    CARD,
    COMPUTE,
    STATUS_SECONDS,
    Card,
    Message,
    Reply,
    fault_of,
    reply_message,
)
from gateway.pool.pending_job import PendingJob
from gateway.pool.slots import SlotPool
from gateway.version import VERSION

log = structlog.get_logger()

REGISTER_SECONDS = 1.0
"""The pause before a worker whose scheduler went away looks for it again."""
LISTED_SECONDS = 15.0
"""When the log tells of a scheduler that cannot be reached; Dask tries on without a word."""

KEPT_REFUSALS = 1000
"""Of those that each gateway is told at its next turn, within a second."""


class ReportedQuarantine:
    """Has the gateways remember the jobs that kill, for they ask before they send one.

    Args:
        count: how many were refused, ever.
    """

    def __init__(self) -> None:
        self.count = 0
        self._refused: deque[tuple[str, float]] = deque(maxlen=KEPT_REFUSALS)

    async def has_any(self) -> bool:
        return False

    async def is_refused(self, digest: str) -> bool:
        return False

    async def refuse(self, digest: str, seconds: float) -> None:
        self._refused.append((digest, seconds))
        self.count += 1

    def since(self, count: int) -> dict[str, float]:
        """The last ones since there were so many: for how long each is refused, s."""
        known = len(self._refused) - (self.count - count)
        return dict(islice(self._refused, max(0, known), None))


class EngineWorker:
    """Listens for gateways by itself, so that they are served while the scheduler is away.

    Args:
        scheduler: Dask's address of it.
        quarantine: the pool's.
        host: where to listen; empty for the address that reaches the scheduler.
        port: where to listen; 0 for any that is free.
        name: how the scheduler lists it; empty for its address.
    """

    def __init__(
        self,
        scheduler: str,
        pool: SlotPool,
        quarantine: ReportedQuarantine,
        *,
        slots: int,
        labels: Collection[str],
        files: ReceivedFiles,
        security: Security,
        host: str = "",
        port: int = 0,
        name: str = "",
    ) -> None:
        self._scheduler = scheduler
        self._pool = pool
        self._quarantine = quarantine
        self._slots = slots
        self._labels = tuple(labels)
        self._files = files
        self._security = security
        self._host = host
        self._port = port
        self._name = name
        self._leaving = asyncio.Event()
        self._serving: set[asyncio.Task[Any]] = set()
        self._replying: set[asyncio.Task[Any]] = set()

    async def run(self, ending: asyncio.Event, *, drain_seconds: float) -> None:
        """Work until the ending is set, and then until what was begun has ended."""
        await self._pool.start()
        scheme = self._scheduler.partition("://")[0]
        host = self._host or get_ip(get_address_host(self._scheduler))
        listener = await listen(
            f"{scheme}://{unparse_host_port(host, self._port)}",
            self._serve,
            **self._security.get_listen_args("worker"),
        )
        card = Card(listener.contact_address, VERSION, self._slots, self._labels)
        registering = asyncio.create_task(self._keep_registered(card))
        log.info("engine worker ready", address=card.address, slots=card.slots)
        try:
            await ending.wait()
            log.info("engine worker drains")
            self._leaving.set()
            await self._pool.stop(grace_seconds=drain_seconds)
            if self._replying:
                await asyncio.wait(self._replying, timeout=drain_seconds)
        finally:
            registering.cancel()
            await asyncio.gather(registering, return_exceptions=True)
            listener.stop()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)
        log.info("engine worker ended")

    async def _keep_registered(self, card: Card) -> None:
        """Be on the scheduler's list, and again when it comes back."""
        while True:
            try:
                async with Worker(
                    self._scheduler,
                    name=self._name or None,
                    nthreads=1,
                    memory_limit=0,
                    security=self._security,
                    death_timeout=LISTED_SECONDS,
                    startup_information={CARD: lambda _: card._asdict()},
                ) as registration:
                    log.info("scheduler lists this worker")
                    await registration.finished()
            except (OSError, ValueError, TimeoutError) as error:
                log.warning("engine worker cannot be listed", reason=str(error))
            log.warning("scheduler is away", scheduler=self._scheduler)
            await asyncio.sleep(REGISTER_SECONDS)

    async def _serve(self, comm: Comm) -> None:
        """Be there for one connection of a gateway."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            message = await comm.read()
            serve = self._compute_all if message["purpose"] == COMPUTE else self._tell
            await serve(comm)
        except CommClosedError:
            pass  # The gateway has left.
        except Exception:
            log.exception("connection of a gateway failed")
        finally:
            self._serving.discard(task)
            self._replying.discard(task)
            comm.abort()

    async def _tell(self, comm: Comm) -> None:
        """Say again and again that this worker is there, and at once when it leaves."""
        told = self._quarantine.count
        while True:
            is_leaving = self._leaving.is_set()
            # Each connection is told, for one may have ended without notice.
            refused, told = self._quarantine.since(told), self._quarantine.count
            await comm.write({"is_leaving": is_leaving, "refused": refused})
            if is_leaving:
                await asyncio.sleep(STATUS_SECONDS)
            else:
                await _wait(self._leaving, STATUS_SECONDS)

    async def _compute_all(self, comm: Comm) -> None:
        """Compute one job after another; a connection that ends takes its job with it."""
        task = asyncio.current_task()
        assert task is not None
        async with conversation(comm) as gateway:
            while not self._leaving.is_set():
                message = await gateway.read()
                self._replying.add(task)
                await gateway.write(reply_message(await self._reply(gateway, message)))
                if not self._leaving.is_set():
                    self._replying.discard(task)
            await comm.close()  # Other than `abort`, it sends what is written.

    async def _reply(self, gateway: Conversation, message: Message) -> Reply:
        try:
            async with brought(message["files"], gateway, self._files) as paths:
                return await gateway.while_open(self._compute(gateway, message, paths))
        except CommClosedError:
            raise
        except OSError as error:
            log.error("files of a job failed", reason=error.strerror)
            return Reply(Fault(type(error).__qualname__), message["crashes"], None)

    async def _compute(self, gateway: Conversation, message: Message, paths: list[Path]) -> Reply:
        try:
            pending = _pending_job(message, paths)
        except Exception as error:  # A pickle can fail in every way there is.
            log.error("job cannot be read", reason=type(error).__qualname__)
            return Reply(Fault(type(error).__qualname__), message["crashes"], None)
        async with asyncio.TaskGroup() as telling:

            def tell(share: float) -> None:
                telling.create_task(gateway.tell({"progress": share}))

            pending.progress = tell
            try:
                outcome: Outcome | GatewayError = await self._pool.compute(pending)
            except WorkFailed as error:
                outcome = fault_of(error)
            except (EngineError, GatewayError) as error:
                outcome = error
        return Reply(outcome, pending.crashes, pending.timing().engine_seconds)


def _pending_job(message: Message, paths: list[Path]) -> PendingJob:
    job = unpack_job(message["meta"]).with_parts(message["parts"])
    packed = Packed(Kind.JOB, message["meta"], message["parts"])
    if paths:
        job = _with_paths(job, paths)
        packed = pack_job(job)
    pending = PendingJob(job, packed, message["owner"], message["deadline_seconds"])
    pending.crashes = message["crashes"]
    pending.expires_at = asyncio.get_running_loop().time() + message["wait_seconds"]
    return pending


def _with_paths(job: Job, paths: list[Path]) -> Job:
    """The job with the paths of this machine in place of the gateway's."""
    following = iter(paths)
    inputs = tuple(next(following) if isinstance(one, Path) else one for one in job.inputs)
    return replace(job, inputs=inputs)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Return when the event is set, or the time is over."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
