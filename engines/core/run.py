"""The one function that crosses the border: decode, compute, present."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from engines.core import pixels
from engines.core.errors import EngineError
from engines.core.registry import Engine, Input, catalogue
from engines.core.shapes import EngineResult, Parameters


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished body, and files beside it for what stores them."""

    body: bytes
    media_type: str
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Computed:
    """What a dialect presents: the engine, what it was given, and what it found."""

    engine: Engine
    images: tuple[Any, ...]
    result: EngineResult[Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A computation asked for.

    Args:
        engine: its name in the catalogue.
        pictures: encoded, in the order of the engine's inputs; None for one left out.
        params: checked already.
        present: a plain function of a dialect; it is sent by reference.
    """

    engine: str
    pictures: tuple[bytes | None, ...]
    params: Parameters
    present: Callable[[Computed], Answer]


def run(job: Job) -> Answer:
    """Compute a job where it stands: in an engine process, or in a test.

    Raises:
        EngineError: the pictures or the parameters do not allow an answer.
    """
    engine = catalogue()[job.engine]
    images = tuple(
        _decode(one, data) for one, data in zip(engine.inputs, job.pictures, strict=True)
    )
    result = engine.compute(*images, params=job.params)
    return job.present(Computed(engine, images, result))


def _decode(one: Input, data: bytes | None) -> Any:
    if data is None:
        return None
    try:
        return pixels.decode(data, one.reading)
    except EngineError as error:
        raise error.about(one.name) from None
