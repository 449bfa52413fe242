"""What gateway and engine process say to each other: a head, a description, then bytes."""

import pickle
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from io import BytesIO
from typing import Any, NamedTuple, TypeAlias

import orjson

from engines.core.errors import EngineError
from engines.core.run import Answer, Job, Steps
from engines.core.shapes import File
from engines.process.shared_memory import PLACE_BYTES

SHARED_FROM_BYTES = 64 * 1024
"""Longer bodies go through shared memory, shorter ones through the socket: at 200 KB that takes
the gateway 90 µs a job instead of 150, at 4 MB 0.5 ms instead of 2.8."""

MAX_META_BYTES = 1024 * 1024
MAX_TRACEBACK = 16_000
MAX_BODY_BYTES = 256 * 1024 * 1024


class GarbageFrame(ValueError):
    """What arrived was not written by an engine process in good health."""


class Kind(IntEnum):
    """What a frame is about; all but the first come from the engine process."""

    JOB = 1
    BORN = 2
    READY = 3
    ANSWER = 4
    REFUSED = 5
    FAILED = 6
    SKIPPED = 7
    PROGRESS = 8


class FrameHeader(NamedTuple):
    """The fixed first bytes of a frame.

    `number` is the job's, or the process id of one that was born; `is_worn` says that the
    process should be replaced.
    """

    kind: int
    number: int
    place: int = 0
    is_shared: bool = False
    is_worn: bool = False
    meta_bytes: int = 0
    body_bytes: int = 0

    @property
    def frame_bytes(self) -> int:
        """The length of the frame as it goes through the socket, head included."""
        return FRAME_HEADER.size + self.meta_bytes + (0 if self.is_shared else self.body_bytes)


FRAME_HEADER = struct.Struct("<BQB??IQ")
_PROGRESS = struct.Struct("<d")


@dataclass(frozen=True, slots=True)
class Fault:
    """A computation that ended as nobody foresaw: where, and by which type of error."""

    traceback: str


Outcome: TypeAlias = Answer | EngineError | Fault


class Packed(NamedTuple):
    """A description and the parts of the body that it describes."""

    kind: Kind
    meta: bytes
    parts: Sequence[bytes]

    @property
    def body_bytes(self) -> int:
        return sum(map(len, self.parts))

    @property
    def is_shared(self) -> bool:
        return SHARED_FROM_BYTES <= self.body_bytes <= PLACE_BYTES


def pack_job(job: Job) -> Packed:
    """A job; the bytes of its inputs travel beside the pickle, not in it."""
    parts = [one for one in job.inputs if isinstance(one, bytes)]
    sizes = [len(one) if isinstance(one, bytes) else -1 for one in job.inputs]
    others = None
    if len(parts) < len(sizes):
        others = [None if isinstance(one, bytes) else one for one in job.inputs]
    meta = _sizes(len(sizes)).pack(len(sizes), *sizes)
    meta += pickle.dumps((job.engine, others, job.params, job.present, job.decoders, job.names))
    return Packed(Kind.JOB, meta, parts)


class JobMeta(NamedTuple):
    """A job without its inputs, and how long each of them is; -1 for one that has no bytes."""

    sizes: tuple[int, ...]
    pickled: bytes

    @property
    def part_sizes(self) -> list[int]:
        return [size for size in self.sizes if size >= 0]

    def with_parts(self, parts: Sequence[bytes]) -> Job:
        following = iter(parts)
        engine, others, params, present, decoders, names = pickle.loads(self.pickled)
        inputs = tuple(
            next(following) if size >= 0 else others[place] for place, size in enumerate(self.sizes)
        )
        return Job(engine, inputs, params, present, decoders, names)


def unpack_job(meta: bytes) -> JobMeta:
    layout = _sizes(meta[0])
    _, *sizes = layout.unpack_from(meta)
    return JobMeta(tuple(sizes), meta[layout.size :])


