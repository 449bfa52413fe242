"""JSON that a request has: its whole body, or the text of a field."""

from typing import Any

from gateway.dialects.aerovision.faults import Fault, Place, RequestInvalid, missing, wrong_value
from gateway.errors import UnreadableJson
from gateway.flow import Call
from gateway.intake.json_body import MOST_JSON_BYTES, parse_json, read_json_body


async def read_object(call: Call) -> dict[str, Any]:
    """The object that is the body.

    Raises:
        RequestInvalid: there is no body, or it is something else.
        UploadTooLarge, UnsupportedBody: see `read_json_body`.
    """
    try:
        value = await read_json_body(call.request)
    except UnreadableJson as error:
        raise RequestInvalid.of([_no_json(error, ("body", error.position))]) from None
    if value is None:
        raise RequestInvalid.of([missing(("body",))])
    if not isinstance(value, dict):
        raise RequestInvalid.of([_no_object(value)])
    return value


def read_text(text: str, place: Place) -> Any:
    """What a field's text says.

    Raises:
        RequestInvalid: it is no JSON, or longer than is read.
    """
    if len(text) > MOST_JSON_BYTES:
        message = f"The JSON has {len(text):,} characters; at most {MOST_JSON_BYTES:,} are read"
        raise RequestInvalid.of([wrong_value(place, f"Value error, {message}")])
    try:
        return parse_json(text)
    except UnreadableJson as error:
        raise RequestInvalid.of([_no_json(error, place)]) from None


def _no_json(error: UnreadableJson, place: Place) -> Fault:
    return {
        "type": "json_invalid",
        "loc": [*place],
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": error.reason},
    }


def _no_object(value: Any) -> Fault:
    return {
        "type": "model_attributes_type",
        "loc": ["body"],
        "msg": "Input should be a valid dictionary or object to extract fields from",
        "input": value if isinstance(value, int | float | str) else None,
    }
