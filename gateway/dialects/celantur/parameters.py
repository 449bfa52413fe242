"""The query: names in both spellings, and what is wrong with a value."""

from typing import Self, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from starlette.datastructures import QueryParams

from engines.core.shapes import shown
from gateway.errors import GatewayError

Model = TypeVar("Model", bound=BaseModel)
SECRETS = ("web_auth_header_value",)
_METHOD = "anonymization_method"


class ParameterRefused(GatewayError):
    """A parameter of the query has a value that is not taken."""

    @classmethod
    def of(cls, error: ValidationError) -> Self:
        """The refusal that tells of the first fault."""
        fault = error.errors(include_url=False)[0]
        name, *place = (str(one) for one in fault["loc"])
        is_told = isinstance(fault["input"], str) and name not in SECRETS
        sent = f" {shown(fault['input'])}" if is_told else ""
        where = f" at {'.'.join(place)}" if place else ""
        message = fault["msg"].removeprefix("Value error, ")
        expected = message[:1].lower() + message[1:]
        return cls(f"{name} parameter received an unexpected value{sent}{where}: {expected}.")


def read_query(query: QueryParams, model: type[Model]) -> Model:
    """What the query says; of two spellings the one with hyphens, and an empty text is none.

    Raises:
        ParameterRefused: a value is unknown, or out of its range.
        UnparsableParameter: it is no JSON where it should be.
    """
    told = {name: value for name, value in query.items() if "-" not in name}
    told |= {name.replace("-", "_"): value for name, value in query.items() if "-" in name}
    if _METHOD in told:
        told.setdefault("method", told[_METHOD])
    fields = model.model_fields
    empty = {name for name, value in told.items() if not value and _is_text(fields.get(name))}
    try:
        return model.model_validate({name: told[name] for name in told.keys() - empty})
    except ValidationError as error:
        raise ParameterRefused.of(error) from None


def _is_text(field: FieldInfo | None) -> bool:
    """Whether a value is no number and no truth."""
    kinds = [] if field is None else [field.annotation]
    for kind in kinds:
        kinds += get_args(kind)
    return not {bool, int, float}.intersection(one for one in kinds if isinstance(one, type))
