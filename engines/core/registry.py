"""The catalogue of engines: the decorator that declares one, and the look-up by name."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

import engines
from engines.core.decoders import Decoder, whole
from engines.core.shapes import EngineResult, Info, Parameters, Picture

Compute = TypeVar("Compute", bound=Callable[..., EngineResult[Any]])
Sent = TypeVar("Sent")


@dataclass(frozen=True, slots=True)
class Input:
    """A thing that an engine takes."""

    name: str
    decoder: Decoder
    is_required: bool


@dataclass(frozen=True, slots=True)
class Engine:
    """A computation as its file declares it.

    `draw` makes the one picture that shows the answer out of the inputs and the result;
    it is None where no picture does. `reference` names the input that a picture is compared with,
    None where it is compared with none. `deadline_seconds` is None where the service's own is
    enough.
    """

    name: str
    version: str
    summary: str
    description: str
    compute: Callable[..., EngineResult[Any]]
    inputs: tuple[Input, ...]
    params: type[Parameters]
    result: type[EngineResult[Any]]
    info: type[Info]
    draw: Callable[..., Picture] | None
    reference: str | None
    pictures: tuple[str, ...]
    deadline_seconds: float | None

    def seconds(self, usual: float) -> float:
        """How long it may compute, where others may for the usual time."""
        return self.deadline_seconds or usual

    @property
    def service(self) -> str:
        """The engine's public name, in camel case."""
        first, *rest = self.name.split("_")
        return first + "".join(word.capitalize() for word in rest)

    @property
    def whole_decoders(self) -> tuple[Decoder, ...]:
        """Of its inputs, where a picture is drawn of them."""
        return tuple(whole(one.decoder) for one in self.inputs)

    def arranged(self, picture: Sent, reference: Sent | None) -> tuple[Sent | None, ...]:
        """What is sent for each input: the picture, its reference, and none of the optional."""
        return tuple(
            (reference if one.name == self.reference else picture) if one.is_required else None
            for one in self.inputs
        )


_engines: dict[str, Engine] = {}


def engine(
    *,
    version: str,
    draw: Callable[..., Picture] | None = None,
    reference: str | None = None,
    pictures: tuple[str, ...] = ("image/png",),
    deadline_seconds: float | None = None,
) -> Callable[[Compute], Compute]:
    """Declare a function to be an engine.

    Args:
        version: of the answers; see STYLE on when it moves.
        draw: makes the picture that shows the answer, from (*inputs, result); where it
            is absent and the result has exactly one picture, that one is shown.
        reference: which of two required inputs stays while pictures change: the first, where
            nothing is said.
        pictures: media types of what `draw` makes.
        deadline_seconds: for a computation that may take longer than the service's others.
    """

    def declare(compute: Compute) -> Compute:
        name = compute.__name__
        if name in _engines and _engines[name].compute.__module__ != compute.__module__:
            raise ValueError(f"{_engines[name].compute.__module__} has an engine {name} already.")
        hints = get_type_hints(compute, include_extras=True)
        result = hints["return"]
        inputs = _inputs(compute, hints)
        _engines[name] = Engine(
            name=name,
            version=version,
            summary=_first_line(inspect.getmodule(compute)),
            description=_first_line(compute),
            compute=compute,
            inputs=inputs,
            params=hints["params"],
            result=result,
            info=_info(result),
            draw=draw or _only_picture(result),
            reference=reference or _first_of_two(inputs),
            pictures=pictures,
            deadline_seconds=deadline_seconds,
        )
        return compute

    return declare


@cache
def catalogue() -> Mapping[str, Engine]:
    """Every engine of the package by its name, in the order of the alphabet; each is a service."""
    for module in pkgutil.iter_modules(engines.__path__):
        if not module.ispkg:
            importlib.import_module(f"engines.{module.name}")
    return MappingProxyType(
        {
            name: one
            for name, one in sorted(_engines.items())
            if one.compute.__module__ == f"{engines.__name__}.{name}"
        }
    )


def engine_named(name: str) -> Engine:
    """An engine of the catalogue, or one that an imported module declares elsewhere.

    Raises:
        KeyError: there is none of that name.
    """
    if name not in _engines:
        catalogue()
    return _engines[name]


def by_service(service: str) -> Engine | None:
    """The engine of the catalogue with this public name."""
    return next((one for one in catalogue().values() if one.service == service), None)


def _inputs(compute: Callable[..., Any], hints: dict[str, Any]) -> tuple[Input, ...]:
    return tuple(
        Input(name, _decoder(hints[name]), parameter.default is inspect.Parameter.empty)
        for name, parameter in inspect.signature(compute).parameters.items()
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    )


def _first_of_two(inputs: tuple[Input, ...]) -> str | None:
    required = [one.name for one in inputs if one.is_required]
    return required[0] if len(required) > 1 else None


def _decoder(hint: Any) -> Decoder:
    """The decoder that annotates a type, also within `Mask | None`."""
    for part in (hint, *getattr(hint, "__args__", ())):
        for note in getattr(part, "__metadata__", ()):
            if isinstance(note, Decoder):
                return note
    raise TypeError(f"{hint} does not say by an annotation how it is decoded")


def _first_line(documented: object) -> str:
    """What a docstring says first, without the name and the full stop."""
    return (inspect.getdoc(documented) or "").splitlines()[0].rstrip(".")


def _info(result: type[EngineResult[Any]]) -> type[Info]:
    details = result.model_fields["details"].annotation
    assert details is not None
    info: type[Info] = details.model_fields["info"].annotation
    return info


def _only_picture(result: type[EngineResult[Any]]) -> Callable[..., Picture] | None:
    names = [name for name, field in result.model_fields.items() if field.annotation is Picture]
    if len(names) != 1:
        return None
    return lambda *inputs_and_result: getattr(inputs_and_result[-1], names[0])
