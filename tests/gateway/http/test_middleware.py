"""What the outermost layer does to every answer, and to errors that nothing inside answers."""

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route, Router
from structlog.testing import capture_logs

from engines.process.wire_format import Fault
from gateway.dialects.failure import Failure
from gateway.errors import UploadTooLarge
from gateway.http.lifecycle import Lifecycle
from gateway.http.logs import describe
from gateway.http.middleware import RequestMiddleware
from gateway.metrics import Metrics
from gateway.pool.pending_job import work_failed
from gateway.tracing import Tracing
from gateway.write_behind import WriteBehind
from tests.gateway.native import NATIVE

pytestmark = pytest.mark.anyio


async def answer(request: Request) -> Response:
    """What the path asks for."""
    if request.url.path == "/fault":
        raise ZeroDivisionError("hush")
    if request.url.path == "/refusal":
        raise UploadTooLarge("The body is too large.")
    if request.url.path == "/failure":
        raise work_failed(Fault("edges.py:63 in edges\nZeroDivisionError"))
    return Response("kept", headers={"Cache-Control": "max-age=60"})


PATHS = ("/fault", "/refusal", "/failure", "/kept", "/kept/{name}", "/health/live")


PAGE = "https://app.example"


async def ask(path: str, method: str = "GET") -> httpx.Response:
    """Ask from a page that may read the answer."""
    routes = [*(Route(one, answer) for one in PATHS), Mount("/files", Response("a file"))]
    middleware = RequestMiddleware(
        Router(routes), Lifecycle(), NATIVE, Metrics(), Tracing(), WriteBehind(), [PAGE]
    )
    transport = httpx.ASGITransport(middleware)
    async with httpx.AsyncClient(transport=transport, base_url="http://pixelgate.test") as client:
        return await client.request(method, path, headers={"Origin": PAGE})


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "/fault", 500, "fault"),
        ("GET", "/refusal", 413, "upload_too_large"),
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/kept/%00", 404, "not_found"),
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


async def test_the_other_process_s_traceback_is_logged_and_not_told() -> None:
    with capture_logs() as lines:
        answered = await ask("/failure")
    assert (answered.status_code, answered.json()["error"]) == (500, "fault")
    assert "edges.py" not in answered.text
    (fault,) = (line for line in lines if line["event"] == "fault")
    assert describe(fault["exc_info"]).endswith("edges.py:63 in edges\nZeroDivisionError")


@pytest.mark.parametrize(
    ("method", "path", "logged"),
    [
        ("GET", "/kept", "/kept"),
        ("POST", "/kept", "/kept"),
        ("GET", "/kept/hush", "/kept/{name}"),
        ("GET", "/files/hush", "/files"),
        ("GET", "/kept/http://10.0.0.5/hush.jpg", "unknown"),
        ("GET", "/hush", "unknown"),
    ],
)
async def test_a_path_is_logged_as_it_is_declared(method: str, path: str, logged: str) -> None:
    with capture_logs() as lines:
        await ask(path, method)
    assert [line["path"] for line in lines] == [logged]


@pytest.mark.parametrize(
    ("path", "error"),
    [("/refusal", "upload_too_large"), ("/nowhere", "not_found"), ("/kept", None)],
)
async def test_the_log_says_why_a_request_was_refused(path: str, error: str | None) -> None:
    with capture_logs() as lines:
        await ask(path)
    assert [line.get("error") for line in lines] == [error]


async def test_the_log_says_who_asked_and_how_much_was_answered() -> None:
    with capture_logs() as lines:
        await ask("/kept")
    (line,) = lines
    assert (line["client"], line["dialect"], line["bytes"]) == ("127.0.0.1", "gateway", len("kept"))


@pytest.mark.parametrize(("path", "level"), [("/health/live", "debug"), ("/kept", "info")])
async def test_what_load_balancers_ask_is_logged_for_debugging_alone(path: str, level: str) -> None:
    with capture_logs() as lines:
        await ask(path)
    assert [line["log_level"] for line in lines] == [level]


async def test_an_answer_is_not_stored_unless_it_says_so_itself() -> None:
    assert (await ask("/kept")).headers["Cache-Control"] == "max-age=60"
    assert (await ask("/nowhere")).headers["Cache-Control"] == "no-store"


async def test_a_wrong_method_is_told_the_right_ones() -> None:
    assert (await ask("/kept", "POST")).headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["/kept", "/fault", "/nowhere"])
async def test_a_page_that_is_named_may_read_every_answer(path: str) -> None:
    assert (await ask(path)).headers["Access-Control-Allow-Origin"] == PAGE
