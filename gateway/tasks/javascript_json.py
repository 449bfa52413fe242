"""JSON exactly as JavaScript writes it.

A receiver in Node verifies a signature over `JSON.stringify(JSON.parse(body))`, which must be
the body: orjson prints 1.0 and 1e-05 where JavaScript prints 1 and 0.00001.
"""

import json
import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

MOST_EXACT_INTEGER = 2**53
MOST_INDEX = 2**32 - 2

_word = json.JSONEncoder(ensure_ascii=False).encode


def javascript_json(value: Any) -> bytes:
    """What `JSON.stringify` makes of a value (ECMA-262 §25.5.2), numbers being doubles.

    Keys that are array indices come first, in ascending order, whatever their place.

    Raises:
        ValueError: a number is not finite.
        OverflowError: it is an integer too large for a double.
        TypeError: something is not JSON, or a key is no text.
    """
    # Halves of a pair that lie side by side become one character, others stay escapes.
    utf16 = _text(value).encode("utf-16-le", "surrogatepass")
    return utf16.decode("utf-16-le", "surrogatepass").encode("utf-8", "backslashreplace")


def _text(value: Any) -> str:
    match value:
        case None | bool() | str():
            return _word(value)
        case int() if abs(value) <= MOST_EXACT_INTEGER:
            return str(int(value))
        case int() | float():
            return _number(float(value))
        case dict():
            members = (f"{_key(key)}:{_text(value[key])}" for key in _in_order(value))
            return "{" + ",".join(members) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_text, value)) + "]"
    raise TypeError(f"{type(value).__name__} is not JSON.")


def _number(value: float) -> str:
    """ECMA-262 §6.1.6.1.20: Python's shortest digits, with the point where JavaScript puts it."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is not JSON.")
    digits = float.__repr__(value)
    if value == 0:
        return "0"  # so is -0
    if "e" not in digits:
        return digits.removesuffix(".0")
    return f"{Decimal(digits):f}" if 1e-6 <= abs(value) < 1e21 else digits.replace("e-0", "e-")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"A key is {type(key).__name__}; expected a text.")
    return _word(key)


def _in_order(keys: Iterable[Any]) -> list[Any]:
    """ECMA-262 §10.1.11.1."""
    return sorted(keys, key=lambda key: int(key) if _is_index(key) else math.inf)


def _is_index(key: Any) -> bool:
    is_number = isinstance(key, str) and key.isascii() and key.isdecimal() and len(key) <= 10
    return is_number and str(int(key)) == key and int(key) <= MOST_INDEX
