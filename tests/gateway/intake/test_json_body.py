"""What of a JSON body is read, and what is refused."""

import pytest

from gateway.errors import UnreadableJson, UnsupportedBody, UploadTooLarge
from gateway.intake.json_body import MOST_DEPTH, parse_json, read_json_body
from tests.gateway.requests import request

JSON = "application/json"

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("content_type", [JSON, "Application/JSON; charset=utf-8"])
async def test_a_body_is_read_as_its_content_type_says(content_type: str) -> None:
    body = '{"url": "https://ö.example"}'.encode()
    assert await read_json_body(request(body, content_type=content_type)) == {
        "url": "https://ö.example"
    }


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded"])
async def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedBody, match="expected application/json"):
        await read_json_body(request(b"{}", content_type=content_type))


async def test_no_body_says_nothing() -> None:
    assert await read_json_body(request(b"", content_type="")) is None


async def test_a_longer_body_than_is_read_is_refused() -> None:
    sent = request([b"[1,", b"2,", b"3]"], content_type=JSON, announces_length=False)
    with pytest.raises(UploadTooLarge, match="larger than 6 bytes"):
        await read_json_body(sent, max_bytes=6)


@pytest.mark.parametrize(
    ("text", "position"),
    [('{"a": }', 6), ('{"a": NaN}', 6), ("[1, Infinity]", 4), ('{"a": 1', 7), ("[1e999]", 1)],
)
def test_what_is_no_json_is_refused_with_its_place(text: str, position: int) -> None:
    with pytest.raises(UnreadableJson) as refused:
        parse_json(text)
    assert refused.value.position == position
    assert refused.value.reason in refused.value.message


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded(before: str, after: str) -> None:
    deepest = before * MOST_DEPTH + "1" + after * MOST_DEPTH
    assert parse_json(deepest)
    with pytest.raises(UnreadableJson, match="more than 20 levels"):
        parse_json(f"[1, {deepest}]")
    with pytest.raises(UnreadableJson):
        parse_json(before * 30_000)
