"""Whose form an error takes, and which path may be meant."""

from dataclasses import replace

import pytest
from starlette.responses import Response

from gateway.dialects.dialect import Dialect
from gateway.dialects.ltu.routes import DIALECT
from gateway.dialects.table import DialectTable
from gateway.flow import Call, Endpoint


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
