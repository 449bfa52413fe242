"""The documents and Swagger UI, all from files of the package."""

from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import orjson
from anyio import from_thread
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from gateway.errors import UnknownPath
from gateway.openapi import spec
from gateway.openapi.spec import Site

_STATIC = Path(__file__).parent / "static"

# None of these is a coroutine: Starlette runs them in a thread, for the first YAML takes a second.


def swagger(request: Request) -> Response:
    """Swagger UI; its documents and scripts are addressed relative to it."""
    policy = _policy(_site(request))
    return FileResponse(_STATIC / "swagger.html", headers={"Content-Security-Policy": policy})


def whole_yaml(request: Request) -> Response:
    """The one document, for SDK generators: with absolute addresses."""
    return Response(spec.as_yaml(_site(request)), media_type="application/yaml")


def whole_json(request: Request) -> Response:
    """The same as JSON."""
    return _json(_whole_json(_site(request)))


def part(request: Request) -> Response:
    """One dialect's part, for Swagger UI: it asks the host that it was loaded from."""
    name = request.path_params["name"]
    if name not in spec.PARTS:
        raise UnknownPath(f"There is no document of this name; there are {', '.join(spec.PARTS)}.")
    return _json(_part_json(name, _site(request)))


def index(request: Request) -> Response:
    """People who open the bare address want to try the service."""
    return RedirectResponse("swagger?urls.primaryName=Core")


def _site(request: Request) -> Site:
    settings = request.state.settings
    outside = from_thread.run(request.state.token_url) if settings.issuer else ""
    return Site(settings.base_url, settings.realm, outside)


def _policy(site: Site) -> str:
    """Swagger UI draws icons from data: URLs, sets styles on elements, and asks for tokens."""
    scheme, host = urlsplit(site.outside_token_url)[:2]
    return (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:; connect-src 'self'{f' {scheme}://{host}' if host else ''}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def _whole_json(site: Site) -> bytes:
    return orjson.dumps(spec.document(site))


@cache
def _part_json(name: str, site: Site) -> bytes:
    return orjson.dumps(spec.part(name, site))


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
