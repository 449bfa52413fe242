"""A task: what was asked, how far it is, what came of it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlalchemy import Row

from engines.core.shapes import File
from gateway.errors import Problem, status_of
from gateway.store.scratch import DiskFile
from gateway.store.storage import Storage
from gateway.tasks.status import Status

TASKS = "tasks"
"""The storage's folder of what belongs to tasks."""
UNFORESEEN = "Something went wrong on this side; the task's id finds it in the log."


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a task, whose bytes lie in the storage."""

    name: str
    media_type: str
    bytes: int

    @classmethod
    def of(cls, file: File | DiskFile) -> Self:
        size = file.bytes if isinstance(file, DiskFile) else len(file.data)
        return cls(file.name, file.media_type, size)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task ended without a result, as a refused request would have been answered."""

    status: int
    word: str
    message: str
    errors: tuple[str, ...]

    @classmethod
    def of(cls, error: Exception) -> Self:
        """What may be told of an error; one that was not foreseen is not explained."""
        status, word = status_of(error)
        if status == 500 or not isinstance(error, Problem):
            return cls(500, word, UNFORESEEN, (UNFORESEEN,))
        return cls(status, word, error.message, error.errors)


@dataclass(frozen=True, slots=True)
class Asked:
    """A task that is to be queued.

    Args:
        owner: whose it is; nobody else sees it.
        work: the name of what performs it.
        params: what the work needs besides files.
        request_key: the caller's name for the request; a second one of this name is the first.
        request_digest: of all that was asked, to tell another request under the same name.
    """

    owner: str
    work: str
    params: dict[str, Any]
    request_key: str | None = None
    request_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A row, as it was read.

    Args:
        params: what the work needs besides files.
        told: what the work says of its result; None as long as there is none.
        progress: the share that is done.
        attempts: how often a gateway has begun it.
        lease: names the gateway's attempt that performs it, or has finished it;
            empty before.
    """

    id: str
    owner: str
    work: str
    status: Status
    params: dict[str, Any]
    inputs: tuple[StoredFile, ...]
    told: dict[str, Any] | None
    files: tuple[StoredFile, ...]
    failure: Failure | None
    progress: float
    attempts: int
    lease: str
    created_at: float
    updated_at: float
    finished_at: float | None

    @property
    def is_finished(self) -> bool:
        return self.status in (Status.DONE, Status.ERROR)

    @classmethod
    def of(cls, row: Row[Any]) -> Self:
        failure = row.failure and row.failure | {"errors": tuple(row.failure["errors"])}
        return cls(
            id=row.id,
            owner=row.owner,
            work=row.work,
            status=Status(row.status),
            params=row.params,
            inputs=_files(row.inputs),
            told=row.told,
            files=_files(row.files),
            failure=Failure(**failure) if failure else None,
            progress=row.progress,
            attempts=row.attempts,
            lease=row.lease or "",
            created_at=row.created_at,
            updated_at=row.updated_at,
            finished_at=row.finished_at,
        )


def folder(id: str) -> str:
    """Where the storage has what belongs to a task."""
    return f"{TASKS}/{id}"


def input_name(id: str, place: int) -> str:
    """What the storage calls a file that was sent, whatever its sender calls it."""
    return f"{folder(id)}/inputs/{place}"


def derived_name(id: str, name: str) -> str:
    """What the storage calls a file that was made of what was sent, before there is a result."""
    return f"{folder(id)}/derived/{name}"


def result_folder(id: str, lease: str) -> str:
    """Where the storage has what an attempt has written; another one writes elsewhere."""
    return f"{folder(id)}/{lease}"


async def store(storage: Storage, name: str, file: File | DiskFile) -> None:
    """Keep a file under a name of the storage, which is not the file's own."""
    if isinstance(file, DiskFile):
        await storage.put_file(name, file.path)
    else:
        await storage.put(name, file.data)


def as_json(files: Sequence[StoredFile]) -> list[dict[str, Any]]:
    return [asdict(one) for one in files]


def _files(described: list[dict[str, Any]]) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(**one) for one in described)
