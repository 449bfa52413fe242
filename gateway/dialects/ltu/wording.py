"""Wording: how LTU says what an engine says otherwise."""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices, BaseModel

from engines.core.run import Computed
from engines.core.shapes import Parameters


@dataclass(frozen=True, slots=True)
class Wording:
    """What LTU calls things of one service; None where the engine has the same words.

    Where a function makes a model out of an engine's result, the type that it is annotated to
    return is the one that openapi.yaml shows.

    Args:
        inputs: names of the pictures, in the engine's order.
        params: what can be sent.
        translate: makes the engine's parameters of it; not needed where all names are the same.
        result: makes `result` out of the engine's.
        info: makes `details.info`.
        message: makes `details.message`.
        score: makes `details.score`, which is 0 without it.
        content: makes what stands beside the result, under "message": "ok".
        wants_receipt: whether what is sent asks for a signed receipt; there is none without it.
    """

    inputs: tuple[str, ...] = ()
    params: type[Parameters] | None = None
    translate: Callable[[Any], Parameters] | None = None
    result: Callable[[Any], BaseModel] | None = None
    info: Callable[[Any], BaseModel] | None = None
    message: Callable[[Any], str] | None = None
    score: Callable[[Any], float] | None = None
    content: Callable[[Computed], BaseModel] | None = None
    wants_receipt: Callable[[Any], bool] | None = None


def as_in(params: type[Parameters], name: str, *, misprint: str = "") -> Any:
    """An engine's parameter with its default, range and description; read under a misprint too."""
    field = copy(params.model_fields[name])
    if misprint:
        field.validation_alias = AliasChoices(name, misprint)
    return field
