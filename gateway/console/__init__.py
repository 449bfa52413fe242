"""The documents and Swagger UI, all from files of the package."""

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from gateway import spec
from gateway.errors import UnknownPath

_STATIC = Path(__file__).parent / "static"
# Swagger UI draws its icons from data: URLs and sets styles on elements.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

# None of these is a coroutine: Starlette runs them in a thread, for the first YAML takes a second.


def swagger(request: Request) -> Response:
    """Swagger UI; its documents and scripts are addressed relative to it."""
    return FileResponse(_STATIC / "swagger.html", headers={"Content-Security-Policy": _POLICY})


def whole_yaml(request: Request) -> Response:
    """The one document, for SDK generators: with absolute addresses."""
    settings = request.state.settings
    text = spec.as_yaml(settings.base_url, settings.realm)
    return Response(text, media_type="application/yaml")


def whole_json(request: Request) -> Response:
    """The same as JSON."""
    settings = request.state.settings
    return _json(_whole_json(settings.base_url, settings.realm))


def part(request: Request) -> Response:
    """One dialect's part, for Swagger UI: it asks the host that it was loaded from."""
    name = request.path_params["name"]
    if name not in spec.PARTS:
        raise UnknownPath(f"There is no document of this name; there are {', '.join(spec.PARTS)}.")
    settings = request.state.settings
    return _json(_part_json(name, urlsplit(settings.base_url).path, settings.realm))


def index(request: Request) -> Response:
    """People who open the bare address want to try the service."""
    return RedirectResponse("swagger?urls.primaryName=Core")


@cache
def _whole_json(base_url: str, realm: str) -> bytes:
    return orjson.dumps(spec.document(base_url, realm))


@cache
def _part_json(name: str, prefix: str, realm: str) -> bytes:
    return orjson.dumps(spec.part(name, prefix, realm))


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


ROUTES: list[BaseRoute] = [
    Route("/", index),
    Route("/swagger", swagger),
    Route("/openapi.yaml", whole_yaml),
    Route("/openapi.json", whole_json),
    Route("/openapi/{name}.json", part),
    Mount("/console", StaticFiles(directory=_STATIC)),
]
