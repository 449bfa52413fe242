"""Every service's wording, and what follows of it."""

from dataclasses import replace
from functools import cache

from engines.core.registry import Engine, Input
from engines.core.shapes import Parameters
from gateway.dialects.ltu.services import (
    alignment_matrix,
    anonymize,
    classification,
    color_palette,
    contours,
    differences,
    distance,
    edges,
    heat_map,
    image_quality,
    object_detection,
    object_mask_detection,
    text_detection,
)
from gateway.dialects.ltu.wording import Wording

_MODULES = (
    alignment_matrix,
    anonymize,
    classification,
    color_palette,
    contours,
    differences,
    distance,
    edges,
    heat_map,
    image_quality,
    object_detection,
    object_mask_detection,
    text_detection,
)
_WORDINGS: dict[str, Wording] = {
    module.__name__.rpartition(".")[2]: module.WORDING for module in _MODULES
}
"""By the engine's name, which is the module's."""


def wording_of(engine: Engine) -> Wording:
    """How LTU says what the engine says; an engine without an entry is quoted as it is."""
    return _WORDINGS.get(engine.name, Wording())


@cache
def inputs_of(engine: Engine) -> tuple[Input, ...]:
    """The engine's pictures under the names that LTU's callers send."""
    names = wording_of(engine).inputs or [one.name for one in engine.inputs]
    return tuple(replace(one, name=name) for one, name in zip(engine.inputs, names, strict=True))


def is_picture(one: Input) -> bool:
    """Whether an input is sent as a picture, and not as a file of another kind."""
    return any(accepted.startswith("image/") for accepted in one.decoder.accepts)


def takes_pictures(engine: Engine) -> bool:
    """Whether all that the engine must be given are pictures."""
    return all(is_picture(one) for one in engine.inputs if one.is_required)


def params_of(engine: Engine) -> type[Parameters]:
    """What LTU's callers can tell the engine."""
    return wording_of(engine).params or engine.params
