"""The one function that crosses the border: decode, compute, present."""

import pkgutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from engines.core.decoders import Decoder
from engines.core.errors import EngineError
from engines.core.registry import Engine, engine_named
from engines.core.shapes import EngineResult, File, Parameters


class Steps(NamedTuple):
    """When a computation came how far, ns of the monotonic clock, one for all processes."""

    begun: int
    decoded: int
    computed: int
    presented: int


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished body, and files beside it for what stores them; `steps` are set by `run`."""

    body: bytes
    media_type: str
    files: tuple[File, ...] = ()
    steps: Steps | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Computed:
    """What a dialect presents: the engine, what it was given, and what it found."""

    engine: Engine
    inputs: tuple[Any, ...]
    result: EngineResult[Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A computation asked for.

    Args:
        engine: its name.
        inputs: encoded, or the path of a file, in the order of the engine's; None for one left
            out.
        params: checked already.
        present: the name of a dialect's `Present`, see `name_of`; a job that is stored as names
            and bytes can be computed later, by another process.
        decoders: in the order of the inputs, where one is decoded by other means than the engine
            declares: for a dialect that takes more formats, or is told in the request what was
            sent. None for one that is not; empty for none at all.
        names: what the caller calls the inputs; empty where that is what the engine calls them.
    """

    engine: str
    inputs: tuple[bytes | Path | None, ...]
    params: Parameters
    present: str
    decoders: tuple[Decoder | None, ...] = ()
    names: tuple[str, ...] = ()


Present: TypeAlias = Callable[[Computed], Answer]
"""Makes the answer of what was computed."""


def name_of(function: Callable[..., Any]) -> str:
    """What another process finds a function by: `module:function`.

    Raises:
        ValueError: it has no place in a module.
    """
    if "<" in function.__qualname__:
        raise ValueError(f"{function.__qualname__} cannot be found by a name.")
    return f"{function.__module__}:{function.__qualname__}"


def run(job: Job) -> Answer:
    """Compute a job where it stands: in an engine process, or in a test.

    Raises:
        EngineError: the inputs or the parameters do not allow an answer.
    """
    # First, for what presents imports what it presents, and is missed before the work is done.
    present = _presenter(job.present)
    engine = engine_named(job.engine)
    begun = time.monotonic_ns()
    inputs = _decoded(engine, job)
    decoded = time.monotonic_ns()
    result = engine.compute(*inputs, params=job.params)
    computed = time.monotonic_ns()
    answer = present(Computed(engine, inputs, result))
    return replace(answer, steps=Steps(begun, decoded, computed, time.monotonic_ns()))


@cache
def _presenter(name: str) -> Present:
    found: Present = pkgutil.resolve_name(name)
    return found


def _decoded(engine: Engine, job: Job) -> tuple[Any, ...]:
    own = job.decoders or (None,) * len(engine.inputs)
    names = job.names or tuple(one.name for one in engine.inputs)
    decoded = []
    for name, one, sent, decoder in zip(names, engine.inputs, job.inputs, own, strict=True):
        try:
            decoded.append(None if sent is None else (decoder or one.decoder).decode(sent))
        except EngineError as error:
            raise error.about(name) from None
    return tuple(decoded)
