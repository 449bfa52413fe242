"""The query: names in both spellings, and what is wrong with a value."""

from typing import Self, TypeVar

from pydantic import BaseModel, ValidationError
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
    """What the query says; of two spellings the one with hyphens, and an empty value is none.

    Raises:
        ParameterRefused: a value is unknown, or out of its range.
        UnparsableParameter: it is no JSON where it should be.
    """
    sent = {name: value for name, value in query.items() if value}
    told = {name: value for name, value in sent.items() if "-" not in name}
    told |= {name.replace("-", "_"): value for name, value in sent.items() if "-" in name}
    if _METHOD in told:
        told.setdefault("method", told[_METHOD])
    try:
        return model.model_validate(told)
    except ValidationError as error:
        raise ParameterRefused.of(error) from None
