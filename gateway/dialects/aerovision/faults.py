"""What is wrong with a request, told as FastAPI tells it, and ranges as the document does."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeAlias, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.errors import GatewayError

Fault: TypeAlias = dict[str, Any]
"""`type`, `loc`, `msg`, `input`, and for some types `ctx`."""
Place: TypeAlias = Sequence[str | int]

MOST_SHOWN_BYTES = 1000
"""Of an input that a fault repeats."""
_RANGES = {
    "greater_than": "greater than",
    "greater_than_equal": "greater than or equal to",
    "less_than": "less than",
    "less_than_equal": "less than or equal to",
}

Model = TypeVar("Model", bound=BaseModel)


class RequestInvalid(GatewayError):
    """A request that was read and has faults; all of them are told."""

    def __init__(self, message: str, *, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        self.faults = tuple(faults)

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> Self:
        """The refusal for these."""
        return cls("; ".join(one["msg"] for one in faults), faults=faults)


@contextmanager
def collecting(faults: list[Fault]) -> Iterator[None]:
    """Note faults, so that others can be looked for before the request is refused."""
    try:
        yield
    except RequestInvalid as error:
        faults += error.faults


def refuse(faults: Sequence[Fault]) -> None:
    """Refuse a request that has any.

    Raises:
        RequestInvalid: it has.
    """
    if faults:
        raise RequestInvalid.of(faults)


def validated(model: type[Model], values: Any, place: Place) -> Model:
    """The model made of some values.

    Raises:
        RequestInvalid: they do not fit it.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = [_fault(one, place) for one in error.errors(include_url=False)]
        raise RequestInvalid.of(faults) from None


def missing(place: Place) -> Fault:
    """Something that was not sent."""
    return {"type": "missing", "loc": [*place], "msg": "Field required", "input": None}


def wrong_value(place: Place, message: str) -> Fault:
    """Something that was sent and cannot be used, of which nothing is repeated."""
    return {"type": "value_error", "loc": [*place], "msg": message, "input": None}


def _fault(error: ErrorDetails, place: Place) -> Fault:
    loc, context = [*place, *error["loc"]], error.get("ctx", {})
    if error["type"] in _RANGES:
        (bound,), sent = context.values(), error["input"]
        return {
            "type": "value_error",
            "loc": loc,
            "msg": f"Input should be {_RANGES[error['type']]} {bound}",
            # A form has texts, the document's sample a number.
            "input": type(bound)(sent) if isinstance(sent, str) else sent,
        }
    told: Mapping[str, Any] = {"ctx": _plain(context)} if context else {}
    return {
        "type": error["type"],
        "loc": loc,
        "msg": error["msg"],
        "input": _shown(error["input"]),
        **told,
    }


def _plain(context: Mapping[str, Any]) -> dict[str, Any]:
    """Exceptions among the context as FastAPI writes them."""
    return {name: {} if isinstance(one, Exception) else one for name, one in context.items()}


def _shown(value: Any) -> Any:
    """What was sent, unless that is long."""
    if isinstance(value, str):
        return value[:MOST_SHOWN_BYTES]
    return value if len(orjson.dumps(value)) <= MOST_SHOWN_BYTES else None
