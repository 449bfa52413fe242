"""What the outermost layer does to every answer, and to errors that nothing inside answers."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router
from structlog.testing import capture_logs

from gateway.dialects.ltu.models import Failure
from gateway.edge import Edge
from gateway.errors import UploadTooLarge
from gateway.lifecycle import Lifecycle

pytestmark = pytest.mark.anyio


async def answer(request: Request) -> Response:
    """What the path asks for."""
    if request.url.path == "/fault":
        raise ZeroDivisionError("hush")
    if request.url.path == "/refusal":
        raise UploadTooLarge("The body is too large.")
    return Response("kept", headers={"Cache-Control": "max-age=60"})


PATHS = ("/fault", "/refusal", "/kept")


async def ask(path: str, method: str = "GET") -> httpx.Response:
    edge = Edge(Router([Route(one, answer) for one in PATHS]), Lifecycle())
    transport = httpx.ASGITransport(edge)
    async with httpx.AsyncClient(transport=transport, base_url="http://pixelgate.test") as client:
        return await client.request(method, path)


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/fault", 500, "fault"),
        ("GET", "/refusal", 413, "upload_too_large"),
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/kept", 405, "method_not_allowed"),
    ],
)
async def test_every_error_has_the_native_form(
    method: str, path: str, status: int, word: str
) -> None:
    answered = await ask(path, method)
    body = answered.json()
    assert set(body) == set(Failure.model_fields)
    assert (answered.status_code, body["code"], body["error"]) == (status, status, word)
    assert body["request_id"] == answered.headers["X-Request-ID"]


async def test_a_fault_is_logged_once_and_not_told() -> None:
    with capture_logs() as lines:
        answered = await ask("/fault")
    assert "hush" not in answered.text
    faults = [line for line in lines if line["event"] == "fault"]
    assert [line["request_id"] for line in faults] == [answered.headers["X-Request-ID"]]


async def test_an_answer_is_not_stored_unless_it_says_so_itself() -> None:
    assert (await ask("/kept")).headers["Cache-Control"] == "max-age=60"
    assert (await ask("/nowhere")).headers["Cache-Control"] == "no-store"


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    assert (await ask("/kept", "POST")).headers["Allow"] == "GET, HEAD"
