"""Pages of other origins: those named may ask, and no other."""

import httpx
import pytest
from starlette.responses import JSONResponse

from gateway.http.cors import for_browsers

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = "https://app.example", "https://other.example"


async def ask(method: str, origin: str, *origins: str) -> httpx.Response:
    """Ask a service that refuses everybody."""
    app = for_browsers(JSONResponse({}, 401, headers={"Retry-After": "1"}), origins)
    fields = {"Origin": origin}
    if method == "OPTIONS":
        fields["Access-Control-Request-Method"] = "POST"
        fields["Access-Control-Request-Headers"] = "authorization"
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pixelgate.test") as client:
        return await client.request(method, "/", headers=fields)


async def test_a_page_that_is_named_may_send_a_token() -> None:
    answer = await ask("OPTIONS", HERE, HERE)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == HERE
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization"
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_page_that_is_named_may_read_a_refusal_too() -> None:
    answer = await ask("POST", HERE, HERE)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, HERE)
    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Retry-After", "ETag", "Cache-Status"} <= {*exposed}


async def test_another_page_may_neither_ask_nor_read() -> None:
    assert (await ask("OPTIONS", ELSEWHERE, HERE)).status_code == 400
    assert "Access-Control-Allow-Origin" not in (await ask("POST", ELSEWHERE, HERE)).headers


async def test_where_no_page_is_named_nothing_is_said() -> None:
    answer = await ask("POST", HERE)
    assert not [name for name in answer.headers if name.startswith("access-control")]
