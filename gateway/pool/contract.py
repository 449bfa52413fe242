"""What every pool promises to the gateway."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from engines.core.run import Answer, Job, Steps

Progress: TypeAlias = Callable[[float], None]
"""Called in the event loop with the share of a job that is done; it returns at once."""


def ignore(share: float) -> None:
    """Be told of progress in vain."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What became of the time of one job.

    Args:
        queue_seconds: until its turn came, or until it was given up.
        engine_seconds: from then on; None where its turn did not come.
        steps: in the engine process; None without an answer.
    """

    queue_seconds: float
    engine_seconds: float | None = None
    steps: Steps | None = None


Observe: TypeAlias = Callable[[str, Timing], None]
"""Called with a job's engine when it ended, however it did."""


def overlook(engine: str, timing: Timing) -> None:
    """Be told of a job's time in vain."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A pool at one moment; the counters count since its start.

    Args:
        pids: engine processes of this machine that take jobs; empty where they are not known.
        remote_slots: engine processes of other machines that take jobs of all gateways.
        spare_pids: warm engine processes that wait to take the place of one.
        busy: engine processes that compute.
        queued: jobs that no engine process has yet.
        placed: jobs that lie in engine processes.
        done: jobs that ended by themselves, with an answer or a refusal.
        retries: jobs begun a second time because their process died.
        kills: processes killed at a deadline, be it the near one of what nobody waits for.
        crashes: processes that died by themselves or by somebody else's hand.
        retired: processes replaced because they were worn.
    """

    pids: tuple[int, ...] = ()
    remote_slots: int = 0
    spare_pids: tuple[int, ...] = ()
    busy: int = 0
    queued: int = 0
    placed: int = 0
    done: int = 0
    retries: int = 0
    kills: int = 0
    crashes: int = 0
    retired: int = 0

    @property
    def slots(self) -> int:
        """Engine processes that take jobs."""
        return len(self.pids) + self.remote_slots


class Pool(Protocol):
    """Computes jobs in other processes."""

    @property
    def ready(self) -> bool:
        """Whether a job given now would be computed soon."""

    async def start(self) -> None:
        """Return when every engine process is warm, however long that takes."""

    async def run(
        self,
        job: Job,
        *,
        deadline_seconds: float,
        owner: str,
        progress: Progress = ignore,
        observe: Observe = overlook,
    ) -> Answer:
        """Compute a job in its turn; it may wait, and then compute, for the deadline each.

        A job that comes back to the queue, because a process died or another became free, does
        not wait for a new deadline: what is left of its own, or some seconds if that is more.
        Begun a second time, it may compute for the whole deadline again, and `progress` begins
        anew; it is told only what an engine reports. `observe` is told once, before the end.

        Raises:
            QueueFull: too many jobs wait.
            WaitedTooLong: its turn did not come within the deadline.
            JobTimedOut: it did not end by the deadline.
            SlotCrashed: its process died, and a second one too.
            PictureRefused: the same happened shortly before.
            ShuttingDown: the service ends.
            WorkFailed: the engine has a fault.
            EngineError: the inputs or the parameters do not allow an answer.
        """

    async def stop(self, *, grace_seconds: float) -> None:
        """Take no new jobs, let those that are there end within the grace, then end all."""

    def snapshot(self) -> Snapshot:
        """Figures for an operator."""
