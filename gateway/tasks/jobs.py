"""A job as a task: what is kept of it in the row and in files, and the job of that."""

import hashlib
from collections.abc import Sequence
from typing import Any

from engines.core.registry import engine_named
from engines.core.run import Job
from engines.core.shapes import File
from gateway.limits.quarantine import digest

UNTOLD = "application/octet-stream"


def params_of(job: Job) -> dict[str, Any]:
    """All that is needed besides the inputs' bytes; of a job that names no file and no decoder."""
    return {
        "engine": job.engine,
        "params": job.params.model_dump(mode="json"),
        "present": job.present,
        "names": job.names,
        "sent": [one is not None for one in job.inputs],
    }


def inputs_of(job: Job) -> list[File]:
    """The inputs that were sent."""
    named = zip(job.names, job.inputs, strict=True)
    return [File(name, UNTOLD, one) for name, one in named if isinstance(one, bytes)]


def restored(params: dict[str, Any], inputs: Sequence[bytes]) -> Job:
    """The job that these were made of."""
    following = iter(inputs)
    engine = engine_named(params["engine"])
    return Job(
        engine.name,
        tuple(next(following) if is_sent else None for is_sent in params["sent"]),
        engine.params.model_validate(params["params"]),
        params["present"],
        names=tuple(params["names"]),
    )


def request_digest(job: Job) -> str:
    """The same for the same inputs with the same question and form of answer."""
    return hashlib.sha256(f"{job.present} {digest(job)}".encode()).hexdigest()
