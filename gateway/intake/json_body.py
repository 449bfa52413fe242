"""A request's body as JSON: of a bounded size and depth, and with finite numbers alone."""

from typing import Any

import orjson
from starlette.requests import Request

from engines.core.shapes import shown
from gateway.errors import UnreadableJson, UnsupportedBody
from gateway.intake.bodies import read_body

MOST_JSON_BYTES = 64 * 1024
MOST_DEPTH = 20


async def read_json_body(request: Request[Any], *, max_bytes: int = MOST_JSON_BYTES) -> Any:
    """What the body says; None if there is none.

    Raises:
        UploadTooLarge: it is longer than `max_bytes`.
        UnsupportedBody: its content type is not JSON's.
        UnreadableJson: it is no JSON, or JSON in more levels than are read.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_body(request, max_bytes=max_bytes)
    if not body:
        return None
    if kind != "application/json":
        raise UnsupportedBody(
            f"The body's content type is {shown(kind) if kind else 'missing'}; expected "
            "application/json."
        )
    return parse_json(body)


def parse_json(text: bytes | str) -> Any:
    """What JSON says; numbers that a double cannot hold, NaN and Infinity are none.

    Raises:
        UnreadableJson: it is no JSON, or JSON in more levels than are read.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableJson(
            f"The JSON cannot be read: {error.msg}.", reason=error.msg, position=error.pos
        ) from None
    if _depth(value) > MOST_DEPTH:
        reason = f"more than {MOST_DEPTH} levels"
        raise UnreadableJson(f"The JSON cannot be read: it has {reason}.", reason=reason)
    return value


def _depth(value: Any) -> int:
    """Levels of lists and objects, counted no further than one beyond what is allowed."""
    depth, level = 0, [value]
    while depth <= MOST_DEPTH:
        nested = [one for one in level if isinstance(one, list | dict)]
        if not nested:
            break
        depth += 1
        level = [
            one for each in nested for one in (each if isinstance(each, list) else each.values())
        ]
    return depth
