"""JSON as JavaScript writes it: rules with known answers, and Node itself."""

import json
import math
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.tasks.javascript_json import javascript_json
from tests.needs import need

STRINGIFY = """
const lines = require("readline").createInterface({ input: process.stdin });
lines.on("line", (line) => console.log(JSON.stringify(JSON.parse(line))));
"""

# Any double, and those near the borders where the notation changes.
NUMBERS = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(-1e-5, 1e-5)
    | st.floats(1e20, 1e22)
    | st.integers(-(2**70), 2**70)
    | st.decimals(0, 1, places=6).map(float)
    | st.builds(lambda digits, power: float(f"{digits}e{power}"), st.integers(), st.integers(-9, 9))
)
# Halves of pairs included; `__proto__` and indices as keys.
TEXTS = st.text(st.characters(exclude_categories=[])) | st.sampled_from(["__proto__", "\ud83d"])
KEYS = TEXTS | st.integers(-5, 2**33).map(str) | st.sampled_from(["00", "4294967294", "4294967295"])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=9) | st.dictionaries(KEYS, inner, max_size=9),
    max_leaves=40,
)


@pytest.fixture(scope="module")
def stringify() -> Iterator[Callable[[bytes], bytes]]:
    """`JSON.stringify(JSON.parse(body))` in Node."""
    command = [need("node", "apt-get install nodejs"), "-e", STRINGIFY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        to_node, from_node = node.stdin, node.stdout

        def ask(body: bytes) -> bytes:
            to_node.write(body + b"\n")
            to_node.flush()
            return from_node.readline().removesuffix(b"\n")

        yield ask
        to_node.close()


@given(VALUES)
@settings(max_examples=1000)
def test_node_writes_what_it_reads_byte_for_byte(
    stringify: Callable[[bytes], bytes], value: Any
) -> None:
    body = javascript_json(value)
    assert stringify(body) == body


@given(NUMBERS)
@settings(max_examples=500)
def test_a_number_keeps_its_value(value: float) -> None:
    assert float(json.loads(javascript_json(value))) == float(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.0, "1"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e-05, "0.00001"),
        (1.5e-06, "0.0000015"),
        (1e-07, "1e-7"),
        (-2.5e-10, "-2.5e-10"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (2**53 + 1, "9007199254740992"),
        (10**21, "1e+21"),
        (True, "true"),
    ],
)
def test_numbers_look_as_in_javascript(value: float, written: str) -> None:
    assert javascript_json(value) == written.encode()


def test_nothing_stands_between_the_words_and_keys_keep_their_order() -> None:
    assert javascript_json({"b": [1, None], "a": {}}) == b'{"b":[1,null],"a":{}}'


def test_keys_that_are_indices_come_first() -> None:
    keys = ["b", "10", "9", "01", "4294967295"]
    assert list(json.loads(javascript_json(dict.fromkeys(keys)))) == [
        *("9", "10"),
        *("b", "01", "4294967295"),
    ]


def test_text_is_escaped_only_where_it_must_be() -> None:
    assert javascript_json('é\u2028"\n\x01') == "é\u2028".join(['"', '\\"\\n\\u0001"']).encode()
    assert javascript_json("\ud83d") == b'"\\ud83d"'
    assert javascript_json("\ud83d\ude00") == '"😀"'.encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="is not JSON"):
        javascript_json([value])


def test_an_integer_beyond_doubles_is_refused() -> None:
    with pytest.raises(OverflowError):
        javascript_json(10**400)


@pytest.mark.parametrize("value", [b"", {1: 2}, {None: 1}, {1, 2}])
def test_what_json_has_not_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        javascript_json(value)
