"""JSON that a caller wrote into a text: a list, or settings."""

import json
from typing import Any

from engines.core.errors import BadParameter, UnparsableParameter

MOST_JSON = 20_000


def read_json(name: str, text: str) -> Any:
    """What a parameter's JSON says.

    Raises:
        BadParameter: it is longer than is read.
        UnparsableParameter: it is none.
    """
    if len(text) > MOST_JSON:
        raise BadParameter(f"{name} has {len(text):,} characters; at most {MOST_JSON:,} are read.")
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise UnparsableParameter(
            f"{name} is no JSON: {error.msg} at character {error.pos + 1}."
        ) from None
    except (ValueError, RecursionError):
        raise UnparsableParameter(f"{name} is no JSON that can be read.") from None


def _no_number(text: str) -> None:
    raise ValueError(text)
