"""What a gateway and an engine worker say to each other through a Dask comm."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from distributed.protocol.serialize import to_serialize

from engines.core.run import Answer, Steps
from engines.process.wire_format import (
    Fault,
    Kind,
    Outcome,
    pack_outcome,
    unpack_answer,
    unpack_error,
)
from gateway.errors import (
    GatewayError,
    JobTimedOut,
    QueueFull,
    ShuttingDown,
    SlotCrashed,
    WaitedTooLong,
    WorkFailed,
)
from gateway.pool.cluster.files import NamedFiles
from gateway.pool.pending_job import PendingJob

CARD = "pixelgate"
"""Under this name the scheduler keeps what a worker says of itself."""
COMPUTE, WATCH = "compute", "watch"
"""What a connection is for: its first message."""
STATUS_SECONDS = 1.0
SILENCE_SECONDS = 5.0
"""A worker that says nothing for so long is lost, whatever its connections are."""
CONNECT_SECONDS = 3.0
APART_FROM_BYTES = 64 * 1024
"""Longer bytes are not copied into the message but sent behind it."""

Message: TypeAlias = dict[str, Any]

_REFUSALS = {
    one.__name__: one for one in (JobTimedOut, QueueFull, ShuttingDown, SlotCrashed, WaitedTooLong)
}


class Card(NamedTuple):
    """What a worker says of itself when it comes.

    Args:
        address: where it takes jobs.
        version: of Pixelgate.
        labels: what jobs it may be chosen for, beside those that any worker computes.
    """

    address: str
    version: str
    slots: int
    labels: tuple[str, ...]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Card | None":
        """What a worker that the scheduler lists says of itself; None if it is not one of ours."""
        match told.get(CARD):
            case {
                "address": str(address),
                "version": str(version),
                "slots": int(slots),
                "labels": [*labels],
            } if slots > 0:
                return cls(address, version, slots, tuple(map(str, labels)))
        return None


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a job in a worker.

    Args:
        crashes: processes that died over it there.
        engine_seconds: since its turn came there; None if it did not.
    """

    outcome: Outcome | GatewayError
    crashes: int
    engine_seconds: float | None


def apart(data: bytes) -> Any:
    """Bytes as they are put into a message."""
    return to_serialize(data) if len(data) >= APART_FROM_BYTES else data


def job_message(pending: PendingJob, wait_seconds: float, files: NamedFiles) -> Message:
    return {
        "meta": pending.packed.meta,
        "parts": [apart(part) for part in pending.packed.parts],
        "owner": pending.owner,
        "deadline_seconds": pending.deadline_seconds,
        "wait_seconds": wait_seconds,
        "crashes": pending.crashes,
        "files": files.told,
    }


def reply_message(reply: Reply) -> Message:
    message = {
        "crashes": reply.crashes,
        "engine_seconds": reply.engine_seconds,
        "now": time.monotonic_ns(),
    }
    outcome = reply.outcome
    if isinstance(outcome, GatewayError):
        return message | {
            "refusal": type(outcome).__name__,
            "message": outcome.message,
            "retry_after_seconds": outcome.retry_after_seconds,
        }
    packed = pack_outcome(outcome)
    parts = [apart(part) for part in packed.parts]
    return message | {"kind": int(packed.kind), "meta": packed.meta, "parts": parts}


def read_reply(message: Message) -> Reply:
    """Read what came of a job.

    Raises:
        GarbageFrame: it is not what a worker writes.
    """
    if "refusal" in message:
        kind = _REFUSALS[message["refusal"]]
        told = kind(message["message"], retry_after_seconds=message["retry_after_seconds"])
        return Reply(told, message["crashes"], message["engine_seconds"])
    return Reply(_outcome(message), message["crashes"], message["engine_seconds"])


def _outcome(message: Message) -> Outcome:
    if message["kind"] == Kind.REFUSED:
        return unpack_error(message["meta"])
    if message["kind"] == Kind.FAILED:
        return Fault(message["meta"].decode(errors="replace"))
    parts = message["parts"]
    answer = unpack_answer(message["meta"], sum(map(len, parts))).with_parts(parts)
    return _at_our_time(answer, time.monotonic_ns() - message["now"])


def _at_our_time(answer: Answer, ahead: int) -> Answer:
    """The answer with its steps by the clock of this machine; its way here counts as nothing."""
    if answer.steps is None:
        return answer
    return replace(answer, steps=Steps(*(step + ahead for step in answer.steps)))


def fault_of(error: WorkFailed) -> Fault:
    """The fault that an error was made of, for another process."""
    return Fault("\n".join(getattr(error, "__notes__", ())))