@cache
def _sizes(count: int) -> struct.Struct:
    return struct.Struct(f"<B{count}q")


def pack_outcome(outcome: Outcome) -> Packed:
    if isinstance(outcome, Answer):
        parts = [outcome.body, *(file.data for file in outcome.files)]
        files = [(file.name, file.media_type) for file in outcome.files]
        sizes = [len(part) for part in parts]
        described = [outcome.media_type, files, sizes, outcome.steps and [*outcome.steps]]
        return Packed(Kind.ANSWER, orjson.dumps(described), parts)
    if isinstance(outcome, EngineError):
        return Packed(Kind.REFUSED, pickled(outcome), [])
    return Packed(Kind.FAILED, outcome.traceback[-MAX_TRACEBACK:].encode(errors="replace"), [])


def pickled(error: EngineError) -> bytes:
    """An error without its traceback."""
    buffer = BytesIO()
    pickler = pickle.Pickler(buffer)
    # Libraries register their own ways for all errors, with tracebacks in them.
    pickler.dispatch_table = {}
    pickler.dump(error)
    return buffer.getvalue()


class AnswerMeta(NamedTuple):
    """An answer without its bytes, and how long each part of them is."""

    media_type: str
    files: list[tuple[str, str]]
    sizes: list[int]
    steps: Steps | None

    def with_parts(self, parts: Sequence[bytes]) -> Answer:
        body, *files = parts
        described = zip(self.files, files, strict=True)
        described_files = tuple(File(*told, data) for told, data in described)
        return Answer(body, self.media_type, described_files, self.steps)


def unpack_answer(meta: bytes, body_bytes: int) -> AnswerMeta:
    """Read the description of an answer, trusting nothing in it.

    Raises:
        GarbageFrame: it does not describe so many bytes.
    """
    try:
        media_type, files, sizes, steps = orjson.loads(meta)
        is_right = (
            isinstance(media_type, str)
            and all(is_name(name) and isinstance(kind, str) for name, kind in files)
            and all(isinstance(size, int) and size >= 0 for size in sizes)
            and len(sizes) == len(files) + 1
            and sum(sizes) == body_bytes
            and (steps is None or _are_moments(steps))
        )
    except (ValueError, TypeError):
        is_right = False
    if not is_right:
        raise GarbageFrame("The description of an answer does not fit its length.")
    return AnswerMeta(media_type, files, sizes, steps and Steps(*steps))


def _are_moments(steps: list[object]) -> bool:
    return len(steps) == len(Steps._fields) and all(isinstance(one, int) for one in steps)


def is_name(name: object) -> bool:
    """Whether a file may be called so that is written into a folder."""
    return isinstance(name, str) and name not in ("", ".", "..") and not {"/", "\0"} & {*name}


def pack_progress(share: float) -> bytes:
    return _PROGRESS.pack(share)


def unpack_progress(meta: bytes) -> float:
    """Read which share of a job is done.

    Raises:
        GarbageFrame: it is no number from 0 to 1.
    """
    if len(meta) != _PROGRESS.size or not 0 <= (share := _PROGRESS.unpack(meta)[0]) <= 1:
        raise GarbageFrame("Progress is no share.")
    return float(share)


def unpack_error(pickled: bytes) -> EngineError:
    """Read a refusal, without running anything that the engine process might have put there.

    Raises:
        GarbageFrame: it is no `EngineError`.
    """
    try:
        error = _ErrorUnpickler(BytesIO(pickled)).load()
    except Exception as fault:  # A pickle can fail in every way there is.
        raise GarbageFrame("A refusal cannot be read.") from fault
    if not isinstance(error, EngineError):
        raise GarbageFrame("A refusal is none.")
    return error


class _ErrorUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = getattr(sys.modules.get(module), name, None)
        if isinstance(found, type) and issubclass(found, EngineError):
            return found
        raise pickle.UnpicklingError("Only refusals are taken.")
