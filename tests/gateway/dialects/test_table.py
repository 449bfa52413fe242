"""Whose form an error takes, and which path may be meant."""

from dataclasses import replace

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from engines.core.registry import catalogue
from gateway.dialects.dialect import Dialect
from gateway.dialects.ltu.routes import DIALECT
from gateway.dialects.table import DialectTable
from gateway.flow import Call, Endpoint, Handle
from gateway.limits.memory_budget import MemoryBudget
from gateway.settings import Settings


async def pong(call: Call) -> Response:
    return Response("pong")


def speaking(name: str, path: str) -> Dialect:
    """A dialect with one path."""
    ping = Endpoint(path=path, methods=("GET",), handle=pong, known_by=None)
    return replace(DIALECT, name=name, prefixes=("/analyze_",), endpoints=lambda: [ping])


TABLE = DialectTable([DIALECT, speaking("other", "/ping")])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/ping", "other"),
        ("/pingpong", "ltu"),
        ("/analyze_nothing", "other"),
        ("/v2/services/image/edges", "ltu"),
        ("/v2/services/image/nothing", "ltu"),
        ("", "ltu"),
    ],
)
def test_a_path_belongs_to_who_declares_it_and_else_goes_by_prefix(path: str, name: str) -> None:
    assert TABLE.of(path).name == name


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/v2/services/image/heatmap", "/v2/services/image/heatMap"),
        ("/V2/services/image/edges/", "/v2/services/image/edges"),
        ("/v2/services/image/edge", ""),
        ("/", ""),
    ],
)
def test_a_path_that_differs_in_case_or_a_slash_is_recognised(path: str, meant: str) -> None:
    assert TABLE.nearly(path) == meant


@pytest.mark.anyio
async def test_of_endpoints_with_one_path_the_first_that_knows_the_method_answers() -> None:
    async def late(call: Call) -> Response:
        return Response("late")

    def endpoint(handle: Handle, *methods: str) -> Endpoint:
        return Endpoint(path="/ping", methods=methods, handle=handle, known_by=None)

    both = [endpoint(pong, "GET"), endpoint(late, "GET", "PUT")]
    (route,) = replace(DIALECT, endpoints=lambda: both).routes()
    state = {"budget": MemoryBudget(9), "settings": Settings()}

    async def within(scope: Scope, receive: Receive, send: Send) -> None:
        await route.app({**scope, "state": state}, receive, send)

    transport = httpx.ASGITransport(within)
    async with httpx.AsyncClient(transport=transport, base_url="http://pixelgate.test") as client:
        assert (await client.get("/ping")).text == "pong"
        assert (await client.put("/ping")).text == "late"


def test_scopes_are_those_of_all_endpoints() -> None:
    weigh = Endpoint(path="/weigh", methods=("GET",), handle=pong, known_by=None, scope="scales")
    weighing = replace(DIALECT, name="weighing", endpoints=lambda: [weigh])
    assert DialectTable([TABLE.dialects[1], weighing]).scopes() == {"scales"}
    services = {engine.service for engine in catalogue().values()}
    assert DialectTable([DIALECT]).scopes() == services
